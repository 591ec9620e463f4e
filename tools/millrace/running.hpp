// The topologies that run in this process, as progress lines, metrics and reports see them. Written by the
// threads that run them, sampled by the progress printer, read by any.
#pragma once

#include "tools/millrace/flow_meter.hpp"

#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace millrace::cli {

struct running_topology {
  std::shared_ptr<const config::topology> topology;
  pipeline_gauges gauges;
  std::shared_ptr<snapshot::state_store> store;
  bool runs = true;
  flow_meter flow{};
};

class running_topologies {
public:
  void add(running_topology t) {
    const std::lock_guard lock(mutex_);
    all_.push_back(std::move(t));
    all_.back().flow.sample(flow_meter::clock::now(), all_.back().gauges);
  }
  /// It stays on the board: its last figures may be asked for.
  void ended(const std::string& name) {
    const std::lock_guard lock(mutex_);
    for (auto& t : all_)
      t.runs = t.runs && t.topology->name != name;
  }
  /// About once a second.
  void sample(flow_meter::clock::time_point now) {
    const std::lock_guard lock(mutex_);
    for (auto& t : all_)
      t.flow.sample(now, t.gauges);
  }
  /// In the order in which they were added.
  [[nodiscard]] std::vector<running_topology> all() const {
    const std::lock_guard lock(mutex_);
    return all_;
  }

private:
  mutable std::mutex mutex_;
  std::vector<running_topology> all_;
};

}  // namespace millrace::cli
