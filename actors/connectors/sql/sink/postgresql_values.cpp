#include "actors/connectors/sql/sink/postgresql_values.hpp"

#include "actors/connectors/sql/sink/column_rules.hpp"
#include "actors/connectors/sql/sink/values.hpp"
#include "runtime/data/render.hpp"

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

/// Appends numbers, booleans and timestamps: nothing in them is ever escaped.
void append_scalar(std::string& out, const data::column& c, std::size_t row, const table_column& into) {
  if (c.type().id() == data::type_id::timestamp && !keeps_texts(into.holds)) {
    append_datetime(out, c.ints()[row]);
    out += "+00";
  } else if (c.type().id() == data::type_id::boolean && into.holds == family::integer) {
    out += c.boolean_at(row) ? '1' : '0';
  } else {
    data::append_text_value(out, c, row);
  }
}

}  // namespace

std::optional<std::string> append_plain(std::string& out, const data::column& c, std::size_t row,
                                        const table_column& into) {
  if (auto why = unfit_value(c, row, into))
    return why;
  if (c.type().is_bytes())
    out += c.text_at(row);
  else
    append_scalar(out, c, row, into);
  return std::nullopt;
}

std::optional<std::string> append_copy_field(std::string& out, const data::column& c, std::size_t row,
                                             const table_column& into) {
  if (auto why = unfit_value(c, row, into))
    return why;
  if (c.type().is_bytes())
    append_escaped(out, c.text_at(row));
  else if (c.type().is_nested())
    append_escaped(out, text_value(c, row));
  else
    append_scalar(out, c, row, into);
  return std::nullopt;
}

}  // namespace millrace::sink::sql
