// The problems of an expression whose columns are known in part only, because a stage upstream has a mistake
// of its own: every problem that remains for any outcome of the rest, and no other.
#pragma once

#include "runtime/expression/expression.hpp"

#include <optional>
#include <string_view>
#include <vector>

namespace millrace::expression {

struct partial_scope {
  scope names;                // every column whose name is known; the type of an untyped one means nothing
  std::vector<bool> untyped;  // one a column of `names`: the type is not known
  bool complete = false;      // there are no other columns
  bool unnest = false;        // unnest(...) may stand in a value
};

struct partial_result {
  problems found;
  std::optional<data::type> type;  // set where all names in the expression are known and it is right
};

[[nodiscard]] partial_result check_value(std::string_view text, const partial_scope& names);
[[nodiscard]] partial_result check_condition(std::string_view text, const partial_scope& names);
/// One of a window's aggregates: its arguments are over `input`.
[[nodiscard]] partial_result check_aggregate(std::string_view text, const partial_scope& input);
/// `having`: over the window's `output`, and in aggregates over `input`.
[[nodiscard]] partial_result check_having(std::string_view text, const partial_scope& output,
                                          const partial_scope& input);

}  // namespace millrace::expression
