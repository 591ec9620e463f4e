// Tells whether a sanitizer is in this build. Clang says it by features, GCC by macros.
#pragma once

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define MILLRACE_SANITIZES_ADDRESSES
#elif __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
#define MILLRACE_SANITIZES_OTHERS
#endif
#elif defined(__SANITIZE_ADDRESS__)
#define MILLRACE_SANITIZES_ADDRESSES
#elif defined(__SANITIZE_THREAD__)
#define MILLRACE_SANITIZES_OTHERS
#endif

/// It has a malloc and a handler of terminations of its own.
#if defined(MILLRACE_SANITIZES_ADDRESSES) || defined(MILLRACE_SANITIZES_OTHERS)
#define MILLRACE_IS_SANITIZED
#endif

namespace millrace {

/// It looks for faults of memory, and takes several times as much.
#ifdef MILLRACE_SANITIZES_ADDRESSES
inline constexpr bool with_address_sanitizer = true;
#else
inline constexpr bool with_address_sanitizer = false;
#endif

}  // namespace millrace
