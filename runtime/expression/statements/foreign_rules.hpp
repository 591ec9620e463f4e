// Rules that know other products' SQL: each looks at the place where the parser gave up. Pure.
#pragma once

#include "runtime/expression/statements/mistaken.hpp"

#include <span>

namespace millrace::sql {

using maybe_problem = std::optional<expression::problem>;
using foreign_rule = maybe_problem (*)(const mistaken&);

[[nodiscard]] std::span<const foreign_rule> statement_rules();
/// Looks for durations, windows, joins in time and event times.
[[nodiscard]] std::span<const foreign_rule> time_rules();
/// Looks for columns, types, options, names and values.
[[nodiscard]] std::span<const foreign_rule> column_rules();

struct words_and_remedy {
  std::string_view words;  // as are() takes them
  std::string_view message;
};

}  // namespace millrace::sql
