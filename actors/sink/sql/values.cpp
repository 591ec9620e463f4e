#include "actors/sink/sql/values.hpp"

#include "runtime/data/render.hpp"

#include <fmt/format.h>

#include <cstring>

namespace millrace::sink::sql {
namespace {

/// Length of the well-formed sequence at the front (RFC 3629: no overlong forms, no surrogates), 0 for none.
std::size_t sequence_length(std::string_view s) {
  const auto byte = [&](std::size_t i) { return i < s.size() ? static_cast<unsigned char>(s[i]) : 0U; };
  const auto follows = [&](std::size_t i) { return (byte(i) & 0xC0) == 0x80; };
  const unsigned first = byte(0);
  if (first < 0x80)
    return 1;
  if (first >= 0xC2 && first <= 0xDF)
    return follows(1) ? 2 : 0;
  if (first >= 0xE0 && first <= 0xEF) {
    const unsigned least = first == 0xE0 ? 0xA0 : 0x80;
    const unsigned most = first == 0xED ? 0x9F : 0xBF;
    return byte(1) >= least && byte(1) <= most && follows(2) ? 3 : 0;
  }
  if (first >= 0xF0 && first <= 0xF4) {
    const unsigned least = first == 0xF0 ? 0x90 : 0x80;
    const unsigned most = first == 0xF4 ? 0x8F : 0xBF;
    return byte(1) >= least && byte(1) <= most && follows(2) && follows(3) ? 4 : 0;
  }
  return 0;
}

/// How many bytes at the front are ASCII, eight at a time.
std::size_t ascii_prefix(std::string_view s) {
  std::size_t i = 0;
  for (std::uint64_t word = 0; i + sizeof word <= s.size(); i += sizeof word) {
    std::memcpy(&word, s.data() + i, sizeof word);
    if ((word & 0x8080808080808080U) != 0)
      break;
  }
  while (i < s.size() && static_cast<unsigned char>(s[i]) < 0x80)
    ++i;
  return i;
}

}  // namespace

bool is_utf8(std::string_view text) {
  for (;;) {
    text.remove_prefix(ascii_prefix(text));
    if (text.empty())
      return true;
    const auto n = sequence_length(text);
    if (n == 0)
      return false;
    text.remove_prefix(n);
  }
}

std::string as_utf8(std::string_view text, bool drop_nul) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const auto n = text.front() == '\0' && drop_nul ? 0 : sequence_length(text);
    out += n == 0 ? std::string_view("\xEF\xBF\xBD") : text.substr(0, n);
    text.remove_prefix(std::max<std::size_t>(n, 1));
  }
  return out;
}

bool append_datetime(std::string& out, event_micros t) {
  constexpr event_micros year_1 = -62'135'596'800'000'000;
  constexpr event_micros year_10000 = 253'402'300'800'000'000;
  if (t < year_1 || t >= year_10000)
    return false;
  const auto begin = out.size();
  append_timestamp(out, t);
  out[begin + 10] = ' ';  // for the T
  out.pop_back();         // the Z
  return true;
}

std::optional<std::string> datetime_text(event_micros t) {
  std::string out;
  return append_datetime(out, t) ? std::optional(std::move(out)) : std::nullopt;
}

std::optional<std::string> unfit_value(const data::column& c, std::size_t row, const table_column& into) {
  if (c.is_null(row))
    return std::nullopt;
  if (c.type().is_bytes() && !is_utf8(c.text_at(row)))
    return fmt::format("column {}: the text is not UTF-8", into.name);
  if (c.type().id() == data::type_id::timestamp && into.holds == family::timestamp &&
      into.fraction_digits < 6) {
    std::int64_t unit = 1;
    for (int i = into.fraction_digits; i < 6; ++i)
      unit *= 10;
    if (c.ints()[row] % unit != 0)
      return fmt::format("column {}: its type {} would round the timestamp {}", into.name, into.declared,
                         format_timestamp(c.ints()[row]));
  }
  return std::nullopt;
}

std::string text_value(const data::column& c, std::size_t row) {
  std::string out;
  data::append_text_value(out, c, row);
  return out;
}

refusal refuse(const data::batch& rows, std::size_t row, std::string_view why) {
  std::string record;
  data::append_json_row(record, rows, row);
  return {as_utf8(record, true), as_utf8(why, true)};
}

}  // namespace millrace::sink::sql
