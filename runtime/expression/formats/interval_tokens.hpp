// An interval's text cut into numbers, clocks and words, as PostgreSQL cuts it. For interval_text.cpp.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace millrace::expression {

struct interval_token {
  enum class kind : std::uint8_t { number, clock, word } what;
  std::string text;  // words in small letters, numbers and clocks with their sign
};

/// False where the text is none of an interval; then `out` means nothing.
[[nodiscard]] bool cut_interval(std::string_view text, std::vector<interval_token>& out);

}  // namespace millrace::expression
