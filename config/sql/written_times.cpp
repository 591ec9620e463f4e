#include "config/sql/written_times.hpp"

#include "config/core_options.hpp"
#include "config/plan/parser_schema.hpp"
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

std::optional<std::string> time_column(const node& stages, const std::string& stage) {
  std::vector<const node*> below;  // transforms that the time goes through
  auto name = stage;
  while (below.size() <= stages.members.size()) {
    const auto* const m = stages.find(name);
    if (m == nullptr || !m->value.is_map() || m->value.members.empty())
      return std::nullopt;
    const auto& at = m->value;
    const auto kind = kind_of_key(at.members.front().name);
    if (!kind || *kind == stage_kind::source || *kind == stage_kind::sink)
      return std::nullopt;
    if (*kind == stage_kind::transform && at.find("event_time") == nullptr) {
      const auto* const from = at.find("from");
      if (from == nullptr)
        return std::nullopt;
      below.push_back(&at);
      const auto& first = from->value.items.empty() ? from->value : from->value.items.front();
      name = first.text;
      continue;
    }
    auto column = first_column(at, *kind);
    for (auto s = below.rbegin(); column && s != below.rend(); ++s)
      column = behind_columns(**s, *column);
    return column;
  }
  return std::nullopt;  // a ring
}

}  // namespace millrace::config
