#include "runtime/delivery/intake.hpp"

#include <algorithm>

namespace millrace::delivery {

void intake::add_log(const log_id& log, const mark& start) {
  if (vector_.try_emplace(log, start).second)
    note(start.watermark);
}

void intake::join(const log_id& log, const mark& start, event_micros floor) {
  if (!vector_.try_emplace(log, start).second)
    return;
  floors_[log] = floor;
  note(start.watermark);
  note(floor);
}

void intake::set(const log_id& log, const mark& m) {
  vector_[log] = m;
  note(m.watermark);
}

void intake::note(event_micros watermark) {
  if (watermark != end_of_time)
    greatest_ = std::max(greatest_, watermark);
}

event_micros intake::floor(const log_id& log) const {
  const auto joined = floors_.find(log);
  return joined == floors_.end() ? no_watermark : joined->second;
}

void intake::restore(std::map<log_id, mark> vector, std::map<log_id, event_micros> floors,
                     event_micros greatest) {
  vector_ = std::move(vector);
  floors_ = std::move(floors);
  greatest_ = greatest;
  for (const auto& [log, m] : vector_)
    note(m.watermark);
  for (const auto& [log, floor] : floors_)
    note(floor);
  held_.clear();
  idle_.clear();
}

std::optional<answer> intake::ask(const log_id& log, life lane) {
  const auto entry = vector_.find(log);
  auto& owner = owner_[log];
  if (entry == vector_.end() || lane < owner)
    return std::nullopt;
  owner = lane;
  idle_.erase(log);  // an idle mark is news under a fence, too
  std::erase_if(held_, [&](const lane_frame& f) { return f.log == log; });
  return answer{{life_, ++fence_[log]}, entry->second};
}

bool intake::is_stale(const lane_frame& f) const {
  const auto number = fence_.find(f.log);
  return number == fence_.end() || f.stamp != fence{life_, number->second};
}

void intake::take(const lane_frame& f) {
  if (f.idle)
    idle_.insert(f.log);
  else
    idle_.erase(f.log);
  set(f.log, {f.to, f.watermark});
}

intake::outcome intake::offer(const lane_frame& f) {
  if (is_stale(f))
    return outcome::stale;
  const auto at = vector_[f.log].at;
  if (f.from < at)
    return outcome::broken;
  if (f.from > at) {
    held_.push_back(f);
    return outcome::held;
  }
  take(f);
  return outcome::taken;
}

std::optional<lane_frame> intake::next() {
  for (auto f = held_.begin(); f != held_.end(); ++f) {
    if (is_stale(*f) || f->from != vector_[f->log].at)
      continue;
    lane_frame ready = std::move(*f);
    held_.erase(f);
    take(ready);
    return ready;
  }
  return std::nullopt;
}

event_micros intake::watermark() const {
  auto least = end_of_time;
  for (const auto& [log, m] : vector_)
    if (!idle_.contains(log))
      least = std::min(least, std::max(m.watermark, floor(log)));
  if (vector_.empty())
    return no_watermark;
  return least == end_of_time && any_idle() ? greatest_ : least;
}

event_micros intake::watermark_of_all() const {
  auto least = end_of_time;
  for (const auto& [log, m] : vector_)
    least = std::min(least, std::max(m.watermark, floor(log)));
  return vector_.empty() ? no_watermark : least;
}

std::vector<log_id> intake::idle_below(event_micros mark) const {
  std::vector<log_id> out;
  for (const auto& log : idle_)
    if (const auto at = vector_.find(log);
        at != vector_.end() && std::max(at->second.watermark, floor(log)) < mark)
      out.push_back(log);
  return out;
}

bool intake::ended() const {
  return std::all_of(vector_.begin(), vector_.end(),
                     [](const auto& entry) { return entry.second.watermark == end_of_time; });
}

}  // namespace millrace::delivery
