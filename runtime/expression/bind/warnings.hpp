// Warnings about an expression that is bound: it runs, and means something else than whoever wrote it thought.
#pragma once

#include "runtime/expression/expression.hpp"

namespace millrace::expression {

/// By their places in the text. Those of an aggregate are with its argument, its filter and the values of its order.
[[nodiscard]] const problems& warnings_of(const bound& e);
[[nodiscard]] problems warnings_of(const bound_aggregate& a);

}  // namespace millrace::expression
