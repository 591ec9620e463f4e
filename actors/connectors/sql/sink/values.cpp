#include "actors/connectors/sql/sink/values.hpp"

#include "actors/connectors/sql/sink/column_rules.hpp"
#include "runtime/base/utf8_text.hpp"
#include "runtime/data/render.hpp"
#include "runtime/data/text_encoding.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>

namespace millrace::sink::sql {

std::string as_utf8(std::string_view text, bool drop_nul) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const auto n = text.front() == '\0' && drop_nul ? 0 : character_length(text);
    out += n == 0 ? std::string_view("\xEF\xBF\xBD") : text.substr(0, n);
    text.remove_prefix(std::max<std::size_t>(n, 1));
  }
  return out;
}

void append_bytes(std::string& out, std::string_view bytes) {
  out += "\\x";
  for (const char c : bytes)
    fmt::format_to(std::back_inserter(out), "{:02x}", static_cast<unsigned char>(c));
}

void append_datetime(std::string& out, event_micros t) {
  assert(is_timestamp(t) && "columns hold no others");
  const auto begin = out.size();
  append_timestamp(out, t);
  out[begin + 10] = ' ';  // replaces the T
  out.pop_back();         // the Z
}

std::optional<std::string> unfit_value(const data::column& c, std::size_t row, const table_column& into) {
  if (c.is_null(row))
    return into.fills_null
               ? std::optional(fmt::format(
                     "column {}: the database puts a value of its own in the place of null", into.name))
               : std::nullopt;
  if (c.type().is_bytes()) {
    const auto text = c.text_at(row);
    return data::is_utf8(text) ? change_of(text, into)
                               : std::optional(fmt::format("column {}: the text is not UTF-8", into.name));
  }
  if (c.type().id() == data::type_id::bigint)
    return change_of(c.ints()[row], into);
  if (c.type().id() == data::type_id::numeric)
    return change_of(c.decimals()[row], into);
  if (c.type().id() == data::type_id::timestamp && into.holds == family::timestamp &&
      into.fraction_digits < 6) {
    std::int64_t unit = 1;
    for (int i = into.fraction_digits; i < 6; ++i)
      unit *= 10;
    if (c.ints()[row] % unit != 0)
      return fmt::format("column {}: its type {} would round the timestamp {}", into.name, into.declared,
                         format_timestamp(c.ints()[row]));
  }
  return into.holds == family::cut ? change_of(text_value(c, row, into), into) : std::nullopt;
}

void append_digits(std::string& out, const data::column& c, std::size_t row, const table_column& into) {
  const auto& v = c.decimals()[row];
  // Values of numeric(p,s) have one scale, so that equal ones are spelt alike.
  const bool has_spellings = into.is_key && c.type().precision() == 0;
  append_decimal(out, has_spellings || into.holds == family::integer ? without_end_zeros(v) : v);
}

std::string text_value(const data::column& c, std::size_t row, const table_column& into) {
  std::string out;
  if (c.type().id() == data::type_id::numeric)
    append_digits(out, c, row, into);
  else
    data::append_text_value(out, c, row);
  return out;
}

refusal refuse(const data::batch& rows, std::size_t row, std::string_view why) {
  std::string record;
  data::append_json_row(record, rows, row);
  return {as_utf8(record, true), as_utf8(why, true)};
}

}  // namespace millrace::sink::sql
