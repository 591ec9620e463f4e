// Windows as GROUP BY.
#include "config/sql/stage_writer.hpp"
#include "config/sql/written_options.hpp"
#include "config/sql/written_times.hpp"
#include "runtime/expression/syntax/keywords.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace millrace::config {

std::optional<std::string> stage_writer::window_call(const std::string& type) {
  const auto arguments = [&](std::string call) {
    for (const auto* const option : {"zone", "offset"})
      if (const auto* const m = body_.find(option); m != nullptr && m->value.is_text()) {
        used_.insert(option);
        call += fmt::format(", {} => {}", expression::quoted_identifier(option), text_literal(m->value.text));
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

std::string stage_writer::called(const std::string& call, const std::string& relation) {
  const auto at = call.find('\1');
  return at == std::string::npos ? relation : call.substr(0, at) + relation + call.substr(at + 1);
}

written_items stage_writer::grouped(const std::string& call) {
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
    groups.emplace_back(expression::quoted_identifier(k));
  if (!groups.empty())
    out.push_back(listed(groups, query_indent, query_indent + 2, "GROUP BY "));
  if (auto having = clause("having", "HAVING ", true); !having.empty())
    out.push_back(std::move(having));
  return out;
}

written_items stage_writer::aggregated(const std::vector<std::string>& keys) {
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

written_text stage_writer::aggregate(const member& sum) {
  auto out = expression_of(sum.value, join(join(s_.path, "aggregates"), sum.name), true);
  out += " AS " + expression::quoted_identifier(sum.name);
  return out;
}

void stage_writer::add_defaults(const std::vector<std::string>& keys, const node& sums, const node* columns,
                                written_items& out) {
  const auto is_own = [&](const std::string& name) {
    return columns != nullptr && columns->find(name) != nullptr;
  };
  for (const auto& k : keys)
    if (!is_own(k))
      out.emplace_back(expression::quoted_identifier(k));
  for (const auto& sum : sums.members)
    if (!is_own(sum.name))
      out.push_back(aggregate(sum));
  for (const auto* const bound : {"window_start", "window_end"})
    if (!is_own(bound))
      out.emplace_back(bound);
}

bool stage_writer::gives_all(const node& columns, const node& sums, const std::vector<std::string>& keys) {
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

}  // namespace millrace::config
