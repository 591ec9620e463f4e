#include "config/sql/written_stage.hpp"

#include "config/core_options.hpp"
#include "config/sql/written_options.hpp"
#include "config/sql/written_times.hpp"
#include "runtime/base/time.hpp"
#include "runtime/data/quoted.hpp"
#include "runtime/expression/syntax/keywords.hpp"
#include "runtime/expression/syntax/syntax.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <iterator>
#include <optional>
#include <set>
#include <utility>

namespace millrace::config {
namespace {

using expression::quoted_identifier;

/// How wide the lines of a statement's query are set in.
constexpr std::size_t indent = 2;

/// A side of a query: FROM or JOIN.
struct relation_read {
  std::string name;   // as SQL has it
  std::string first;  // the stage's name, which a column of the rows may have, too
};

/// `counts`, or `counts.late`.
std::string relation_name(const std::string& stage) {
  for (const std::string_view late : {".late", ".late_left", ".late_right"})
    if (stage.size() > late.size() && stage.ends_with(late))
      return quoted_identifier(stage.substr(0, stage.size() - late.size())) + std::string(late);
  return quoted_identifier(stage);
}

/// `amount desc` -> the column, and whether it is turned.
std::pair<std::string, bool> order_of(const std::string& text) {
  for (const std::string_view word : {" asc", " desc", " ASC", " DESC"})
    if (text.ends_with(word)) {
      auto column = text.substr(0, text.size() - word.size());
      column.erase(column.find_last_not_of(' ') + 1);
      return {std::move(column), word.size() == 5};
    }
  return {text, false};
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

/// `a + b AS c`; a column under its own name stands alone.
written_text output_item(const std::string& name, const written_text& expression) {
  if (names_column(expression.text(), name))
    return quoted_identifier(name);
  auto out = expression;
  if (!ends_in_name(expression.text(), name))
    out += " AS " + quoted_identifier(name);
  return out;
}

class stage_writer {
public:
  stage_writer(const stage_to_write& s, report& out)
      : s_(s), body_(s.stage.value), type_(body_.members.front().value.text), out_(out) {}

  written_text run() {
    const auto before = out_.errors();
    used_.insert(body_.members.front().name);
    const auto kind = *kind_of_key(body_.members.front().name);
    auto query = query_of(kind);
    if (out_.errors() != before)
      return {};
    written_items options;
    if (kind == stage_kind::sink)
      options.push_back(text_option("connector", type_, body_.members.front().value, join(s_.path, "sink")));
    std::ranges::move(first_options_, std::back_inserter(options));
    for (const auto& m : body_.members)
      if (!used_.contains(m.name))
        write_option(m, declared(m.name), "", s_.path, options, out_);
    written_text out{fmt::format("CREATE {} {} ", kind == stage_kind::sink ? "TABLE" : "VIEW",
                                 quoted_identifier(s_.stage.name))};
    if (!options.empty()) {
      out += with_options(options, out.text().size() + 3);
      out += " ";
    }
    out += "AS";
    const auto line = out.text().rfind('\n');
    const auto width = out.text().size() - (line == std::string::npos ? 0 : line + 1);
    const bool short_one = query.size() <= 2 && width + lengths(query) < widest_line &&
                           std::ranges::none_of(query, [](const written_text& c) {
                             return c.text().find('\n') != std::string::npos;
                           });
    for (const auto& c : query) {
      out += short_one ? " " : "\n" + std::string(indent, ' ');
      out += c;
    }
    return out;
  }

private:
  static std::size_t lengths(const written_items& items) {
    std::size_t out = 0;
    for (const auto& i : items)
      out += i.text().size() + 1;
    return out;
  }

  /// The clauses of the stage's query, a line each.
  written_items query_of(stage_kind kind) {
    switch (kind) {
    case stage_kind::transform:
      if (type_ == "select" || type_ == "model")
        return selected();
      break;
    case stage_kind::window:
      if (type_ == "dedup")
        return first_rows();
      if (const auto call = window_call(type_))
        return grouped(*call);
      break;
    case stage_kind::join:
      if (type_ == "window" || type_ == "interval" || type_ == "as_of")
        return joined();
      break;
    case stage_kind::sink:
      return written();
    default:
      break;
    }
    out_.error(body_.members.front().value.where, s_.path,
               fmt::format("a {} \"{}\" has no form in SQL", body_.members.front().name, type_));
    return {};
  }

  // Members of the stage.

  [[nodiscard]] const option* declared(std::string_view name) const {
    const auto at = std::ranges::find(s_.declared, name, &option::name);
    return at == s_.declared.end() ? nullptr : &*at;
  }
  /// A clause takes the option; it is none of WITH.
  const member* take(const std::string& name) {
    const auto* const m = body_.find(name);
    if (m != nullptr)
      used_.insert(name);
    return m;
  }
  /// Its text; reported where it is none, or left out.
  std::optional<std::string> needed_text(const std::string& name) {
    const auto* const m = take(name);
    if (m != nullptr && m->value.is_text())
      return m->value.text;
    out_.error(m == nullptr ? body_.where : m->value.where, join(s_.path, name),
               fmt::format("\"{}\" stands in the query; expected it as text", name));
    return std::nullopt;
  }

  /// An expression as the topology has it, which is one, alone.
  written_text expression_of(const node& n, const std::string& path, bool is_identity = false) {
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

  written_text clause(const std::string& option, std::string_view words, bool is_identity = false) {
    const auto* const m = take(option);
    written_text out;
    if (m == nullptr)
      return out;
    out += words;
    out += expression_of(m->value, join(s_.path, option), is_identity);
    return out;
  }

  // Names that no other thing has.

  [[nodiscard]] bool is_free(const std::string& name) const {
    return s_.stages.find(name) == nullptr && !mentions(body_, name);
  }
  static bool mentions(const node& n, const std::string& word) {
    if (n.is_text())
      return n.text.find(word) != std::string::npos;
    return std::ranges::any_of(n.members,
                               [&](const member& m) { return m.name == word || mentions(m.value, word); }) ||
           std::ranges::any_of(n.items, [&](const node& item) { return mentions(item, word); });
  }
  [[nodiscard]] std::string free_name(const std::string& wish) const {
    auto out = wish;
    for (std::size_t n = 2; !is_free(out); ++n)
      out = fmt::format("{}_{}", wish, n);
    return out;
  }

  // FROM.

  /// The relation of one option; several stages become a query of WITH, which is added to `with`.
  std::optional<relation_read> relation(const std::string& option, const std::string& wish,
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
    query += branches(names, indent + 2);
    query += ")";
    with.push_back(std::move(query));
    return relation_read{name, name};
  }

  static written_text branches(const std::vector<std::string>& names, std::size_t column) {
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

  /// ` AS input` where a column of the stage's name would be taken for the stage.
  [[nodiscard]] std::string alias(const relation_read& r) const {
    const auto stage = r.first.substr(0, r.first.find('.'));
    const bool is_taken = std::ranges::any_of(body_.members, [&](const member& m) {
      const auto* const o = declared(m.name);
      return o != nullptr && (o->type == option_type::expression || o->type == option_type::expression_map) &&
             is_qualifier(m.value, stage);
    });
    return is_taken ? " AS " + free_name("input") : std::string();
  }
  /// The name stands in front of a dot, and is no end of a longer one.
  static bool is_qualifier(const node& n, const std::string& name) {
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

  static void put_with(written_items& with, written_items& out) {
    if (with.empty())
      return;
    written_text all{"WITH "};
    all += listed(with, indent, indent + 2);
    out.push_back(std::move(all));
  }

  // Items of SELECT.

  /// The stage's columns as items; `*` where it has none.
  written_items items() {
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
      if (!side_of_window || !is_bound(c))
        out.push_back(item(c, join(path, c.name)));
    return out;
  }

  /// A bound of a window under its own name.
  static bool is_bound(const member& c) {
    return (c.name == "window_start" || c.name == "window_end") && c.value.is_text() &&
           c.value.text == c.name;
  }

  /// All columns of one side of a window join: in SQL its bounds are among them.
  bool is_side_of_window(const node& columns, const std::string& path) {
    const auto* const side = columns.find("l.*") != nullptr ? columns.find("l.*") : columns.find("r.*");
    if (side == nullptr || type_ != "window")
      return false;
    if (std::ranges::count_if(columns.members, is_bound) != 2)
      out_.error(
          side->where, join(path, side->name),
          fmt::format("this has no form in SQL: {} of a window join has its bounds, too; expected "
                      "\"window_start\": \"window_start\" and \"window_end\": \"window_end\" beside it",
                      side->name));
    return true;
  }

  written_text item(const member& c, const std::string& path) {
    const bool is_star = c.name == "*" || c.name == "l.*" || c.name == "r.*";
    if (is_star && c.value.what == node::kind::boolean && c.value.flag)
      return {c.name, c.value, path, false};
    if (c.name == "*" || c.name.empty()) {
      out_.error(c.where, path,
                 c.name.empty() ? "a column needs a name; expected text"
                                : "in SQL the star stands for all other columns; expected \"*\": true");
      return {};
    }
    return output_item(c.name, expression_of(c.value, path));
  }

  static written_text select_clause(const written_items& outputs, std::string_view words = "SELECT ") {
    return listed(outputs, indent, indent + 2, words);
  }

  // Kinds of stages.

  written_items selected() {
    written_items with;
    const auto from = relation("from", "inputs", with);
    const bool plain = body_.find("columns") == nullptr && body_.find("where") == nullptr;
    return plain_query(from, with, items(), "SELECT ", plain);
  }

  /// SELECT ... FROM ... WHERE; nothing but the branches of UNION ALL where the stage adds nothing to them.
  written_items plain_query(const std::optional<relation_read>& from, written_items& with,
                            const written_items& outputs, const std::string& words, bool is_union) {
    written_items out;
    if (!from)
      return out;
    if (!with.empty() && is_union) {
      out.push_back(branches(stages_read(body_, "from"), indent));
      return out;
    }
    put_with(with, out);
    out.push_back(select_clause(outputs, words));
    out.emplace_back("FROM " + from->name + alias(*from));
    if (auto where = clause("where", "WHERE "); !where.empty())
      out.push_back(std::move(where));
    return out;
  }

  written_items first_rows() {
    written_items with;
    const auto from = relation("from", "inputs", with);
    const auto key = names("key");
    std::string on;
    for (const auto& k : key)
      on += (on.empty() ? "" : ", ") + quoted_identifier(k);
    if (key.empty())
      out_.error(body_.where, join(s_.path, "key"), "DISTINCT ON needs a key; expected at least one column");
    return plain_query(from, with, items(), fmt::format("SELECT DISTINCT ON ({}) ", on), false);
  }

  written_items written() {
    written_items with;
    const auto from = s_.takes_dead_letters ? std::optional(relation_read{s_.stage.name, s_.stage.name})
                                            : relation("from", "inputs", with);
    const bool plain = body_.find("columns") == nullptr && body_.find("where") == nullptr;
    auto out = plain_query(from, with, items(), "SELECT ", plain);
    std::string order;
    for (const auto& o : names("order_by")) {
      const auto [column, descending] = order_of(o);
      order += fmt::format("{}{}{}", order.empty() ? "" : ", ", quoted_identifier(column),
                           descending ? " DESC" : "");
    }
    if (!order.empty())
      out.push_back({"ORDER BY " + order});
    if (const auto* const limit = body_.find("limit");
        limit != nullptr && limit->value.what == node::kind::number) {
      used_.insert("limit");
      out.push_back({"LIMIT " + limit->value.text, limit->value, join(s_.path, "limit"), false});
    }
    return out;
  }

  /// The names that an option lists; a list of anything else is reported.
  std::vector<std::string> names(const std::string& option) {
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

  // Windows.

  /// The function of FROM with `{}` in the place of the relation; empty for a global window, none where there is no such window.
  std::optional<std::string> window_call(const std::string& type) {
    const auto arguments = [&](std::string call) {
      for (const auto* const option : {"zone", "offset"})
        if (const auto* const m = body_.find(option); m != nullptr && m->value.is_text()) {
          used_.insert(option);
          call += fmt::format(", {} => {}", quoted_identifier(option), text_literal(m->value.text));
        }
      return call;
    };
    const auto of = [&](const std::string& option) {
      return text_literal(needed_text(option).value_or(std::string()));
    };
    if (type == "global")
      return std::string();
    if (type == "session")
      return "session(\1, " + of("gap") + ")";
    const bool slides = type == "sliding" || (type == "window" && body_.find("slide") != nullptr);
    if (type != "tumbling" && !slides && type != "window")
      return std::nullopt;
    auto slide = slides ? of("slide") + ", " : std::string();
    return arguments((slides ? "hop(\1, " : "tumble(\1, ") + slide + of("size")) + ")";
  }
  /// `\1` stands for the relation, which no text of the topology holds at this place.
  static std::string called(const std::string& call, const std::string& relation) {
    const auto at = call.find('\1');
    return at == std::string::npos ? relation : call.substr(0, at) + relation + call.substr(at + 1);
  }

  written_items grouped(const std::string& call) {
    written_items with;
    const auto from = relation("from", "inputs", with);
    const auto keys = names("key");
    auto outputs = aggregated(keys);
    written_items out;
    if (!from)
      return out;
    if (call.empty() && body_.find("emit") == nullptr)
      first_options_.push_back(text_option("emit", "final", body_, s_.path));
    put_with(with, out);
    out.push_back(select_clause(outputs));
    out.push_back({"FROM " + called(call, from->name) + alias(*from)});
    if (auto where = clause("where", "WHERE "); !where.empty())
      out.push_back(std::move(where));
    written_items groups;
    if (!call.empty())
      groups = {"window_start", "window_end"};
    for (const auto& k : keys)
      groups.emplace_back(quoted_identifier(k));
    if (!groups.empty())
      out.push_back(listed(groups, indent, indent + 2, "GROUP BY "));
    if (auto having = clause("having", "HAVING ", true); !having.empty())
      out.push_back(std::move(having));
    return out;
  }

  /// The window's columns. An aggregate that its `columns` leave out or turn into something else has no place among them: the
  /// items are those of a window without `columns` then, and these are options.
  written_items aggregated(const std::vector<std::string>& keys) {
    const auto* const aggregates = take("aggregates");
    static const node none;
    const auto& sums = aggregates == nullptr ? none : aggregates->value;
    if (aggregates != nullptr && !sums.is_map()) {
      out_.error(sums.where, join(s_.path, "aggregates"),
                 fmt::format("found {}; expected a map of expressions", describe(sums)));
      return {};
    }
    const auto* const columns = body_.find("columns");
    if (columns != nullptr && columns->value.is_map() && gives_all(columns->value, sums, keys)) {
      used_.insert("columns");
      written_items out;
      for (const auto& c : columns->value.members)
        if (c.name == "*" && c.value.what == node::kind::boolean && c.value.flag)
          add_defaults(keys, sums, &columns->value, out);
        else if (const auto* const sum = sums.find(c.name); sum != nullptr)
          out.push_back(aggregate(*sum));
        else
          out.push_back(item(c, join(join(s_.path, "columns"), c.name)));
      return out;
    }
    written_items out;
    add_defaults(keys, sums, nullptr, out);
    return out;
  }

  written_text aggregate(const member& sum) {
    auto out = expression_of(sum.value, join(join(s_.path, "aggregates"), sum.name), true);
    out += " AS " + quoted_identifier(sum.name);
    return out;
  }

  /// Keys, aggregates and bounds, but for the columns that `columns` defines itself.
  void add_defaults(const std::vector<std::string>& keys, const node& sums, const node* columns,
                    written_items& out) {
    const auto is_own = [&](const std::string& name) {
      return columns != nullptr && columns->find(name) != nullptr;
    };
    for (const auto& k : keys)
      if (!is_own(k))
        out.emplace_back(quoted_identifier(k));
    for (const auto& sum : sums.members)
      if (!is_own(sum.name))
        out.push_back(aggregate(sum));
    for (const auto* const bound : {"window_start", "window_end"})
      if (!is_own(bound))
        out.emplace_back(bound);
  }

  /// Each aggregate is given under its name, in the order of the aggregates, and no other column is one alone under another name,
  /// or has the name of a key that it is not.
  static bool gives_all(const node& columns, const node& sums, const std::vector<std::string>& keys) {
    std::vector<std::string_view> given;
    for (const auto& c : columns.members) {
      if (c.name == "*" && c.value.what == node::kind::boolean && c.value.flag) {
        for (const auto& sum : sums.members)
          if (columns.find(sum.name) == nullptr)
            given.push_back(sum.name);
        continue;
      }
      if (!c.value.is_text())
        return false;
      const auto is = [&](const std::string& name) { return names_column(c.value.text, name); };
      if (sums.find(c.name) != nullptr && is(c.name)) {
        given.push_back(c.name);
        continue;
      }
      const bool is_of_another =
          sums.find(c.name) != nullptr ||
          std::ranges::any_of(sums.members, [&](const member& m) { return is(m.name); }) ||
          (std::ranges::find(keys, c.name) != keys.end() && !is(c.name));
      if (is_of_another)
        return false;
    }
    return std::ranges::equal(given, sums.members, {}, {},
                              [](const member& m) { return std::string_view(m.name); });
  }

  // Joins.

  written_items joined() {
    written_items with;
    const auto left = relation("left", "left_rows", with);
    const auto right = relation("right", "right_rows", with);
    const auto how = how_word();
    const auto pairs = key_pairs();
    const auto call = type_ == "window" ? window_call("window") : std::optional(std::string());
    auto outputs = items();
    written_items out;
    if (!left || !right || !how || !call)
      return out;
    put_with(with, out);
    out.push_back(select_clause(outputs));
    const bool is_anti = *how == "anti";
    std::string second = called(*call, right->name);
    std::vector<std::string> conditions;
    bool same_names = type_ == "window";
    for (const auto& [l, r] : pairs) {
      conditions.push_back(fmt::format("l.{} = r.{}", quoted_identifier(l), quoted_identifier(r)));
      same_names = same_names && l == r;
    }
    if (type_ == "interval") {
      if (auto reach = reach_of(); !reach.empty())
        conditions.push_back(std::move(reach));
    } else if (type_ == "as_of") {
      second = fmt::format("as_of({}, l.{})", right->name, quoted_identifier(time_of("left")));
    } else {
      conditions.insert(conditions.begin(),
                        {"l.window_start = r.window_start", "l.window_end = r.window_end"});
    }
    std::string on;
    for (const auto& c : conditions)
      on += (on.empty() ? "" : " AND ") + c;
    out.push_back({"FROM " + called(*call, left->name) + " AS l"});
    if (is_anti) {
      const auto inner = fmt::format("SELECT FROM {} AS r", second);
      const bool fits = inner.size() + on.size() + 26 < widest_line;
      const auto line = "\n" + std::string(indent + 2, ' ');
      out.emplace_back(
          fmt::format("WHERE NOT EXISTS ({}{}{}WHERE {})", fits ? "" : line, inner, fits ? " " : line, on));
      return out;
    }
    if (same_names) {
      on = "USING (window_start, window_end";
      for (const auto& [l, r] : pairs)
        on += ", " + quoted_identifier(l);
      on += ")";
    } else {
      on = "ON " + on;
    }
    auto line = fmt::format("{}JOIN {} AS r", how->empty() ? "" : *how + " ", second);
    line += (line.size() + on.size() + indent < widest_line ? " " : "\n" + std::string(indent + 2, ' ')) + on;
    out.push_back({std::move(line)});
    return out;
  }

  /// What stands before JOIN, or `anti`.
  std::optional<std::string> how_word() {
    const auto* const m = take("how");
    if (m == nullptr)
      return std::string();
    static const std::pair<std::string_view, std::string_view> words[] = {
        {"inner", ""}, {"left", "LEFT"}, {"right", "RIGHT"}, {"full", "FULL"}, {"anti", "anti"}};
    for (const auto& [name, word] : words)
      if (m->value.is_text() && m->value.text == name)
        return std::string(word);
    out_.error(m->value.where, join(s_.path, "how"),
               fmt::format("{} has no form in SQL; expected inner, left, right, full or anti as it is",
                           describe(m->value)));
    return std::nullopt;
  }

  /// Columns of the left side with those of the right one.
  std::vector<std::pair<std::string, std::string>> key_pairs() {
    std::vector<std::pair<std::string, std::string>> out;
    const auto* const m = body_.find("key");
    if (m != nullptr && m->value.is_map()) {
      used_.insert("key");
      for (const auto& pair : m->value.members)
        if (pair.value.is_text())
          out.emplace_back(pair.name, pair.value.text);
    } else {
      for (auto& name : names("key"))
        out.emplace_back(name, name);
    }
    if (out.empty())
      out_.error(m == nullptr ? body_.where : m->value.where, join(s_.path, "key"),
                 "a join is by equal columns; expected at least one in its key");
    return out;
  }

  /// The column with the event time of a side's rows.
  std::string time_of(const std::string& side) {
    std::optional<std::string> out;
    for (const auto& name : stages_read(body_, side)) {
      const auto column = time_column(s_.stages, name);
      if (!column || (out && *out != *column)) {
        const auto* const m = body_.find(side);
        out_.error(m->value.where, join(s_.path, side),
                   fmt::format("in SQL this join names the column with the event time of its {0} rows, and "
                               "\"{1}\" gives {2}; expected a column with it there",
                               side, name, column ? "it another name than the others" : "none"));
        return {};
      }
      out = column;
    }
    return out.value_or(std::string());
  }

  /// r.TIME BETWEEN l.TIME - interval 'before' AND l.TIME + interval 'after'.
  std::string reach_of() {
    const auto before = needed_text("before");
    const auto after = needed_text("after");
    const auto left = time_of("left");
    const auto right = time_of("right");
    if (!before || !after || left.empty() || right.empty())
      return {};
    const auto bound = [&](const std::string& distance, bool is_before) {
      const bool is_negative = distance.starts_with('-');
      const auto length = is_negative ? distance.substr(distance.find_first_not_of("- ")) : distance;
      const auto parsed = parse_duration(length);
      const auto column = "l." + quoted_identifier(left);
      return parsed && parsed->count() == 0
                 ? column
                 : fmt::format("{} {} interval {}", column, is_before != is_negative ? '-' : '+',
                               text_literal(length));
    };
    return fmt::format("r.{} BETWEEN {} AND {}", quoted_identifier(right), bound(*before, true),
                       bound(*after, false));
  }

  const stage_to_write& s_;
  const node& body_;
  const std::string& type_;
  report& out_;
  std::set<std::string> used_;   // members that clauses have
  written_items first_options_;  // beside those of members
};

}  // namespace

std::vector<std::string> stages_read(const node& stage, std::string_view option) {
  std::vector<std::string> out;
  const auto* const m = stage.find(option);
  if (m == nullptr)
    return out;
  if (m->value.is_text())
    out.push_back(m->value.text);
  for (const auto& item : m->value.items)
    if (item.is_text())
      out.push_back(item.text);
  return out;
}

written_text write_stage(const stage_to_write& s, report& out) { return stage_writer(s, out).run(); }

}  // namespace millrace::config
