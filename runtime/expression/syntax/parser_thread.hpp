// libpg_query recurses as deep as its input nests, and a caller's stack may be small: it runs on a thread of its own.
#pragma once

#include <cstddef>
#include <functional>

namespace millrace::expression {

/// Stack that libpg_query may need for a text of that many bytes: it was measured to need less than 2 KiB a level, and a level
/// takes at least two bytes of text.
[[nodiscard]] constexpr std::size_t parser_stack_for(std::size_t text) { return text / 2 * 4096; }

/// Runs the function on a thread with a stack of that many bytes, and waits for it; one at a time in the process. False where
/// no thread could be started; `work` then did not run. `work` must not throw.
[[nodiscard]] bool run_on_parser_thread(std::size_t stack, const std::function<void()>& work);

}  // namespace millrace::expression
