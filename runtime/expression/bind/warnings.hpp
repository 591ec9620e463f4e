// Warnings about an expression that is bound: it runs, and means something else than whoever wrote it thought.
#pragma once

#include "runtime/expression/expression.hpp"

namespace millrace::expression {

/// The warnings of an expression, by their places in the text. An aggregate's argument, filter and order have their own.
[[nodiscard]] const problems& warnings_of(const bound& e);
[[nodiscard]] problems warnings_of(const bound_aggregate& a);

}  // namespace millrace::expression
