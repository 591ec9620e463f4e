#include "actors/stream/shard/shard_lanes.hpp"

#include <utility>

namespace millrace::shard {

bool shard_lanes::on_ask(const messages::ask_position& m) {
  if (!core_.answers(m.log)) {
    auto& waiting = waiting_[m.log];
    if (m.lane >= waiting.lane)  // an older life of the lane has nothing to wait for
      waiting = m;
    return false;
  }
  const auto answer = core_.ask(m.log, m.lane);
  effects_.emplace_back(effects::tell_lane{m.from, messages::position_answered{m.log, m.receiver, answer}});
  if (!answer)
    return false;  // an older life of the lane: what the newer one has sent stays
  auto& lane = lanes_[m.log] = {m.from, m.receiver, std::nullopt};
  acknowledge(m.log, lane);
  return true;
}

std::vector<log_id> shard_lanes::answer_waiting() {
  std::vector<log_id> answered;
  for (auto at = waiting_.begin(); at != waiting_.end();) {
    if (!core_.answers(at->first)) {
      ++at;
      continue;
    }
    const auto ask = std::move(at->second);
    at = waiting_.erase(at);
    if (on_ask(ask))
      answered.push_back(ask.log);
  }
  return answered;
}

void shard_lanes::return_credit(const messages::take_frame& m, std::size_t bytes) {
  effects_.emplace_back(
      effects::tell_lane{m.from, messages::credit_returned{m.frame->log, m.receiver, m.frame->stamp, bytes}});
}

void shard_lanes::acknowledge() {
  for (auto& [log, lane] : lanes_)
    acknowledge(log, lane);
}

void shard_lanes::acknowledge(const log_id& log, lane_ref& lane) {
  const auto have = core_.acknowledged().find(log);
  if (have == core_.acknowledged().end() || lane.told == have->second.at)
    return;
  lane.told = have->second.at;
  effects_.emplace_back(
      effects::tell_lane{lane.handle, messages::acknowledged{log, lane.receiver, have->second.at}});
}

}  // namespace millrace::shard
