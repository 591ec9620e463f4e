// Tells whether a key made of a window's bounds keeps its windows apart: to_char(window_start, 'HH24') is the same every
// day. The check of upserts asks this.
#pragma once

#include "config/plan/draft.hpp"
#include "runtime/base/time.hpp"

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace millrace::config {

/// The begins of two windows of the stage `window` whose rows have the same values in these columns of a sink. Found by
/// trying windows of a year, so what is found is certain, and what differs by rarer windows is not found. None as well
/// where a column is made of a bound and of something else, or where a condition reads a bound.
[[nodiscard]] std::optional<std::pair<event_micros, event_micros>>
windows_alike(const draft& sink, const drafts& all, std::size_t window, const std::vector<std::string>& key);

}  // namespace millrace::config
