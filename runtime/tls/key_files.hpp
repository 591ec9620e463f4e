// Files that come into being whole, and keys that their owner alone may read.
#pragma once

#include "runtime/base/error.hpp"

#include <string>
#include <string_view>
#include <sys/types.h>

namespace millrace::tls {

inline constexpr mode_t key_mode = 0600;
inline constexpr mode_t certificate_mode = 0644;

/// Makes it and all folders above it, for their owner alone; what is there stays as it is.
[[nodiscard]] expected<void> make_folder(const std::string& dir);

/// Durable when it returns. ec::already_exists: something has that name, and `replaces` is false.
[[nodiscard]] expected<void> write_whole(const std::string& path, std::string_view bytes, mode_t mode,
                                         bool replaces);

/// ec::not_found: nothing is there. Links are not followed; a key that others may read is refused.
[[nodiscard]] expected<std::string> read_certificate_file(const std::string& path);
[[nodiscard]] expected<std::string> read_key_file(const std::string& path);

}  // namespace millrace::tls
