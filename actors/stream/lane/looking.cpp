#include "actors/stream/lane/looking.hpp"

namespace millrace::lane {

void looking::look_later() {
  if (const auto wait = discovery_.wait())
    all_.give(effects::look_in{*wait});
}

void looking::on_looked(const source::looked& m) {
  for (const auto& p : m.found)
    all_.give(effects::tell_found{p});
  look_later();
}

void looking::on_partition_started(const std::string& name, const std::string& lane) {
  discovery_.started(name);
  if (lane != all_.options.name || all_.find(all_.options.plan->log(name)) != nullptr)
    return;
  auto& p = all_.add_partition(name, delivery::lane_log::start::at_furthest);
  for (std::size_t r = 0; r < all_.up.size(); ++r) {
    p.receivers.set_up(r, all_.up[r]);
    sending_.ask(p, r);
  }
}

}  // namespace millrace::lane
