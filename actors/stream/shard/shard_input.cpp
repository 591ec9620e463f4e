#include "actors/stream/shard/shard_input.hpp"

namespace millrace::shard {

bool shard_input::on_sender_up(const messages::sender_up& m) {
  auto& s = senders_[m.log];
  if (s.handle && std::pair(m.life, m.stand_in) <= std::pair(s.now, s.stand_in))
    return false;
  const auto taken = core_.taken(m.log);
  s = {m.handle, m.life, m.stand_in, std::nullopt, taken.has_value()};
  self_->send(m.handle, messages::resume_output{m.log, options_.name, life_, core_.in().vector().at(m.log).at,
                                                taken, self_, false});
  acknowledge();
  return true;
}

bool shard_input::is_from_present_life(const messages::output& m) const {
  const auto s = senders_.find(m.frame->log);
  return s != senders_.end() && m.life == s->second.now;
}

void shard_input::tell_taken(const delivery::output_frame& f) {
  if (f.has_content())
    self_->send(senders_[f.log].handle, messages::output_taken{f.log, options_.name, life_, f.reached});
}

void shard_input::acknowledge() {
  for (auto& [log, s] : senders_) {
    const auto have = core_.acknowledged().find(log);
    if (have == core_.acknowledged().end() || s.told == have->second.at)
      continue;
    s.told = have->second.at;
    self_->send(s.handle, messages::output_acknowledged{log, options_.name, have->second.at});
  }
}

void shard_input::tell_furthest() {
  for (auto& [log, s] : senders_) {
    if (s.knows_furthest)
      continue;
    const auto taken = core_.taken(log);
    if (!taken)
      return;
    s.knows_furthest = true;
    self_->send(s.handle, messages::furthest_known{log, options_.name, *taken});
  }
}

}  // namespace millrace::shard
