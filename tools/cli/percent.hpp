// A share as options have it: "0.5%". Pure.
#pragma once

#include <charconv>
#include <optional>
#include <string_view>
#include <system_error>

namespace millrace::cli {

/// 0 to 100; nothing where the text is none.
[[nodiscard]] inline std::optional<double> percent_of(std::string_view text) {
  double out = 0;
  const auto* const end = text.data() + text.size();
  const auto [at, failed] = std::from_chars(text.data(), end, out);
  if (failed != std::errc() || at + 1 != end || *at != '%' || !(out >= 0 && out <= 100))
    return std::nullopt;
  return out;
}

}  // namespace millrace::cli
