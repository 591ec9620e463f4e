// The plans that this process has worked out. Its directors, hosts and view read the same plan of a topology, which is loaded
// and laid out once a generation. Any thread may ask.
#pragma once

#include "actors/node/host/hosted_plan.hpp"
#include "runtime/cluster/control_state.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

namespace millrace::host {

class planned_topologies {
public:
  /// Plans of more topologies than that, which is more than a cluster has, are worked out again.
  static constexpr std::size_t most = 128;

  /// `lane_credit`: see deployment::pipeline_bounds. `lone`: the plan of the one topology that runs in this process alone, which
  /// counts whatever `control` has of it.
  explicit planned_topologies(std::size_t lane_credit = lane::lane_options{}.credit,
                              std::shared_ptr<const planned_topology> lone = nullptr)
      : lane_credit_(lane_credit), lone_(std::move(lone)) {}

  /// Returns the plan of the topology's present generation. Whoever asks first works it out, which blocks the others that ask
  /// for the same. A plan of an earlier generation than the newest is not kept. Errors: those of decode_plan(), load_plan() and
  /// unfold(); they are found anew each time.
  [[nodiscard]] expected<std::shared_ptr<const planned_topology>> of(const std::string& topology,
                                                                     const cluster::topology_state& now);

private:
  struct kept_plan {
    std::uint64_t generation = 0;
    std::string bytes;
    std::mutex mutex;  // guards `planned`, and is locked while that is worked out
    std::shared_ptr<const planned_topology> planned;
  };
  struct latest_plan {
    std::shared_ptr<kept_plan> plan;
    std::uint64_t asked = 0;  // the number of the last question for it
  };
  [[nodiscard]] std::shared_ptr<kept_plan> find(const std::string& topology,
                                                const cluster::topology_state& now);

  const std::size_t lane_credit_;
  const std::shared_ptr<const planned_topology> lone_;
  std::mutex mutex_;                        // guards what follows
  std::map<std::string, latest_plan> all_;  // keyed by topology
  std::uint64_t questions_ = 0;
};

}  // namespace millrace::host
