// Words about windows that wait for idle partitions, since their receivers have rows of a later state (delivery::later_rows): `explain`,
// the list and the log say the same. Pure.
#pragma once

#include "actors/observe/figures.hpp"
#include "config/plan.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace millrace::observe {

/// "in/south.jsonl of files", of the log PARSER/PARTITION.
[[nodiscard]] std::string partition_of_log(const config::topology& t, const std::string& log);
/// "partition a of in", or "partitions a of in, b of in and 3 more", the first ones by name. `is_cut`: there are more than these.
[[nodiscard]] std::string partitions_text(std::vector<std::string> names, bool is_cut);
/// A record of this time has any partition that feeds the window come to `mark`.
[[nodiscard]] event_time record_for(const config::topology& t, const config::stage& window, event_time mark);
/// "a record at or after ... on it lets windows go on, and so ...", where they wait for so many partitions.
[[nodiscard]] std::string ways_on(std::size_t partitions, event_time record);

}  // namespace millrace::observe
