// The newest dead letters of a topology, as many as a person looks at: of the live screen and of `console -e dead-letters`.
// `millrace letters` prints all, page by page.
#pragma once

#include "runtime/base/error.hpp"
#include "tools/remote/asking.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace millrace::console {

inline constexpr std::size_t most_letters = 200;
/// No more pages are asked for after this many bytes of letters.
inline constexpr std::size_t most_letter_bytes = std::size_t{4} << 20U;

struct newest_letters {
  std::vector<std::string> all;  // JSON, the newest first
  bool has_more = false;
};

/// Asks page by page; blocks.
[[nodiscard]] expected<newest_letters> ask_newest_letters(const remote::ask_function& ask,
                                                          const std::string& topology);

/// "there are more; `millrace letters t` prints all, the oldest first"
[[nodiscard]] std::string more_letters(const std::string& topology);

}  // namespace millrace::console
