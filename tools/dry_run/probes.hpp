// Gives a topology a sink of its own at every stage that gives rows, so that a dry run can show what each of
// them gives by the very code that carries rows to sinks. Pure.
#pragma once

#include "config/plan.hpp"

#include <memory>
#include <string>
#include <vector>

namespace millrace::dry_run {

/// A place whose rows are looked at, in the order of data flow.
struct probe {
  std::string name;      // "parsed", "counts", "counts.late", or a sink's
  std::uint32_t sink{};  // index of the stage in the probed topology
  bool ordered = false;  // sorted by the sink's order_by
};

struct probed_topology {
  std::shared_ptr<const config::topology> topology;
  std::vector<probe> probes;
};

/// Sinks of the topology are looked at as they are. Parsers build all their columns, except where
/// `"validate": "projected"` makes that a difference.
[[nodiscard]] probed_topology with_probes(const config::topology& t);

}  // namespace millrace::dry_run
