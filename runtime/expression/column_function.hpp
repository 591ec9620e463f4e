// A column that is no expression's: computed for a whole batch at once by somebody else's function. It goes
// wherever a bound expression goes, so that steps, projections and failures work with it as with others.
#pragma once

#include "runtime/expression/expression.hpp"

namespace millrace::expression {

/// Immutable; any thread may call it.
class column_function {
public:
  virtual ~column_function() = default;
  /// One value a row, null where the row fails; failures ascend, at most one a row. Only the columns that were
  /// bound are there.
  [[nodiscard]] virtual data::column_ptr values(const data::batch& input,
                                                std::vector<row_failure>& failures) const = 0;
};

/// `columns`: those of the input that it reads.
[[nodiscard]] bound bind_function(std::shared_ptr<const column_function> f, data::type result,
                                  std::vector<std::size_t> columns);

/// Returns null for an expression.
[[nodiscard]] const column_function* function_of(const bound& b);

}  // namespace millrace::expression
