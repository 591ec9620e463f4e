#include "runtime/expression/statements/plain_mistakes.hpp"

#include "runtime/data/text_encoding.hpp"
#include "runtime/expression/syntax/keywords.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace millrace::sql {
namespace {

using expression::problem;
using maybe = std::optional<problem>;

maybe semicolon(const mistaken& m) {
  const auto e = m.error();
  const auto begins = [&](std::size_t i) {
    const auto next = m.word(i + 1);
    if (m.word(i) == "create")
      return next == "table" || next == "view" || next == "type" || next == "function" || next == "source" ||
             next == "stream" || next == "sink";
    return (m.word(i) == "insert" && next == "into") ||
           (m.word(i) == "set" && m.is_name(i + 1) && (m.sign(i + 2) == '=' || m.word(i + 2) == "to"));
  };
  // The word may have been taken for the name of what stands before it.
  for (const auto i : {e, e - 1})
    if (i > 0 && i < m.size() && m.open().empty() && begins(i))
      return problem{m.at(i), fmt::format("a semicolon is missing before {}", m.source(i))};
  return std::nullopt;
}

maybe parentheses(const mistaken& m) {
  std::vector<std::size_t> open;
  for (std::size_t i = 0; i < m.size(); ++i) {
    if (m.sign(i) == '(')
      open.push_back(i);
    if (m.sign(i) != ')')
      continue;
    if (open.empty() && i == m.error())
      return problem{m.at(i), "this parenthesis closes nothing"};
    if (!open.empty())
      open.pop_back();
  }
  if (open.empty() || open.back() >= m.error())
    return std::nullopt;
  return problem{m.at(open.back()), "this parenthesis is not closed"};
}

maybe comma(const mistaken& m) {
  const auto e = m.error();
  if (e == 0 || m.sign(e - 1) != ',')
    return std::nullopt;
  if (e < m.size() && m.sign(e) != ')' && m.sign(e) != ',' && m.word(e) != "from" && m.word(e) != "where" &&
      m.word(e) != "group" && m.word(e) != "order" && m.word(e) != "having" && m.word(e) != "limit")
    return std::nullopt;
  return problem{m.at(e - 1),
                 e < m.size() ? fmt::format("there is a comma too many before {}", data::excerpt(m.source(e)))
                              : "there is a comma too many at the end"};
}

maybe option_value(const mistaken& m) {
  const auto e = m.error();
  if (!m.in_options() || e < 3)
    return std::nullopt;
  if (m.is_name(e) && m.sign(e + 1) == '=' && m.sign(e - 2) == '=')
    return problem{m.at(e), fmt::format("a comma is missing before {}", data::excerpt(m.source(e)))};
  if (m.is_text(e) && m.is_name(e - 1) && (m.sign(e - 2) == '(' || m.sign(e - 2) == ','))
    return problem{m.at(e), fmt::format("expected {0} = {1}", data::excerpt(m.source(e - 1)),
                                        data::excerpt(m.source(e)))};
  const bool other_sign =
      m.sign(e) == ':' || m.source(e) == "=>" || m.source(e) == ":=" || m.source(e) == "==";
  if (other_sign && m.is_name(e - 1) && (m.sign(e - 2) == '(' || m.sign(e - 2) == ','))
    return problem{m.at(e), fmt::format("expected {} = {}", data::excerpt(m.source(e - 1)),
                                        m.is_text(e + 1) ? data::excerpt(m.source(e + 1)) : "value")};
  // The whole value, up to the next comma.
  std::size_t begin = e - 1;
  while (begin > m.open().back() && m.sign(begin) != '=' && m.sign(begin) != ',')
    --begin;
  if (m.sign(begin) != '=' || begin + 1 >= e || m.is_text(begin + 1) || m.is_text(e))
    return std::nullopt;
  auto end = e;
  while (end < m.size() && m.sign(end) != ',' && m.sign(end) != ')')
    ++end;
  const auto value =
      m.text().substr(m.at(begin + 1), m.at(end - 1) + m.source(end - 1).size() - m.at(begin + 1));
  return problem{m.at(begin + 1),
                 fmt::format("a value that is not a single word or number stands in single quotes: '{}'",
                             data::excerpt(value))};
}

maybe quotes(const mistaken& m) {
  const auto e = m.error();
  if (e == 0 || !m.is_quoted(e) || m.source(e).size() < 2)
    return std::nullopt;
  const auto before = m.word(e - 1);
  const bool wants_text =
      before == "interval" || before == "date" || before == "timestamp" || before == "time" ||
      before == "uescape" ||
      (!m.open().empty() && m.open().back() > 0 && m.word(m.open().back() - 1) == "options");
  if (!wants_text)
    return std::nullopt;
  return problem{m.at(e), fmt::format("a text stands in single quotes: '{}'",
                                      data::excerpt(m.source(e).substr(1, m.source(e).size() - 2)))};
}

/// The place at which the line of `at` begins.
std::size_t line_of(std::string_view text, std::size_t at) {
  const auto end = at == 0 ? std::string_view::npos : text.rfind('\n', at - 1);
  return end == std::string_view::npos ? 0 : end + 1;
}

/// The sign that begins a comment of shells and MySQL is an operator of PostgreSQL's: a comment's has no operand before it, or words in
/// a row behind it, at which the parser gave up.
bool is_shell_comment(const mistaken& m, std::size_t i) {
  if (!m.source(i).starts_with('#') || m.source(i).find_first_not_of('#') != std::string_view::npos)
    return false;
  const auto line = line_of(m.text(), m.at(i));
  const auto before = m.text().substr(line, m.at(i) - line);
  if (i == m.error() || before.find_first_not_of(" \t\r") == std::string_view::npos)
    return true;
  const auto word = m.word(i - 1);
  const bool plain = !word.empty() && expression::quoted_identifier(word) == word;
  if (!plain && !m.is_text(i - 1) && !m.is_quoted(i - 1) && !m.is_number(i - 1) && m.sign(i - 1) != ')' &&
      m.sign(i - 1) != ']')
    return true;
  const auto end = std::min(m.text().find('\n', m.at(i)), m.text().size());
  auto k = i + 1;
  while (k < m.error() && !m.word(k).empty())
    ++k;
  return k == m.error() && k > i + 1 && !m.word(k).empty() && m.at(k) < end;
}

/// `# words` on the line of the error or the one before it.
maybe comment(const mistaken& m) {
  const auto line = line_of(m.text(), m.at(m.error()));
  const auto first = line == 0 ? 0 : line_of(m.text(), line - 1);
  for (auto i = std::min(m.error() + 1, m.size()); i-- > 0 && m.at(i) >= first;)
    if (is_shell_comment(m, i))
      return problem{m.at(i), "a comment begins with -- here"};
  return std::nullopt;
}

}  // namespace

