// Joins as JOIN ... ON, USING and NOT EXISTS.
#include "config/sql/sql_expressions.hpp"
#include "config/sql/stage_writer.hpp"
#include "config/sql/written_times.hpp"
#include "config/text/quoted.hpp"
#include "runtime/base/time.hpp"
#include "runtime/expression/syntax/keywords.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace millrace::config {
namespace {

std::string text_of_time(std::string_view row, const written_time& time) {
  auto out = fmt::format("{}.{}", row, expression::quoted_identifier(time.column));
  if (time.later != micros(0))
    out += fmt::format(" - interval {}", text_literal(format_duration(time.later)));
  return out;
}

}  // namespace

written_items stage_writer::joined() {
  written_items with;
  const auto left = relation("left", "left_rows", with);
  const auto right = relation("right", "right_rows", with);
  const auto how = how_word();
  const auto pairs = key_pairs();
  const auto call = type_ == "window" ? window_call("window") : std::optional(std::string());
  if (how && (*how == "RIGHT" || *how == "FULL"))
    for (const auto& [l, r] : pairs)
      if (std::ranges::any_of(pairs, [](const auto& pair) { return pair.first != pair.second; }))
        keys_of_both_.emplace(
            l, fmt::format("coalesce(l.{}, r.{})", expression::quoted_label(l), expression::quoted_label(r)));
  if (type_ == "window")
    check_bounds_of_sides();
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
    conditions.push_back(
        fmt::format("l.{} = r.{}", expression::quoted_identifier(l), expression::quoted_identifier(r)));
    same_names = same_names && l == r;
  }
  if (type_ == "interval") {
    if (auto reach = reach_of(); !reach.empty())
      conditions.push_back(std::move(reach));
  } else if (type_ == "as_of") {
    if (const auto time = time_of("left"))
      second = fmt::format("as_of({}, {})", right->name, text_of_time("l", *time));
  } else {
    conditions.insert(conditions.begin(), {"l.window_start = r.window_start", "l.window_end = r.window_end"});
  }
  std::string on;
  for (const auto& c : conditions)
    on += (on.empty() ? "" : " AND ") + c;
  out.push_back({"FROM " + called(*call, left->name) + " AS l"});
  if (is_anti) {
    const auto inner = fmt::format("SELECT FROM {} AS r", second);
    const bool fits = inner.size() + on.size() + 26 < widest_line;
    const auto line = "\n" + std::string(query_indent + 2, ' ');
    out.emplace_back(
        fmt::format("WHERE NOT EXISTS ({}{}{}WHERE {})", fits ? "" : line, inner, fits ? " " : line, on));
    return out;
  }
  if (same_names) {
    on = "USING (window_start, window_end";
    for (const auto& [l, r] : pairs)
      on += ", " + expression::quoted_identifier(l);
    on += ")";
  } else {
    on = "ON " + on;
  }
  auto line = fmt::format("{}JOIN {} AS r", how->empty() ? "" : *how + " ", second);
  line += (line.size() + on.size() + query_indent < widest_line ? " "
                                                                : "\n" + std::string(query_indent + 2, ' ')) +
          on;
  out.push_back({std::move(line)});
  return out;
}

void stage_writer::check_bounds_of_sides() {
  const auto* const columns = body_.find("columns");
  for (const auto& c : columns == nullptr ? std::vector<member>() : columns->value.members) {
    const auto parsed =
        c.value.is_text() ? std::optional(expression::parse(c.value.text, nullptr)) : std::nullopt;
    if (!parsed || !*parsed)
      continue;
    each_column(**parsed, [&](const expression::syntax& column) {
      if (column.path.size() < 2 || (column.path[0].name != "l" && column.path[0].name != "r") ||
          (column.path[1].name != "window_start" && column.path[1].name != "window_end"))
        return;
      out_.error(
          location_in_text(c.value, column.offset), join(join(s_.path, "columns"), c.name),
          fmt::format(
              "this has no form in SQL: {0}.{1} is a column of that side's row, and there the bound of the "
              "join's window; expected {1}, or another name for the column upstream",
              column.path[0].name, column.path[1].name));
    });
  }
}

std::optional<std::string> stage_writer::how_word() {
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

std::vector<std::pair<std::string, std::string>> stage_writer::key_pairs() {
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

std::optional<written_time> stage_writer::time_of(const std::string& side) {
  std::optional<written_time> out;
  for (const auto& name : stages_read(body_, side)) {
    std::optional<dropped_time> dropped;
    const auto column = time_column(s_.stages, name, &dropped);
    if (!column || (out && *out != *column)) {
      const auto* const m = body_.find(side);
      const auto remedy = dropped
                              ? fmt::format("the \"columns\" of \"{}\" to keep it: {}: {}", dropped->stage,
                                            quoted(dropped->column), quoted(dropped->expression))
                              : std::string("a column with it there");
      out_.error(m->value.where, join(s_.path, side),
                 fmt::format("in SQL this join names the column with the event time of its {} rows, and "
                             "\"{}\" gives {}; expected {}",
                             side, name, column ? "it another name than the others" : "none", remedy));
      return std::nullopt;
    }
    out = column;
  }
  return out;
}

std::string stage_writer::reach_of() {
  const auto before = needed_text("before");
  const auto after = needed_text("after");
  auto left = time_of("left");
  auto right = time_of("right");
  if (!before || !after || !left || !right)
    return {};
  if (left->later == right->later)
    left->later = right->later = micros(0);
  const auto bound = [&](const std::string& distance, bool is_before) {
    const bool is_negative = distance.starts_with('-');
    const auto length = is_negative ? distance.substr(distance.find_first_not_of("- ")) : distance;
    const auto parsed = parse_duration(length);
    const auto column = text_of_time("l", *left);
    return parsed && parsed->count() == 0
               ? column
               : fmt::format("{} {} interval {}", column, is_before != is_negative ? '-' : '+',
                             text_literal(length));
  };
  return fmt::format("{} BETWEEN {} AND {}", text_of_time("r", *right), bound(*before, true),
                     bound(*after, false));
}

}  // namespace millrace::config
