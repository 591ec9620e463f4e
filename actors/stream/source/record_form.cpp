#include "actors/stream/source/record_form.hpp"

#include "runtime/data/quoted.hpp"
#include "runtime/data/render.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace millrace::source {
namespace {

std::optional<std::size_t> json_key_length(std::string_view record, std::size_t members) {
  bool in_text = false;
  for (std::size_t i = 0; i < record.size(); ++i)
    if (in_text && record[i] == '\\')
      ++i;
    else if (record[i] == '"')
      in_text = !in_text;
    else if (!in_text && record[i] == ',' && --members == 0)
      return i;
  return std::nullopt;
}

/// Returns where the field that begins at `from` ends: at its delimiter, or the record's end.
std::size_t end_of_field(std::string_view record, std::size_t from, const data::csv_dialect& dialect) {
  auto behind = from;
  if (dialect.quote && from < record.size() && record[from] == *dialect.quote)
    behind = data::find_closing_quote(record, from + 1, *dialect.quote).at;
  return std::min(record.find(dialect.delimiter, std::min(behind, record.size())), record.size());
}

std::optional<std::size_t> csv_key_length(std::string_view record, std::size_t fields,
                                          const data::csv_dialect& dialect) {
  std::size_t at = 0;
  for (;; ++at) {
    at = end_of_field(record, at, dialect);
    if (at == record.size())
      return std::nullopt;
    if (--fields == 0)
      return at;
  }
}

}  // namespace

record_form form_of_json(std::string_view deleted, std::size_t keys) {
  std::string name;
  data::append_json_string(name, deleted);
  return {fmt::format(",{}:false", name), fmt::format(",{}:true", name),
          [keys](std::string_view record) { return json_key_length(record, keys); }};
}

record_form form_of_csv(const data::csv_dialect& dialect, std::size_t keys) {
  return {fmt::format("{}false", dialect.delimiter), fmt::format("{}true", dialect.delimiter),
          [keys, dialect](std::string_view record) { return csv_key_length(record, keys, dialect); }};
}

std::string_view plain_number(std::string_view number) {
  if (number.find('.') == std::string_view::npos || number.find_first_of("eE") != std::string_view::npos)
    return number;
  number = number.substr(0, number.find_last_not_of('0') + 1);
  return number.ends_with('.') ? number.substr(0, number.size() - 1) : number;
}

std::vector<std::string_view> csv_fields_of(std::string_view record, const data::csv_dialect& dialect) {
  std::vector<std::string_view> out;
  for (std::size_t at = 0; at <= record.size(); ++at) {
    const auto end = end_of_field(record, at, dialect);
    out.push_back(record.substr(at, end - at));
    at = end;
  }
  return out;
}

std::string csv_text_of(std::string_view field, const data::csv_dialect& dialect) {
  if (!dialect.quote || field.empty() || field.front() != *dialect.quote)
    return std::string(field);
  const auto closing = std::min(data::find_closing_quote(field, 1, *dialect.quote).at, field.size());
  std::string out;
  for (std::size_t i = 1; i < closing; ++i) {
    out += field[i];
    if (field[i] == *dialect.quote)
      ++i;  // the second of a doubled one
  }
  return out;
}

void append_csv_field(std::string& out, std::string_view field, const data::csv_dialect& dialect) {
  const bool is_plain =
      !dialect.quote || field.find_first_of(std::string{dialect.delimiter, *dialect.quote, '\r', '\n'}) ==
                            std::string_view::npos;
  if (is_plain)
    out += field;
  else
    data::append_in_quotes(out, field, *dialect.quote);
}

}  // namespace millrace::source
