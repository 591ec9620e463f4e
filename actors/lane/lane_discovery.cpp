// Partitions that come while the lane runs: one lane of a parser looks for them, the supervisor makes their
// start durable and tells everybody, and the lane that it names reads them.
#include "actors/lane/lane.hpp"

#include <caf/send.hpp>

namespace millrace::lane {

void lane::look_again_later() {
  if (options_.discover_every && !stopped_)
    self_->delayed_send(self_, *options_.discover_every, look_now{});
}

void lane::on_look_now() {
  if (!stopped_)
    self_->send(source_, source::look{options_.known});
}

void lane::on_looked(const source::looked& m) {
  for (const auto& p : m.found)
    self_->send(supervisor_, messages::partition_found{options_.name, p.name, p.first});
  look_again_later();
}

void lane::on_partition_started(const messages::partition_started& m) {
  options_.known.insert(m.partition);
  if (m.lane != options_.name || find(options_.plan->log(m.partition)) != nullptr)
    return;
  auto& p = *partitions_.emplace_back(
      std::make_unique<partition>(options_.plan, m.partition, delivery::lane_log::start::at_furthest, now()));
  for (std::size_t r = 0; r < receivers_.size(); ++r) {
    p.log.set_up(r, receivers_[r] != nullptr);
    ask(p, r);
  }
}

}  // namespace millrace::lane
