// Says whether windows lie across the bounds of a window downstream of them.
#pragma once

#include "runtime/window/window.hpp"

namespace millrace::config {

/// Both are aligned. True where no window of `upstream` begins before a bound of `downstream` and ends behind it:
/// its row, which has the time of its end, counts where all of its records would. By one clock that is exact; by
/// two, the bounds of a year are tried.
[[nodiscard]] bool lies_within(const window::definition& upstream, const window::definition& downstream);

}  // namespace millrace::config
