// The options that belong to the language and not to a connector: of the top level, of every source, parser,
// transform, window, join and sink. The one declaration that reading, docs and JSON Schema share.
#pragma once

#include "config/catalog.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace millrace::config {

/// `stages` and `dead_letters` are declared as `any`: the planner reads them stage by stage.
[[nodiscard]] const std::vector<option>& top_level_options();
/// `dead_letters` takes these where it names no sink: how the file in the state folder is kept.
[[nodiscard]] const std::vector<option>& dead_letter_options();
/// Options of sinks that the sink of dead letters has not: its rows are no window's, and come from all stages.
inline constexpr std::string_view not_of_dead_letters[] = {"from", "order_by", "limit", "limit_by", "rank"};
/// Every stage of this kind and type takes these beside its connector's own.
[[nodiscard]] const std::vector<option>& core_options(stage_kind kind, std::string_view type);
/// All that a stage takes: the core's, then the connector's (null for windows and transforms).
[[nodiscard]] std::vector<option> stage_options(stage_kind kind, std::string_view type, const connector* own);
/// The members of a parser's column in long form: { "type": ..., "format": ..., "trailing": ... }.
[[nodiscard]] const std::vector<option>& column_options();

/// Windows, joins and transforms: the types that need no connector, with one sentence each.
struct core_type {
  stage_kind kind;
  std::string_view type;
  std::string_view doc;
};
[[nodiscard]] const std::vector<core_type>& core_types();

/// The user wrote the option, also where the word that he wrote ("off") stands for no value.
[[nodiscard]] bool is_written(const values& options, std::string_view option);

inline constexpr std::string_view kind_keys[] = {"source", "parser", "transform", "window", "join", "sink"};
/// The kind that a key says, or none.
[[nodiscard]] std::optional<stage_kind> kind_of_key(std::string_view key);

}  // namespace millrace::config
