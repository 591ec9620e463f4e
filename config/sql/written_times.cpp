#include "config/sql/written_times.hpp"

#include "config/core_options.hpp"
#include "config/plan/parser_schema.hpp"
#include "config/sql/sql_times.hpp"
#include "config/text/report.hpp"
#include "runtime/data/quoted.hpp"

#include <algorithm>
#include <cctype>
#include <vector>

namespace millrace::config {
namespace {

std::string text_of(const node& stage, std::string_view option) {
  const auto* const m = stage.find(option);
  return m != nullptr && m->value.is_text() ? m->value.text : std::string();
}

/// The column's name behind a stage's `columns`.
std::optional<std::string> behind_columns(const node& stage, const std::string& column) {
  const auto* const map = stage.find("columns");
  if (column.starts_with('_') || map == nullptr || !map->value.is_map())
    return column;
  for (const auto& m : map->value.members)
    if (m.value.is_text() && names_column(m.value.text, column))
      return m.name;
  const bool kept = map->value.find("*") != nullptr && map->value.find(column) == nullptr;
  return kept ? std::optional(column) : std::nullopt;
}

/// The name of a column of the left side, or of a dedup's rows, behind a stage whose rows keep their times.
std::optional<std::string> behind_rows(const node& stage, const written_time& time) {
  const auto& column = time.column;
  if (stage.members.front().name != "join")
    return behind_columns(stage, column);
  const auto* const map = stage.find("columns");
  if (map == nullptr || !map->value.is_map())
    return column.starts_with('_') ? std::nullopt : std::optional(column);
  for (const auto& m : map->value.members) {
    auto text = m.value.is_text() ? m.value.text : std::string();
    text.erase(text.find_last_not_of(' ') + 1);
    if (text.starts_with("l.")
            ? names_column(text.substr(2), column)
            : names_column(text, column) &&
                  (has_key(stage, column) || (column == "window_end" && time.later == micros(1))))
      return m.name;
  }
  const bool kept = (map->value.find("*") != nullptr || map->value.find("l.*") != nullptr) &&
                    map->value.find(column) == nullptr && !column.starts_with('_');
  return kept ? std::optional(column) : std::nullopt;
}

/// The rows have the times of those that the stage reads.
bool keeps_times(const node& stage, stage_kind kind) {
  const auto& type = stage.members.front().value.text;
  return (kind == stage_kind::transform && stage.find("event_time") == nullptr) ||
         (kind == stage_kind::window && type == "dedup") || (kind == stage_kind::join && type != "window");
}

/// The column of a stage where event time begins.
std::optional<std::string> first_column(const node& stage, stage_kind kind) {
  if (kind == stage_kind::parser) {
    auto name = text_of(stage, "event_time");
    const auto* const schema = stage.find("schema");
    const bool is_word = std::ranges::all_of(
        name, [](unsigned char c) { return c >= 0x80 || std::isalnum(c) != 0 || c == '_' || c == '-'; });
    if (name.empty())
      return std::nullopt;
    return is_word || (schema != nullptr && schema->value.find(name) != nullptr)
               ? name
               : std::string(computed_event_time);
  }
  if (kind == stage_kind::transform)
    return text_of(stage, "event_time");
  const auto type = stage.members.front().value.text;
  if (kind == stage_kind::window && type == "global")
    return std::nullopt;
  if (kind == stage_kind::join && type != "window" && has_key(stage, "window_start"))
    return std::nullopt;
  const bool by_rows = type == "dedup" || (kind == stage_kind::join && type != "window");
  return behind_columns(stage, by_rows ? "window_start" : "window_end");
}

}  // namespace

bool names_column(const std::string& expression, const std::string& column) {
  // Without quotes a name is read in lower case.
  const bool is_plain = std::ranges::all_of(
      column, [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; });
  return (is_plain && expression == column) || expression == data::in_quotes(column, '"');
}

std::optional<written_time> time_column(const node& stages, const std::string& stage,
                                        std::optional<dropped_time>* dropped) {
  std::vector<const member*> below;  // stages that the time goes through
  auto name = stage;
  while (below.size() <= stages.members.size()) {
    const auto* const m = stages.find(name);
    if (m == nullptr || !m->value.is_map() || m->value.members.empty())
      return std::nullopt;
    const auto& at = m->value;
    const auto kind = kind_of_key(at.members.front().name);
    if (!kind || *kind == stage_kind::source || *kind == stage_kind::sink)
      return std::nullopt;
    // A join and a dedup name their rows' times themselves, too.
    const bool keeps = keeps_times(at, *kind);
    auto column = keeps && *kind == stage_kind::transform ? std::nullopt : first_column(at, *kind);
    if (!column && keeps) {
      const auto* const from = at.find(*kind == stage_kind::join ? "left" : "from");
      if (from == nullptr)
        return std::nullopt;
      below.push_back(m);
      const auto& first = from->value.items.empty() ? from->value : from->value.items.front();
      name = first.text;
      continue;
    }
    if (!column)
      return std::nullopt;
    // The bound of a window is a microsecond behind the time of its row.
    const bool has_end = *kind == stage_kind::window || *kind == stage_kind::join;
    written_time out{*std::move(column), micros(has_end && !keeps ? 1 : 0)};
    for (auto s = below.rbegin(); s != below.rend(); ++s) {
      const auto& through = (*s)->value;
      auto next = behind_rows(through, out);
      if (!next && dropped != nullptr && !out.column.starts_with('_'))
        *dropped = {
            (*s)->name, out.column,
            (through.members.front().name == "join" ? "l." : "") +
                (names_column(out.column, out.column) ? out.column : data::in_quotes(out.column, '"'))};
      if (!next)
        return std::nullopt;
      out.column = *std::move(next);
    }
    return out;
  }
  return std::nullopt;  // a ring
}

}  // namespace millrace::config
