// Numbers and booleans to and from text, as PostgreSQL reads and writes them.
#pragma once

#include "runtime/base/plain_number.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace millrace::expression {

enum class reading : std::uint8_t { ok, malformed, out_of_range };

[[nodiscard]] std::string_view without_outer_blanks(std::string_view s);
/// The same, at once for the many texts without any.
[[nodiscard]] inline std::string_view trim_blanks(std::string_view s) {
  const auto is_visible = [](char c) { return static_cast<unsigned char>(c) > ' '; };
  return !s.empty() && is_visible(s.front()) && is_visible(s.back()) ? s : without_outer_blanks(s);
}
[[nodiscard]] reading read_boolean(std::string_view s, bool& out);
[[nodiscard]] reading read_any_bigint(std::string_view s, std::int64_t& out);
/// Also NaN, Infinity, inf.
[[nodiscard]] reading read_any_double(std::string_view s, double& out);
/// The same, at once for plain ones.
[[nodiscard]] inline reading read_bigint(std::string_view s, std::int64_t& out) {
  return read_plain_integer(s, out) ? reading::ok : read_any_bigint(s, out);
}
[[nodiscard]] inline reading read_double(std::string_view s, double& out) {
  return read_plain_double(s, out) ? reading::ok : read_any_double(s, out);
}

/// Shortest, with an exponent below 1e-4 and from 1e15 on: 1e+15, 0.1, Infinity.
void write_double(std::string& out, double v);

/// The nearest decimal of |v| with so many places behind the point, none below 0. `v` is finite.
void write_fixed(std::string& out, double v, int places);

/// How many digits write_fixed() writes without places.
[[nodiscard]] int digits_before_point(double v);

}  // namespace millrace::expression
