// Runs a function on a thread of its own with a stack of a given size and waits for it. libpg_query recurses
// as deep as its input nests, and a caller's stack may be small.
#pragma once

#include <cstddef>
#include <functional>

namespace millrace::expression {

/// False where no thread could be started; `work` then did not run. `work` must not throw.
[[nodiscard]] bool run_with_stack(std::size_t bytes, const std::function<void()>& work);

}  // namespace millrace::expression
