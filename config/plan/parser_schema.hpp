// The `schema` of a parser: names to types, with the formats of timestamps; and the hidden columns after
// them.
#pragma once

#include "config/plan/draft.hpp"

#include <optional>

namespace millrace::config {

/// Every parsed row has these, in the order of parser_options.
[[nodiscard]] std::vector<data::field> hidden_columns(data::type_id key);

/// The column that an expression for the event time computes.
inline constexpr std::string_view computed_event_time = "_event_time";

/// Whether the parser's event time is an expression, and so such a column.
[[nodiscard]] bool computes_event_time(const draft& parser);

struct parser_schema {
  std::vector<data::field> declared;
  std::vector<parser_plan::timestamp_format> formats;  // one a declared column
  std::vector<bool> untyped;  // one a declared column: a finding was reported, and the type means nothing
};
/// Returns nothing where it is no map.
[[nodiscard]] std::optional<parser_schema> read_parser_schema(const node& n, const std::string& path,
                                                              report& out);

}  // namespace millrace::config
