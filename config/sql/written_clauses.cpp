// Writes what the query of every kind of stage is made of: expressions, FROM, the items of SELECT.
#include "config/sql/option_forms.hpp"
#include "config/sql/stage_writer.hpp"
#include "config/sql/written_times.hpp"
#include "runtime/expression/syntax/keywords.hpp"
#include "runtime/expression/syntax/syntax.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

namespace millrace::config {
namespace {

using expression::quoted_identifier;

/// `counts`, or `counts.late`.
std::string relation_name(const std::string& stage) {
  for (const std::string_view late : {".late", ".late_left", ".late_right"})
    if (stage.size() > late.size() && stage.ends_with(late))
      return quoted_identifier(stage.substr(0, stage.size() - late.size())) + std::string(late);
  return quoted_identifier(stage);
}

/// A path of names whose last is the column's: `venue.lat`, `l.amount`. SQL calls its value so.
bool ends_in_name(std::string_view expression, const std::string& name) {
  const auto last = quoted_identifier(name);
  if (last.front() == '"' || !expression.ends_with("." + last))
    return false;
  expression.remove_suffix(last.size() + 1);
  return !expression.empty() && std::ranges::all_of(expression, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '.' || c == '"';
  });
}

/// All columns of one side of a join.
bool is_side(const member& c) {
  return (c.name == "l.*" || c.name == "r.*") && c.value.what == node::kind::boolean && c.value.flag;
}

/// A bound of a window under its own name.
bool is_own_bound(const member& c) {
  return (c.name == "window_start" || c.name == "window_end") && c.value.is_text() && c.value.text == c.name;
}

/// `a + b AS c`; a column under its own name stands alone.
written_text output_item(const std::string& name, const written_text& expression) {
  if (names_column(expression.text(), name))
    return quoted_identifier(name);
  auto out = expression;
  if (!ends_in_name(expression.text(), name))
    out += " AS " + quoted_identifier(name);
  return out;
}

}  // namespace

const member* stage_writer::take(const std::string& name) {
  const auto* const m = body_.find(name);
  if (m != nullptr)
    used_.insert(name);
  return m;
}

std::optional<std::string> stage_writer::needed_text(const std::string& name) {
  const auto* const m = take(name);
  if (m != nullptr && m->value.is_text())
    return m->value.text;
  out_.error(m == nullptr ? body_.where : m->value.where, join(s_.path, name),
             fmt::format("\"{}\" stands in the query; expected it as text", name));
  return std::nullopt;
}

written_text stage_writer::expression_of(const node& n, const std::string& path, bool is_identity) {
  if (!n.is_text()) {
    out_.error(n.where, path, fmt::format("found {}; expected an expression", describe(n)));
    return {};
  }
  const auto parsed = expression::parse(n.text, nullptr);
  if (!parsed)
    for (const auto& p : parsed.error())
      out_.error(location_in_text(n, p.offset), path,
                 n.text.find("${") == std::string::npos
                     ? p.message
                     : p.message + "; in SQL a variable stands within a text, such as '${LIMIT}'::bigint");
  const auto first = n.text.find_first_not_of(" \t\r\n");
  const bool has_comment = n.text.find("--") != std::string::npos || n.text.find("/*") != std::string::npos;
  if (is_identity && (first != 0 || n.text.find_last_not_of(" \t\r\n") + 1 != n.text.size()))
    out_.error(n.where, path,
               "blanks around an expression are lost in SQL, and the identity of the state has them; "
               "expected none");
  else if (is_identity && has_comment)
    out_.error(n.where, path,
               "a comment around an expression is lost in SQL, and the identity of the state has it; "
               "expected none");
  written_text out{n.text, n, path, true};
  if (has_comment)
    out += "\n";
  return out;
}

written_text stage_writer::clause(const std::string& option, std::string_view words, bool is_identity) {
  const auto* const m = take(option);
  written_text out;
  if (m == nullptr)
    return out;
  out += words;
  out += expression_of(m->value, join(s_.path, option), is_identity);
  return out;
}

bool stage_writer::is_free(const std::string& name) const {
  return s_.stages.find(name) == nullptr && !mentions(body_, name);
}

bool stage_writer::mentions(const node& n, const std::string& word) {
  if (n.is_text())
    return n.text.find(word) != std::string::npos;
  return std::ranges::any_of(n.members,
                             [&](const member& m) { return m.name == word || mentions(m.value, word); }) ||
         std::ranges::any_of(n.items, [&](const node& item) { return mentions(item, word); });
}

std::string stage_writer::free_name(const std::string& wish) const {
  auto out = wish;
  for (std::size_t n = 2; !is_free(out); ++n)
    out = fmt::format("{}_{}", wish, n);
  return out;
}

std::optional<relation_read> stage_writer::relation(const std::string& option, const std::string& wish,
                                                    written_items& with) {
  static_cast<void>(take(option));
  const auto names = stages_read(body_, option);
  const auto* const m = body_.find(option);
  if (names.empty()) {
    out_.error(m == nullptr ? body_.where : m->value.where, join(s_.path, option),
               fmt::format("the query reads from no stage; expected \"{}\"", option));
    return std::nullopt;
  }
  if (names.size() == 1)
    return relation_read{relation_name(names.front()), names.front()};
  const auto name = free_name(wish);
  written_text query{fmt::format("{} AS (", name)};
  query += branches(names, query_indent + 2);
  query += ")";
  with.push_back(std::move(query));
  return relation_read{name, name};
}

