#include "actors/sink/sql/postgresql_values.hpp"

#include "actors/sink/sql/column_rules.hpp"
#include "actors/sink/sql/values.hpp"
#include "runtime/data/render.hpp"

#include <fmt/format.h>

#include <array>

namespace millrace::sink::sql {
namespace {

constexpr auto escaped = [] {
  std::array<char, 256> out{};
  out['\t'] = 't';
  out['\n'] = 'n';
  out['\r'] = 'r';
  out['\\'] = '\\';
  return out;
}();

void append_escaped(std::string& out, std::string_view text) {
  std::size_t from = 0;
  for (std::size_t i = 0; i < text.size(); ++i)
    if (const char e = escaped[static_cast<unsigned char>(text[i])]; e != 0) {
      out.append(text, from, i - from);
      out += '\\';
      out += e;
      from = i + 1;
    }
  out.append(text, from);
}

std::optional<std::string> has_nul(std::string_view text, const table_column& into) {
  if (text.find('\0') == std::string_view::npos)
    return std::nullopt;
  return fmt::format("column {}: PostgreSQL stores no NUL character", into.name);
}

/// Appends numbers, booleans and timestamps: nothing in them is ever escaped.
std::optional<std::string> append_scalar(std::string& out, const data::column& c, std::size_t row,
                                         const table_column& into) {
  if (c.type().id() == data::type_id::timestamp && !keeps_texts(into.holds)) {
    if (!append_datetime(out, c.ints()[row]))
      return fmt::format("column {}: {} is outside the years 1 to 9999", into.name,
                         format_timestamp(c.ints()[row]));
    out += "+00";
  } else if (c.type().id() == data::type_id::boolean && into.holds == family::integer) {
    out += c.boolean_at(row) ? '1' : '0';
  } else {
    data::append_text_value(out, c, row);
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::string> append_plain(std::string& out, const data::column& c, std::size_t row,
                                        const table_column& into) {
  if (auto why = unfit_value(c, row, into))
    return why;
  if (!c.type().is_bytes())
    return append_scalar(out, c, row, into);
  if (auto why = has_nul(c.text_at(row), into))
    return why;
  out += c.text_at(row);
  return std::nullopt;
}

std::optional<std::string> append_copy_field(std::string& out, const data::column& c, std::size_t row,
                                             const table_column& into) {
  if (auto why = unfit_value(c, row, into))
    return why;
  if (c.type().is_bytes()) {
    if (auto why = has_nul(c.text_at(row), into))
      return why;
    append_escaped(out, c.text_at(row));
    return std::nullopt;
  }
  if (!c.type().is_nested())
    return append_scalar(out, c, row, into);
  append_escaped(out, text_value(c, row));
  return std::nullopt;
}

}  // namespace millrace::sink::sql
