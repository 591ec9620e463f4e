#include "config/plan/missing_column.hpp"

#include "config/plan/draft.hpp"
#include "config/text/quoted.hpp"
#include "runtime/data/text_encoding.hpp"
#include "runtime/expression/expression.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <optional>

namespace millrace::config {
namespace {

/// Longer texts are cut in messages: a finding is one line.
constexpr std::size_t longest_shown = 60;

/// Makes a column's name of an expression: `user.id` gives user_id, `lower(name)` gives lower_name.
std::string name_for(std::string_view expression, const data::schema& columns) {
  std::string out;
  for (const char c : expression)
    if (std::isalnum(static_cast<unsigned char>(c)) != 0)
      out += c;
    else if (!out.empty() && out.back() != '_')
      out += '_';
  while (!out.empty() && out.back() == '_')
    out.pop_back();
  if (out.empty())
    out = "value";
  while (columns.find(out))
    out += "_2";
  return out;
}

/// "a, b" where a and b are columns: as a list; nothing for other texts.
std::string as_list(std::string_view text, const data::schema& columns) {
  std::string out;
  while (text.find(',') != std::string_view::npos || !out.empty()) {
    const auto comma = text.find(',');
    auto item = text.substr(0, comma);
    item.remove_prefix(std::min(item.find_first_not_of(' '), item.size()));
    while (item.ends_with(' '))
      item.remove_suffix(1);
    if (!columns.find(item.substr(0, item.find(' '))))
      return {};
    out += (out.empty() ? "[" : ", ") + quoted(item);
    if (comma == std::string_view::npos)
      return out + "]";
    text.remove_prefix(comma + 1);
  }
  return {};
}

bool binds(const std::string& text, const data::schema& columns) {
  const auto bound = expression::bind(text, {&columns, {}});
  return bound && !bound->columns.empty();  // a literal alone is a slip
}

/// a.b as "a"."b".
std::string in_quotes(std::string_view path) {
  std::string out = "\"";
  for (const char c : path)
    out += c == '.' ? std::string("\".\"") : std::string(1, c);
  return out + '"';
}

/// The name as an expression over the columns, where it is one: a member of a column, a call. SQL's own
/// words, such as user, stand in quotes.
std::optional<std::string> as_expression(std::string_view name, const data::schema& columns) {
  if (auto text = std::string(name); binds(text, columns))
    return text;
  if (name.find('.') == std::string_view::npos || name.find('"') != std::string_view::npos)
    return std::nullopt;
  if (auto text = in_quotes(name); binds(text, columns))
    return text;
  return std::nullopt;
}

}  // namespace

std::string missing_column(std::string_view name, const data::schema& columns,
                           std::string_view select_where) {
  const auto shown = quoted(data::excerpt(name, longest_shown));
  if (const auto list = as_list(name, columns); !list.empty())
    return fmt::format("there is no column {}; expected a list of columns; did you mean {}?", shown, list);
  const auto expression =
      name.size() <= longest_shown ? as_expression(name, columns) : std::optional<std::string>();
  if (expression)
    return fmt::format("there is no column {0}, and an expression cannot stand here; expected a column's "
                       "name: give it one in {1}, \"columns\": {{ \"{2}\": {3}, \"*\": true }}, and write "
                       "\"{2}\" here",
                       shown, select_where, name_for(name, columns), quoted(*expression));
  const auto names = visible_names(columns);
  const auto expected = names.empty() ? std::string() : "; expected " + one_of(names);
  return fmt::format("there is no column {}{}{}", shown, expected, did_you_mean(name, names));
}

}  // namespace millrace::config
