// Tells expressions whose result may be much longer than what they read, by what stands in a row.
#pragma once

#include "runtime/expression/expression.hpp"

namespace millrace::expression {

/// True if a row decides how many times longer the result is, as in `repeat(text, n)`; not in `repeat(text, 3)`, which is the
/// author's choice. Whoever evaluates it over rows of strangers takes few of them at a time.
[[nodiscard]] bool may_multiply(const bound& e);

}  // namespace millrace::expression
