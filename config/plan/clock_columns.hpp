// Columns that sinks write whose values are `ts at time zone 'Europe/Berlin'`: a sink writes a timestamp as a moment, and readers would
// take the clocks of the zone for those of UTC.
#pragma once

#include "config/plan/draft.hpp"

namespace millrace::config {

/// Warns of each such column once, where it is declared. Follows columns by their names, through selects and keys of windows, up to
/// expressions; those that compute with such a time, and joins, are passed over.
void warn_of_clocks(const drafts& all, report& out);

}  // namespace millrace::config
