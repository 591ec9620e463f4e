// Partitions that come while the lane runs: one lane of a parser looks for them, the supervisor makes their
// start durable and tells everybody, and the lane that it names reads them.
#include "actors/stream/lane/lane.hpp"

namespace millrace::lane {

void lane::look_again_later() {
  if (const auto wait = discovery_.wait())
    give(effects::look_in{*wait});
}

void lane::on_look_now() { give(effects::look{{discovery_.known()}}); }

void lane::on_looked(const source::looked& m) {
  for (const auto& p : m.found)
    give(effects::tell_found{p});
  look_again_later();
}

void lane::on_partition_started(const std::string& name, const std::string& lane) {
  discovery_.started(name);
  if (lane != options_.name || find(options_.plan->log(name)) != nullptr)
    return;
  auto& p = *partitions_.emplace_back(std::make_unique<partition>(
      *options_.plan, options_.gauges->of(name), delivery::lane_log::start::at_furthest, now()));
  for (std::size_t r = 0; r < up_.size(); ++r) {
    p.receivers.set_up(r, up_[r]);
    ask(p, r);
  }
}

}  // namespace millrace::lane
