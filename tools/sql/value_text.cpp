#include "tools/sql/value_text.hpp"

#include "runtime/base/time.hpp"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <iterator>
#include <limits>

namespace millrace::duckdb {
namespace {

constexpr std::int64_t micros_a_second = 1'000'000;

/// `value` as a fraction of `of`, without the zeros at its end; nothing for 0.
void append_fraction(std::string& out, std::int64_t value, std::int64_t of) {
  if (value == 0)
    return;
  out += '.';
  for (of /= 10; value != 0; of /= 10) {
    out += static_cast<char>('0' + value / of);
    value %= of;
  }
}

void append_clock(std::string& out, std::int64_t seconds) {
  fmt::format_to(std::back_inserter(out), "{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60,
                 seconds % 60);
}

void append_unit(std::string& out, std::int64_t value, std::string_view unit) {
  if (value != 0)
    fmt::format_to(std::back_inserter(out), "{}{} {}{}", out.empty() ? "" : " ", value, unit,
                   value == 1 || value == -1 ? "" : "s");
}

}  // namespace

void append_int128(std::string& out, duckdb_int128 value, bool is_signed, unsigned scale) {
  const bool negative = is_signed && (value.upper >> 63) != 0;
  auto number = (static_cast<unsigned __int128>(value.upper) << 64) | value.lower;
  if (negative)
    number = -number;
  std::string digits;  // the last first
  do {
    digits += static_cast<char>('0' + static_cast<int>(number % 10));
    number /= 10;
  } while (number != 0);
  while (digits.size() <= scale)
    digits += '0';
  out += negative ? "-" : "";
  for (auto i = digits.size(); i-- > 0;) {
    out += digits[i];
    if (scale != 0 && i == scale)
      out += '.';
  }
}

duckdb_int128 widened(std::int64_t value) {
  return {static_cast<std::uint64_t>(value), value < 0 ? ~std::uint64_t{0} : 0};
}

double shortest_double(float value) {
  if (!std::isfinite(value))
    return value;
  char text[64];
  const auto end = std::to_chars(text, text + sizeof text, value).ptr;
  double out = value;
  std::from_chars(text, end, out);
  return out;
}

void append_duckdb_date(std::string& out, std::int32_t days) {
  if (days == std::numeric_limits<std::int32_t>::max() || days == -std::numeric_limits<std::int32_t>::max()) {
    out += days > 0 ? "infinity" : "-infinity";
    return;
  }
  constexpr std::int64_t day = 86'400 * micros_a_second;
  if (days > std::numeric_limits<std::int64_t>::max() / day ||
      days < std::numeric_limits<std::int64_t>::min() / day) {
    out += fmt::format("1970-01-01 {:+} days", days);  // years that microseconds do not reach
    return;
  }
  const auto text = format_timestamp(days * day);
  out += text.substr(0, text.find('T'));
}

void append_time(std::string& out, std::int64_t micros) {
  append_clock(out, micros / micros_a_second);
  append_fraction(out, micros % micros_a_second, micros_a_second);
}

void append_moment(std::string& out, std::int64_t parts, std::int64_t per_second, std::string_view zone) {
  if (parts == std::numeric_limits<std::int64_t>::max() ||
      parts == -std::numeric_limits<std::int64_t>::max()) {
    out += parts > 0 ? "infinity" : "-infinity";
    return;
  }
  auto seconds = parts / per_second;
  auto rest = parts % per_second;
  if (rest < 0) {
    rest += per_second;
    --seconds;
  }
  if (seconds > std::numeric_limits<std::int64_t>::max() / micros_a_second ||
      seconds < std::numeric_limits<std::int64_t>::min() / micros_a_second) {
    out += fmt::format("1970-01-01T00:00:00 {:+} seconds", seconds);
    return;
  }
  auto text = format_timestamp(seconds * micros_a_second);
  text.pop_back();  // Z
  out += text;
  append_fraction(out, rest, per_second);
  out += zone;
}

void append_interval(std::string& out, const duckdb_interval& value) {
  std::string text;
  append_unit(text, value.months / 12, "year");
  append_unit(text, value.months % 12, "month");
  append_unit(text, value.days, "day");
  if (value.micros != 0 || text.empty()) {
    if (!text.empty())
      text += ' ';
    if (value.micros < 0)
      text += '-';
    // The least one has no counterpart above zero.
    const auto size = value.micros == std::numeric_limits<std::int64_t>::min()
                          ? std::numeric_limits<std::int64_t>::max()
                          : std::abs(value.micros);
    append_time(text, size);
  }
  out += text;
}

void append_uuid(std::string& out, duckdb_int128 value) {
  // Stored with its highest bit turned, so that they sort as numbers.
  const auto text = fmt::format("{:016x}{:016x}", value.upper ^ (std::uint64_t{1} << 63), value.lower);
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (i == 8 || i == 12 || i == 16 || i == 20)
      out += '-';
    out += text[i];
  }
}

void append_blob(std::string& out, std::string_view bytes) {
  for (const char c : bytes)
    if (c >= 0x20 && c < 0x7f && c != '\\' && c != '\'' && c != '"')
      out += c;
    else
      out += fmt::format("\\x{:02X}", static_cast<unsigned char>(c));
}

}  // namespace millrace::duckdb
