// The board: the topologies that run in this process, as answers, metrics and progress lines see them. The
// owner of the process owns it; the threads and actors that run them write it, one samples it, any reads it.
#pragma once

#include "actors/observe/flow_meter.hpp"
#include "actors/observe/troubles.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace millrace::observe {

/// The counts of a topology are shown for so long after none of it lives here any more: a few scrapes, so that the last ones
/// are seen. A series that is shown for longer looks alive.
inline constexpr std::chrono::minutes past_after{2};

struct running_topology {
  std::shared_ptr<const config::topology> topology;
  deployment::pipeline_gauges gauges;
  std::function<std::uint64_t()> state_bytes = {};  // none on a node: its cluster has the state
  bool runs = true;
  flow_meter flow{};
  trouble_watch troubles{};

  std::optional<flow_meter::clock::time_point> idle_since{};
  bool is_past = false;  // none of its actors has lived here for `past_after`

  /// Its sources have been reached, and its actors are there: gauges are.
  bool is_prepared = false;

  /// Both say no once the topology has ended.
  [[nodiscard]] bool lives_here(const std::string& actor) const { return runs && has_here(gauges, actor); }
  [[nodiscard]] bool is_read_here(const std::string& source) const {
    return runs && observe::is_read_here(gauges, source);
  }
  /// The part of it that troubles are read from; it lives as long as this.
  [[nodiscard]] watched seen(event_micros wall, const trouble_limits& limits = {}) const {
    return {*topology, gauges, is_prepared, wall, limits};
  }
  /// It has not ended, and an actor of it lives in this process.
  [[nodiscard]] bool runs_here() const { return runs && (!gauges.present || !gauges.present->empty()); }
};

class running_topologies {
public:
  explicit running_topologies(const trouble_limits& limits = {}) : limits_(limits) {}

  /// It will run; its sources have yet to be reached.
  void announce(std::shared_ptr<const config::topology> topology) {
    const std::lock_guard lock(mutex_);
    all_.push_back({std::move(topology), {}});
  }
  void add(running_topology t) {
    const std::lock_guard lock(mutex_);
    t.is_prepared = true;
    t.flow.sample(flow_meter::clock::now(), t.gauges);
    // It was announced, or has a further plan.
    const auto known = std::ranges::find(
        all_, t.topology->name, [](const auto& one) -> const auto& { return one.topology->name; });
    if (known == all_.end()) {
      all_.push_back(std::move(t));
    } else {
      t.troubles = std::move(known->troubles);
      *known = std::move(t);
    }
  }
  /// Lets no new work begin from now on.
  void stopping() {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  [[nodiscard]] bool is_stopping() const {
    const std::lock_guard lock(mutex_);
    return stopping_;
  }
  /// The time of the last sample; before that, of the making.
  [[nodiscard]] flow_meter::clock::time_point sampled_at() const {
    const std::lock_guard lock(mutex_);
    return sampled_at_;
  }
  /// It stays on the board: its last figures may be asked for.
  void ended(const std::string& name) {
    const std::lock_guard lock(mutex_);
    for (auto& t : all_)
      t.runs = t.runs && t.topology->name != name;
  }
  /// Called about once a second. A topology that is past, and whose actors can begin here by another plan
  /// alone, leaves the board.
  void sample(flow_meter::clock::time_point now) {
    const std::lock_guard lock(mutex_);
    sampled_at_ = now;
    for (auto& t : all_) {
      t.flow.sample(now, t.gauges);
      t.gauges.losses->look(now);
      if (t.runs_here())
        t.troubles.look(t.seen(system_clock().now(), limits_), now);
      if (t.runs_here())
        t.idle_since.reset();
      else if (!t.idle_since)
        t.idle_since = now;
      t.is_past = t.idle_since && now - *t.idle_since >= past_after;
    }
    std::erase_if(
        all_, [](const auto& t) { return t.is_past && t.gauges.present && t.gauges.present->is_closed(); });
  }
  /// An actor of a topology that runs here has failed, and begins again.
  void failed_again(const std::string& topology, const std::string& actor, const std::string& why) {
    const std::lock_guard lock(mutex_);
    for (auto& t : all_)
      if (t.topology->name == topology)
        t.troubles.failed_again(actor, why, flow_meter::clock::now());
  }
  /// What is wrong with topologies that run here, as it was sampled last.
  [[nodiscard]] process_troubles troubles() const {
    const std::lock_guard lock(mutex_);
    process_troubles out;
    for (const auto& t : all_)
      if (t.runs_here())
        observe::add(out, t.troubles.now());
    return out;
  }
  [[nodiscard]] const trouble_limits& limits() const { return limits_; }
  /// The first of this name.
  [[nodiscard]] std::optional<running_topology> find(const std::string& name) const {
    const std::lock_guard lock(mutex_);
    const auto t = std::ranges::find(
        all_, name, [](const auto& one) -> const auto& { return one.topology->name; });
    return t == all_.end() ? std::nullopt : std::optional(*t);
  }
  /// Returns the topologies in the order in which they were added.
  [[nodiscard]] std::vector<running_topology> all() const {
    const std::lock_guard lock(mutex_);
    return all_;
  }

private:
  const trouble_limits limits_;
  mutable std::mutex mutex_;
  std::vector<running_topology> all_;
  bool stopping_ = false;
  flow_meter::clock::time_point sampled_at_ = flow_meter::clock::now();
};

}  // namespace millrace::observe