maybe plain_mistake(const mistaken& m) {
  for (const auto rule : {comment, semicolon, comma, option_value, quotes, parentheses})
    if (auto found = rule(m))
      return found;
  return std::nullopt;
}

problem syntax_mistake(const mistaken& m, std::string_view message) {
  const auto e = m.error();
  std::string out(message.substr(0, message.find(" at or near ")));
  if (out.ends_with("in FROM must have an alias"))
    return {m.at(e), "a query in FROM has a name behind its parentheses: FROM (SELECT ...) AS t"};
  if (out.size() == message.size() || e >= m.size())
    return {m.at(e), std::move(out)};
  out += fmt::format(" at or near \"{}\"", data::excerpt(m.source(e)));
  const auto word = m.word(e);
  const bool name_wanted =
      e > 0 &&
      (m.sign(e - 1) == ',' || m.sign(e - 1) == '(' || m.word(e - 1) == "table" || m.word(e - 1) == "view" ||
       m.word(e - 1) == "from" || m.word(e - 1) == "join" || m.word(e - 1) == "select");
  if (name_wanted && !word.empty() && expression::quoted_identifier(word) != word)
    out += fmt::format("; a name that is this word stands in double quotes: \"{}\"", data::excerpt(word));
  else if (e > 2 && (m.is_name(e) || m.is_text(e) || m.is_number(e)) &&
           (m.is_name(e - 1) || m.is_text(e - 1) || m.is_number(e - 1)) &&
           (word.empty() || expression::quoted_identifier(word) == word))
    out += "; a comma or an operator may be missing before it";
  return {m.at(e), std::move(out)};
}

}  // namespace millrace::sql