written_text stage_writer::branches(const std::vector<std::string>& names, std::size_t column) {
  std::size_t width = 0;
  for (const auto& n : names)
    width += n.size() + 26;
  written_text out;
  for (const auto& n : names) {
    if (!out.empty())
      out += width < widest_line ? " UNION ALL " : "\n" + std::string(column, ' ') + "UNION ALL ";
    out += "SELECT * FROM " + relation_name(n);
  }
  return out;
}

std::string stage_writer::alias(const relation_read& r) const {
  const auto stage = r.first.substr(0, r.first.find('.'));
  const bool is_taken = std::ranges::any_of(body_.members, [&](const member& m) {
    const auto* const o = find_declared(s_.declared, m.name);
    return o != nullptr && (o->type == option_type::expression || o->type == option_type::expression_map) &&
           is_qualifier(m.value, stage);
  });
  return is_taken ? " AS " + free_name("input") : std::string();
}

bool stage_writer::is_qualifier(const node& n, const std::string& name) {
  const auto& text = n.text;
  for (auto at = text.find(name); n.is_text() && at != std::string::npos; at = text.find(name, at + 1)) {
    const auto before = at == 0 ? ' ' : text[at - 1];
    const bool is_longer = std::isalnum(static_cast<unsigned char>(before)) != 0 || before == '_' ||
                           before == '.' || (static_cast<unsigned char>(before) & 0x80U) != 0;
    auto end = at + name.size();
    end += end < text.size() && text[end] == '"' ? 1 : 0;
    if (!is_longer && end < text.size() && text[end] == '.')
      return true;
  }
  return std::ranges::any_of(n.members, [&](const member& m) { return is_qualifier(m.value, name); });
}

void stage_writer::put_with(written_items& with, written_items& out) {
  if (with.empty())
    return;
  written_text all{"WITH "};
  all += listed(with, query_indent, query_indent + 2);
  out.push_back(std::move(all));
}

written_items stage_writer::items() {
  const auto* const m = take("columns");
  if (m == nullptr)
    return {"*"};
  written_items out;
  const auto path = join(s_.path, "columns");
  if (!m->value.is_map() || m->value.members.empty()) {
    out_.error(m->value.where, path,
               fmt::format("found {}; expected a map with at least one column", describe(m->value)));
    return out;
  }
  const bool side_of_window = is_side_of_window(m->value, path);
  for (const auto& c : m->value.members)
    if (!side_of_window || !is_own_bound(c))
      out.push_back(item(c, join(path, c.name)));
  return out;
}

bool stage_writer::is_side_of_window(const node& columns, const std::string& path) {
  const auto* const side = columns.find("l.*") != nullptr ? columns.find("l.*") : columns.find("r.*");
  if (side == nullptr || type_ != "window")
    return false;
  // A side that a row may lack has no bounds of its own.
  const auto* const how = body_.find("how");
  const auto word = how == nullptr ? std::string("inner") : how->value.text;
  if (word != "inner" && word != (side->name == "l.*" ? "left" : "right"))
    return false;
  if (std::ranges::count_if(columns.members, is_own_bound) != 2)
    out_.error(side->where, join(path, side->name),
               fmt::format("this has no form in SQL: {} of a window join has its bounds, too; expected "
                           "\"window_start\": \"window_start\" and \"window_end\": \"window_end\" beside it",
                           side->name));
  return true;
}

written_text stage_writer::item(const member& c, const std::string& path) {
  if (c.name == "*" && c.value.what == node::kind::boolean && c.value.flag)
    return {"*", c.value, path, false};
  if (is_side(c) && body_.members.front().name == "join")
    return {c.name, c.value, path, false};
  for (const auto& [key, both] : keys_of_both_)
    if (c.value.is_text() && names_column(c.value.text, key))
      return {fmt::format("{} AS {}", both, quoted_identifier(c.name)), c.value, path, false};
  if (c.name == "*" || c.name.empty()) {
    out_.error(c.where, path,
               c.name.empty() ? "a column needs a name; expected text"
                              : "in SQL the star stands for all other columns; expected \"*\": true");
    return {};
  }
  return output_item(c.name, expression_of(c.value, path));
}

written_text stage_writer::select_clause(const written_items& outputs, std::string_view words) {
  return listed(outputs, query_indent, query_indent + 2, words);
}

std::vector<std::string> stage_writer::names(const std::string& option) {
  std::vector<std::string> out;
  const auto* const m = take(option);
  if (m == nullptr)
    return out;
  const auto add = [&](const node& n) {
    if (n.is_text())
      out.push_back(n.text);
    else
      out_.error(n.where, join(s_.path, option),
                 fmt::format("found {}; expected the name of a column", describe(n)));
  };
  if (m->value.what != node::kind::list)
    add(m->value);
  for (const auto& item : m->value.items)
    add(item);
  return out;
}

}  // namespace millrace::config
