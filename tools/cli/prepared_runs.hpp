// Runs before their start: each has its state folder open, and nothing outside was contacted.
#pragma once

#include "actors/observe/troubles.hpp"
#include "config/plan.hpp"
#include "runtime/base/time.hpp"
#include "tools/cli/outcome.hpp"
#include "tools/cli/subcommands.hpp"
#include "tools/cli/topology_arguments.hpp"
#include "tools/cli/topology_run.hpp"

#include <boost/json/object.hpp>

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace millrace::cli {

/// The one line with which the run of a topology begins: what runs here, on which state, and where to look in.
/// Pure but for `last_written`.
struct start {
  topology_arguments given;
  std::string folder;
  std::optional<event_micros> resumed{};  // the last write of its state; none: a new state begins
  std::string http{};                     // address of the API; empty: there is none
};

[[nodiscard]] std::string start_text(const config::topology& t, const start& s);
[[nodiscard]] boost::json::object start_members(const config::topology& t, const start& s);

/// Returns when anything in a state folder was last written; no value where it is none.
[[nodiscard]] std::optional<event_micros> last_written(const std::string& folder);

/// Holds the runs that have something to do, and what their start lines say.
struct prepared_runs {
  std::vector<std::unique_ptr<topology_run>> all;
  std::vector<start> starts;
  std::vector<fail_rule> fail_on;
  observe::trouble_limits degraded_by;
  int status = exit_done;  // the status of those that had come to their end before
};

/// Opens the run of one more topology, and remembers the command in its state folder. One that has ended
/// before is concluded instead. `secrets`: values that the folder must not hold.
[[nodiscard]] expected<void> prepare(prepared_runs& to, const std::shared_ptr<const config::topology>& t,
                                     const std::string& folder, const topology_arguments& given,
                                     const std::vector<std::string>& secrets, const run_settings& settings);

}  // namespace millrace::cli
