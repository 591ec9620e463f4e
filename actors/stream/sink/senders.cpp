#include "actors/stream/sink/senders.hpp"

#include <utility>

namespace millrace::sink {

bool senders::asks(const log_id& log, const life& now) {
  auto& lane = lanes_[log];
  if (now < lane.now)
    return false;
  lane = {now, std::nullopt};
  return true;
}

void senders::ask_again(const log_id& log, effect_list& out) const {
  if (lanes_.contains(log))
    out.emplace_back(effects::ask_again{log});
}

bool senders::is_up(const log_id& log, const life& now, std::uint64_t stand_in) {
  auto& shard = shards_[log];
  if (std::pair(now, stand_in) <= std::pair(shard.now, shard.stand_in))
    return false;
  shard.now = now;
  shard.stand_in = stand_in;
  return true;
}

bool senders::is_present(const log_id& log, const life& of) const {
  const auto shard = shards_.find(log);
  return shard != shards_.end() && of == shard->second.now;
}

void senders::resume(const log_id& log, const delivery::sink_core& core, const life& own, effect_list& out) {
  const auto known = core.committed().find(log);
  shards_[log].told = lowest_position;
  out.emplace_back(effects::resume_output{
      log, own, known == core.committed().end() ? std::nullopt : std::optional(known->second.at),
      core.taken(log)});
}

position senders::told(const log_id& log) const {
  const auto shard = shards_.find(log);
  return shard == shards_.end() ? lowest_position : shard->second.told;
}

void senders::tell_taken(const log_id& log, position at, const life& own, effect_list& out) {
  shards_[log].told = at;
  out.emplace_back(effects::tell_taken{log, own, at});
}

void senders::begin(const delivery::sink_core& core, const life& own, effect_list& out) {
  for (auto& [log, lane] : lanes_) {
    lane.told.reset();
    out.emplace_back(effects::ask_again{log});
  }
  for (const auto& [log, shard] : shards_)
    resume(log, core, own, out);
}

void senders::acknowledge(const std::map<log_id, mark>& committed, effect_list& out) {
  for (const auto& [log, m] : committed) {
    if (const auto lane = lanes_.find(log); lane != lanes_.end() && lane->second.told != m.at) {
      lane->second.told = m.at;
      out.emplace_back(effects::acknowledge{log, m.at});
    }
    if (shards_.contains(log))
      out.emplace_back(effects::acknowledge_output{log, m.at});
  }
}

}  // namespace millrace::sink
