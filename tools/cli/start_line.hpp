// The one line with which the run of a topology begins: what runs here, on which state, and where to look in.
// Pure but for `last_written`.
#pragma once

#include "config/plan.hpp"
#include "runtime/base/time.hpp"
#include "tools/cli/topology_arguments.hpp"

#include <boost/json/object.hpp>

#include <memory>
#include <optional>
#include <string>

namespace millrace::cli {

struct start {
  topology_arguments given;
  std::string folder;
  std::optional<event_micros> resumed{};  // the last write of its state; none: a new state begins
  std::string http{};                     // address of the API; empty: there is none
};

[[nodiscard]] std::string start_text(const config::topology& t, const start& s);
[[nodiscard]] boost::json::object start_members(const config::topology& t, const start& s);

/// Returns when anything in a state folder was last written; no value where the topology has not begun to
/// read into it.
[[nodiscard]] std::optional<event_micros> last_written(const std::string& folder,
                                                       const std::shared_ptr<const config::topology>& t);

}  // namespace millrace::cli
