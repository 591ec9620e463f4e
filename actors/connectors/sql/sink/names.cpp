#include "actors/connectors/sql/sink/names.hpp"

#include "actors/connectors/sql/sink/column_rules.hpp"
#include "config/plan/same_names.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace millrace::sink::sql {
namespace {

/// PostgreSQL cuts a longer name off, without an error: NAMEDATALEN less a zero byte.
constexpr std::size_t longest_in_postgresql = 63;
constexpr std::size_t longest_in_mysql = 64;

/// Makes a text fit for a message: a NUL would end it.
std::string visible(std::string text) {
  for (auto at = text.find('\0'); at != std::string::npos; at = text.find('\0', at))
    text.replace(at, 1, "\\u0000");
  return text;
}

}  // namespace

std::vector<std::string> faults_of_name(product kind, std::string_view name, std::string_view what) {
  std::vector<std::string> out;
  if (name.find('\0') != std::string_view::npos)
    out.push_back(
        fmt::format("{} has a NUL character, which no database takes; expected another name", what));
  // A name is kept in three bytes a character there, in any character set of the tables.
  const bool beyond = std::any_of(name.begin(), name.end(), [](char c) {
    return static_cast<unsigned char>(c) >= 0xF0;  // begins a character of four bytes
  });
  if (kind == product::mysql && beyond)
    out.push_back(fmt::format(
        "{} has a character beyond U+FFFF (an emoji, say), which MySQL and MariaDB take in no name; "
        "expected another name",
        what));
  if (kind == product::postgresql && name.size() > longest_in_postgresql)
    out.push_back(
        fmt::format("{} has {} bytes, and PostgreSQL cuts names off after {}; expected a shorter one", what,
                    name.size(), longest_in_postgresql));
  if (kind == product::mysql && characters(name) > longest_in_mysql)
    out.push_back(
        fmt::format("{} has {} characters, and MySQL and MariaDB take at most {}; expected a shorter "
                    "one",
                    what, characters(name), longest_in_mysql));
  return out;
}

std::vector<std::string> faults_of_columns(product kind, const data::schema& columns) {
  std::vector<std::string> out;
  for (const auto& column : columns)
    for (auto& fault :
         faults_of_name(kind, column.name, fmt::format("the column's name \"{}\"", visible(column.name))))
      out.push_back(std::move(fault));
  if (const auto same = config::same_without_case(columns.fields()); same && kind != product::postgresql)
    out.push_back(fmt::format("{} takes the columns \"{}\" and \"{}\" for the same; expected other `columns`",
                              to_string(kind), same->first, same->second));
  return out;
}

}  // namespace millrace::sink::sql
