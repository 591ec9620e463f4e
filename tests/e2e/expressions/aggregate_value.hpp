// One aggregate over the rows of a table, without a window around it.
#pragma once

#include "runtime/expression/expression.hpp"

#include <string>

namespace millrace::expression {

/// `column` has one row; where `failure` says why the row fails, it is null.
struct aggregate_value {
  data::column_ptr column;
  std::string failure;
};
/// The rows come in their order, a microsecond apart.
[[nodiscard]] aggregate_value value_of(const bound_aggregate& a, const data::batch& table);

}  // namespace millrace::expression
