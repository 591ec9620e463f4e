#include "actors/stream/shard/shard_input.hpp"

#include <utility>

namespace millrace::shard {

bool shard_input::on_sender_up(const messages::sender_up& m) {
  const auto known = senders_.find(m.log);
  if (known != senders_.end() &&
      std::pair(m.life, m.stand_in) <= std::pair(known->second.now, known->second.stand_in))
    return false;
  const auto taken = core_.taken(m.log);
  senders_[m.log] = {m.handle, m.life, m.stand_in, std::nullopt, taken.has_value()};
  effects_.emplace_back(effects::tell_sender{
      m.handle,
      messages::resume_output{m.log, name_, life_, core_.in().vector().at(m.log).at, taken, {}, false}});
  acknowledge();
  return true;
}

bool shard_input::is_from_present_life(const messages::output& m) const {
  const auto s = senders_.find(m.frame->log);
  return s != senders_.end() && m.life == s->second.now;
}

void shard_input::tell_taken(const delivery::output_frame& f) {
  if (f.has_content())
    effects_.emplace_back(
        effects::tell_sender{senders_[f.log].handle, messages::output_taken{f.log, name_, life_, f.reached}});
}

void shard_input::acknowledge() {
  for (auto& [log, s] : senders_) {
    const auto have = core_.acknowledged().find(log);
    if (have == core_.acknowledged().end() || s.told == have->second.at)
      continue;
    s.told = have->second.at;
    effects_.emplace_back(
        effects::tell_sender{s.handle, messages::output_acknowledged{log, name_, have->second.at}});
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
    effects_.emplace_back(effects::tell_sender{s.handle, messages::furthest_known{log, name_, *taken}});
  }
}

}  // namespace millrace::shard
