// Columns, types, options, names and values of other products.
#include "runtime/data/text_encoding.hpp"
#include "runtime/expression/statements/foreign_options.hpp"
#include "runtime/expression/statements/foreign_rules.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace millrace::sql {
namespace {

using expression::problem;

/// Looks in the columns of CREATE TABLE.
bool in_columns(const mistaken& m) {
  if (m.word(0) != "create" || m.open().size() != 1)
    return false;
  bool table = false;
  for (std::size_t i = 1; i < m.open()[0]; ++i) {
    table = table || m.word(i) == "table";
    if (m.word(i) == "as" || m.word(i) == "with")
      return false;
  }
  return table;
}

maybe_problem computed_column(const mistaken& m) {
  const auto e = m.error();
  if (!in_columns(m) || m.word(e) != "as" || e == 0 || !m.is_name(e - 1))
    return std::nullopt;
  if (m.word(e + 1) == "proctime")
    return problem{m.at(e), "there is no processing time here: windows go by the table's event_time, which "
                            "may be _timestamp; leave the column out"};
  return problem{
      m.at(e),
      fmt::format(
          "a column that is computed stands in a view: CREATE VIEW v AS SELECT *, expression AS {} FROM t",
          shown(m, e - 1))};
}

maybe_problem key_column(const mistaken& m) {
  const auto e = m.error();
  if (!in_columns(m) || (m.word(e) != "key" && m.word(e) != "headers" && m.word(e) != "header") ||
      m.word(e - 1) == "primary")
    return std::nullopt;
  return problem{m.at(e), fmt::format("{} is not offered: the key and headers of a record are the hidden "
                                      "columns _key and _headers, beside the "
                                      "columns of its value",
                                      shown(m, e))};
}

/// ROW<a INT>, STRUCT<a: INT>, ROW(a INT), ARRAY<INT>.
maybe_problem type(const mistaken& m) {
  const auto e = m.error();
  for (auto i = e - std::min<std::size_t>(e, 2); i <= e; ++i) {
    const auto word = m.word(i);
    const bool opens =
        m.sign(i + 1) == '<' || (m.source(i + 1).starts_with('<') && m.source(i + 1).size() == 2);
    if (word == "array" && opens) {
      const bool plain = m.is_name(i + 2) && m.source(i + 3).starts_with('>');
      const auto element = m.word(i + 2) == "string" ? std::string("text") : shown(m, i + 2);
      return problem{m.at(i), fmt::format("a list has the type of its elements and [] behind it: {}[]",
                                          plain ? element : "type")};
    }
    if ((word == "struct" || word == "row") && (opens || (in_columns(m) && m.sign(i + 1) == '(')))
      return problem{
          m.at(i),
          fmt::format("a nested type has a name: CREATE TYPE name AS (member type, ...), and {} name",
                      i > 0 && m.is_name(i - 1) && m.word(i - 1) != "as" ? shown(m, i - 1) : "column")};
    if (word == "struct" && m.word(i - 1) == "as")
      return problem{m.at(i), "write CREATE TYPE name AS (member type, ...)"};
  }
  return std::nullopt;
}

bool is_options(std::string_view before) { return is_one_of(before, {"with", "tblproperties", "options"}); }

maybe_problem option_name(const mistaken& m) {
  const auto e = m.error();
  if (m.open().empty() || m.open().back() == 0 || !is_options(m.word(m.open().back() - 1)))
    return std::nullopt;
  // The name as it is written, up to "=".
  auto begin = e;
  while (begin > m.open().back() + 1 && m.sign(begin - 1) != ',' && m.sign(begin - 1) != '=')
    --begin;
  if (m.sign(begin - 1) == '=')
    return std::nullopt;
  auto end = e;
  while (end < m.size() && m.sign(end) != '=' && m.sign(end) != ',' && m.sign(end) != ')')
    ++end;
  if (m.sign(end) != '=' || end <= begin || m.is_quoted(begin))
    return std::nullopt;
  const auto whole =
      m.is_text(begin) ? m.inner(begin)
                       : m.text().substr(m.at(begin), m.at(end - 1) + m.source(end - 1).size() - m.at(begin));
  const auto here = option_here(whole);
  if (m.is_text(begin) && end == begin + 1) {
    const bool plain = !whole.empty() && std::ranges::all_of(whole, [](char c) {
      return c == '_' || c == '.' || (c >= 'a' && c <= 'z');
    });
    return problem{m.at(begin),
                   here ? fmt::format("the option {} is {} here", shown(m, begin), *here)
                   : plain
                       ? fmt::format("names of options stand without quotes: {} = ...", data::excerpt(whole))
                       : fmt::format("names of options stand without quotes; there is no option {} here",
                                     shown(m, begin))};
  }
  if (m.is_name(begin))
    return problem{
        m.at(begin),
        here ? fmt::format("the option {} is {} here", data::excerpt(whole), *here)
             : fmt::format("the name of an option is a word, or two with a dot between them; {} is neither",
                           data::excerpt(whole))};
  return std::nullopt;
}

maybe_problem backquotes(const mistaken& m) {
  // PostgreSQL takes a backquote for an operator, so it may give up behind it only.
  for (std::size_t i = 0; i <= m.error() && i < m.size(); ++i) {
    const auto in_token = m.source(i).find('`');
    if (m.is_text(i) || m.is_quoted(i) || in_token == std::string_view::npos)
      continue;
    const auto at = m.at(i) + in_token;
    const auto end = m.text().find('`', at + 1);
    const auto name =
        end == std::string_view::npos ? std::string_view("name") : m.text().substr(at + 1, end - at - 1);
    return problem{
        at, fmt::format("a name stands in double quotes, not in backquotes: \"{}\"", data::excerpt(name))};
  }
  return std::nullopt;
}

maybe_problem variable(const mistaken& m) {
  const auto e = m.error();
  for (auto i = e - std::min<std::size_t>(e, 1); i <= e; ++i)
    if (m.sign(i) == '$' && m.sign(i + 1) == '{') {
      const auto end = m.text().find('}', m.at(i));
      const auto name = end == std::string_view::npos ? std::string_view("${NAME}")
                                                      : m.text().substr(m.at(i), end + 1 - m.at(i));
      return problem{m.at(i), fmt::format("{0} stands within quotes: '{0}'", data::excerpt(name))};
    }
  return std::nullopt;
}

}  // namespace

std::span<const foreign_rule> column_rules() {
  static constexpr foreign_rule all[] = {computed_column, key_column, type,
                                         option_name,     backquotes, variable};
  return all;
}

}  // namespace millrace::sql
