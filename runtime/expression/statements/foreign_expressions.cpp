#include "runtime/expression/statements/foreign_expressions.hpp"

#include "runtime/data/text_encoding.hpp"
#include "runtime/expression/bind/foreign_calls.hpp"
#include "runtime/expression/bind/lambdas.hpp"
#include "runtime/expression/syntax/keywords.hpp"
#include "runtime/expression/syntax/source_text.hpp"

#include <fmt/format.h>

#include <array>

namespace millrace::sql {
namespace {

using expression::problem;
using maybe_problem = std::optional<problem>;

/// Longer parts of the text are not repeated in a remedy.
constexpr std::size_t longest_repeated = 60;

/// The text from one token to before another one; `otherwise` where it is long.
std::string part(const mistaken& m, std::size_t from, std::size_t to, std::string_view otherwise) {
  if (from >= to || to > m.size())
    return std::string(otherwise);
  const auto begin = m.at(from);
  const auto end = m.at(to - 1) + m.source(to - 1).size();
  return end - begin > longest_repeated ? std::string(otherwise)
                                        : std::string(m.text().substr(begin, end - begin));
}

bool is_operator_sign(char c) {
  return c != '\0' && std::string_view("+-*/%<>=|^").find(c) != std::string_view::npos;
}

/// Names in backquotes: only what stands in no text has the sign of one.
maybe_problem backquoted_words(const mistaken& m) {
  for (std::size_t i = 0; i < m.size() && i <= m.error(); ++i) {
    const auto at = m.source(i).find('`');
    if (at == std::string_view::npos || m.is_text(i) || m.is_quoted(i))
      continue;
    const auto begin = m.at(i) + at + 1;
    const auto end = m.text().find('`', begin);
    const auto name =
        end == std::string_view::npos ? std::string_view("name") : m.text().substr(begin, end - begin);
    const auto quoted = expression::quoted_identifier(data::excerpt(name));
    return problem{begin - 1,
                   quoted.front() == '"'
                       ? fmt::format("a name stands in double quotes, not in backquotes: {}", quoted)
                       : fmt::format("there are no backquotes here; leave them out: {}", quoted)};
  }
  return std::nullopt;
}

bool is_reserved_word(std::string_view word) {
  return !word.empty() && expression::quoted_identifier(word) != word;
}

/// Words that begin or go on with an expression: an error behind them is no name's.
bool is_of_expressions(std::string_view word) {
  return is_one_of(
      word, {"select",  "case",    "not",      "array",  "and",       "or",    "distinct", "all",    "any",
             "some",    "as",      "in",       "is",     "when",      "then",  "else",     "like",   "ilike",
             "similar", "between", "from",     "where",  "on",        "by",    "having",   "with",   "join",
             "using",   "cast",    "interval", "null",   "true",      "false", "row",      "values", "limit",
             "offset",  "into",    "union",    "except", "intersect", "for",   "to",       "create"});
}

problem reserved(const mistaken& m, std::size_t i) {
  return {
      m.at(i),
      fmt::format("{0} is a reserved word of SQL; the column of that name stands in double quotes: \"{0}\"",
                  m.word(i))};
}

maybe_problem reserved_names(const mistaken& m, const data::schema* columns) {
  const auto e = m.error();
  for (const auto i : {e, e - 1}) {
    if (i >= m.size() || !is_reserved_word(m.word(i)) || (i > 0 && m.sign(i - 1) == '.'))
      continue;
    if (columns != nullptr && (columns->find(m.source(i)) || columns->find(m.word(i))))
      return reserved(m, i);
    if (i == e || is_of_expressions(m.word(i)))
      continue;
    const bool begins = i == 0 || m.sign(i - 1) == ',' || m.sign(i - 1) == '(' || m.word(i - 1) == "select" ||
                        is_operator_sign(m.sign(i - 1));
    if (m.sign(e) == '.' || (columns == nullptr && begins && is_operator_sign(m.sign(e))))
      return reserved(m, i);
  }
  return std::nullopt;
}

/// Words that PostgreSQL's grammar does not take behind the quotes of an interval: hours, week, d.
bool is_unit(std::string_view word) {
  return expression::is_unit_of_time(word) ||
         is_one_of(word, {"d", "h", "m", "s", "hr", "hrs", "min", "mins", "sec", "secs", "ms", "us"});
}

/// interval '1' hours
maybe_problem units_behind_quotes(const mistaken& m) {
  for (auto i = m.error() - std::min<std::size_t>(m.error(), 3); i < m.error(); ++i)
    if (m.word(i) == "interval" && m.is_text(i + 1) && is_unit(m.word(i + 2)))
      return problem{m.at(i), fmt::format("a duration is a text as a whole: interval '{} {}'",
                                          data::excerpt(m.inner(i + 1)), m.word(i + 2))};
  return std::nullopt;
}

/// x is 1, x is in (1, 2)
maybe_problem is_with_values(const mistaken& m) {
  const auto e = m.error();
  // The parser stops at the first word that cannot follow: not before like, or what is behind not.
  const bool behind_not = e > 1 && m.word(e - 1) == "not" && m.word(e - 2) == "is";
  if (e >= m.size() || e == 0 || (!behind_not && m.word(e - 1) != "is"))
    return std::nullopt;
  const auto is = e - (behind_not ? 2U : 1U);
  const bool negated = m.word(is + 1) == "not";
  const auto first = is + (negated ? 2U : 1U);
  const auto value = is > 0 && m.is_name(is - 1) && (is == 1 || m.sign(is - 2) != '.')
                         ? data::excerpt(m.source(is - 1))
                         : std::string("x");
  if (is_one_of(m.word(first), {"in", "like", "ilike", "between", "similar"}))
    return problem{m.at(is), fmt::format("there is no is before {0}; write {1} {2}{0} ...", m.word(first),
                                         value, negated ? "not " : "")};
  if (!m.is_name(first) && !m.is_text(first) && !m.is_number(first) && m.sign(first) != '(' &&
      m.sign(first) != '-')
    return std::nullopt;
  return problem{
      m.at(is),
      fmt::format("is goes with null, true, false and distinct from; write {} {} {}", value,
                  negated ? "<>" : "=",
                  m.sign(first) == '(' || m.sign(first) == '-' ? "..." : data::excerpt(m.source(first)))};
}

/// interval 1 hour, interval x day
maybe_problem intervals(const mistaken& m) {
  const auto e = m.error();
  std::size_t i = e;
  for (std::size_t back = 0; back < 3 && m.word(i) != "interval"; ++back)
    i -= i > 0 ? 1 : 0;
  if (m.word(i) != "interval" || i + 2 < e)
    return std::nullopt;
  const bool negative = m.sign(i + 1) == '-';
  const auto count = i + (negative ? 2U : 1U);
  if (m.is_number(count)) {
    const auto number = fmt::format("{}{}", negative ? "-" : "", m.source(count));
    const auto unit = m.word(count + 1);
    return problem{m.at(i), fmt::format("an interval stands in single quotes: interval '{} {}'",
                                        data::excerpt(number), unit.empty() ? "seconds" : unit)};
  }
  if (m.is_name(count) && !m.word(count + 1).empty())
    return problem{m.at(i), fmt::format("an interval of a column is {} * interval '1 {}'",
                                        data::excerpt(m.source(count)), m.word(count + 1))};
  return std::nullopt;
}

/// Operators that are words, such as rlike; the parser takes the word for a name behind the value.
maybe_problem words_as_operators(const mistaken& m) {
  constexpr auto others = std::to_array<std::pair<std::string_view, std::string_view>>({
      {"rlike", "x ~ {} is whether the pattern matches"},
      {"regexp", "x ~ {} is whether the pattern matches"},
      {"regexp_like", "x ~ {} is whether the pattern matches"},
      {"div", "x / {} of whole numbers cuts what is behind the point"},
      {"mod", "x % {} is the rest of the division"},
      {"xor", "x <> {} of two conditions is whether one of them is true"},
      {"glob", "x like {} has % for any text and _ for one character"},
  });
  const auto e = m.error();
  for (const auto i : {e, e - 1})
    for (const auto& [word, remedy] : others)
      if (i < m.size() && i > 0 && m.word(i) == word && m.sign(i - 1) != ',' && m.sign(i - 1) != '(') {
        const bool negated = m.word(i - 1) == "not";
        const auto first = i > (negated ? 1U : 0U) ? i - (negated ? 2U : 1U) : 0;
        const auto value = m.is_name(first) && (first == 0 || m.sign(first - 1) != '.')
                               ? data::excerpt(m.source(first))
                               : std::string("x");
        auto says = fmt::format(fmt::runtime(remedy), data::excerpt(m.source(i + 1)));
        says.replace(0, 1, value);
        if (negated && says.find(" ~ ") != std::string::npos)
          says.replace(says.find(" ~ "), 3, " !~ ");
        return problem{m.at(i), fmt::format("there is no operator {}; {}", word, says)};
      }
  return std::nullopt;
}

/// The index of the call's parenthesis that holds the error; none: size().
std::size_t enclosing(const mistaken& m) { return m.open().empty() ? m.size() : m.open().back(); }

/// Calls with a grammar of their own.
maybe_problem calls(const mistaken& m) {
  const auto e = m.error();
  const auto open = enclosing(m);
  if (open == 0 || open >= m.size())
    return std::nullopt;
  const auto name = m.word(open - 1);
  const auto all = m.behind(open) - 1;  // the closing parenthesis
  if (is_one_of(name, {"try_cast", "safe_cast"}) && m.word(e) == "as") {
    const auto type = part(m, e + 1, all, "bigint");
    return problem{
        m.at(open - 1),
        fmt::format(
            "there is no {}; write cast({} as {}): a record for which it fails goes to the dead letters",
            name, part(m, open + 1, e, "..."), type)};
  }
  if (name == "convert" && m.word(e) == "using")
    return problem{m.at(open - 1),
                   fmt::format("all texts are UTF-8; leave convert out: {}", part(m, open + 1, e, "x"))};
  if (is_one_of(name, {"timestamp", "time", "datetime"}) && e == open + 1)
    return problem{m.at(open - 1), fmt::format("there is no function {0}(...); write cast({1} as {2})", name,
                                               part(m, e, all, "x"), name == "time" ? "time" : "timestamp")};
  if (name == "position" && m.sign(e) == ',')
    return problem{m.at(e), fmt::format("the place of a part in a text is position({} in {})",
                                        part(m, open + 1, e, "part"), part(m, e + 1, all, "text"))};
  if (name == "array" && e == open + 1)
    return problem{m.at(open - 1),
                   fmt::format("a list stands in brackets: array[{}]", part(m, e, all, "..."))};
  return std::nullopt;
}

maybe_problem brackets(const mistaken& m) {
  const auto e = m.error();
  if (e > 0 && m.sign(e - 1) == '[' && m.word(e) == "offset" && m.sign(e + 1) == '(') {
    const auto index = part(m, e + 2, m.behind(e + 1) - 1, "n");
    return problem{m.at(e), fmt::format("elements are counted from 1; write [({}) + 1]", index)};
  }
  if (m.sign(e) != '[')
    return std::nullopt;
  const auto elements = part(m, e + 1, m.behind(e) - 1, "...");
  if (e > 0 && m.word(e - 1) == "in")
    return problem{m.at(e), fmt::format("the values of in stand in parentheses: in ({})", elements)};
  if (e == 0 || m.sign(e - 1) == '(' || m.sign(e - 1) == ',' || is_operator_sign(m.sign(e - 1)) ||
      m.word(e - 1) == "select")
    return problem{m.at(e), fmt::format("a list is written array[{}]", elements)};
  return std::nullopt;
}

/// f(x).member, f(x)[0]
maybe_problem members(const mistaken& m) {
  const auto e = m.error();
  const bool element = m.sign(e) == '[';
  if ((m.sign(e) != '.' && !element) || e < 2 || m.sign(e - 1) != ')')
    return std::nullopt;
  std::size_t open = e - 1;
  for (int depth = 0;; --open) {
    depth += m.sign(open) == ')' ? 1 : m.sign(open) == '(' ? -1 : 0;
    if (depth == 0 || open == 0)
      break;
  }
  const auto first = open > 0 && m.is_name(open - 1) ? open - 1 : open;
  if (element) {
    // The first and last of a slice are counted as those who write one mean them.
    const auto inside = part(m, e + 1, m.behind(e) - 1, "1");
    return problem{m.at(e),
                   fmt::format("an element of a call's value is read with parentheses around the call, and "
                               "elements are counted from 1: ({})[{}]",
                               part(m, first, e, "..."),
                               inside.find(':') == std::string::npos ? std::string("1") : inside)};
  }
  return problem{m.at(e),
                 fmt::format("a member of a call's value is read with parentheses around the call: ({}).{}",
                             part(m, first, e, "..."), m.is_name(e + 1) ? m.source(e + 1) : "name")};
}

/// a ? b : c, $.a
maybe_problem signs(const mistaken& m) {
  const auto e = m.error();
  if (m.sign(e) == ':')
    for (std::size_t i = 0; i < e; ++i)
      if (m.sign(i) == '?')
        return problem{m.at(i), fmt::format("a choice is written case when {} then {} else {} end",
                                            part(m, 0, i, "..."), part(m, i + 1, e, "..."),
                                            part(m, e + 1, m.size(), "..."))};
  if (e > 0 && m.source(e) == "=>" && !m.in_options())
    return problem{m.at(e - 1), std::string(expression::no_lambdas)};
  if (e < m.size() && m.text()[m.at(e)] == '$' && m.sign(e + 1) == '.')
    return problem{m.at(e), fmt::format("there is no $ here; name the column alone: {}",
                                        m.is_name(e + 2) ? m.source(e + 2) : "name")};
  return std::nullopt;
}

}  // namespace

std::optional<expression::problem> foreign_expression(const mistaken& m, const data::schema* columns) {
  for (const auto rule : {backquoted_words, units_behind_quotes, intervals, is_with_values,
                          words_as_operators, calls, brackets, members, signs})
    if (auto found = rule(m))
      return found;
  return reserved_names(m, columns);
}

std::optional<expression::problem> unit_as_name(const mistaken& m) { return units_behind_quotes(m); }

}  // namespace millrace::sql
