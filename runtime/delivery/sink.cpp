#include "runtime/delivery/sink.hpp"

#include <algorithm>

namespace millrace::delivery {
namespace {

/// The last position at which every window upstream of `p` is whole: (end, ordinal) without `whole` means
/// that the window at `end` is still coming.
position whole_before(position p) { return p.minor == whole ? p : position{p.major - 1, whole}; }

/// No log of a lane or a shard is named so: theirs have a slash.
const log_id run_log = "run";

/// The number of the run that the positions are of.
std::uint64_t run_of(const std::map<log_id, mark>& committed) {
  const auto known = committed.find(run_log);
  return known == committed.end() ? 0 : static_cast<std::uint64_t>(known->second.at.major);
}

}  // namespace

/// A position of an earlier run, which ended below the start of this one, counts as that start.
mark sink_core::stands(const std::map<log_id, mark>& committed, const log_id& log, const mark& start) const {
  const auto known = committed.find(log);
  if (known == committed.end())
    return start;
  const bool ended_before =
      run_of(committed) < run_ && known->second.watermark == end_of_time && known->second.at < start.at;
  return ended_before ? start : known->second;
}

bool sink_core::lacks_a_run(const std::map<log_id, mark>& committed) const {
  return !committed.empty() && run_of(committed) + 1 < run_;
}

void sink_core::add_lane_log(const log_id& log, const mark& start) {
  starts_.try_emplace(log, start);
  const auto here = stands(committed_, log, start);
  intake_.add_log(log, here);
  if (const auto known = committed_.find(log); known != committed_.end())
    known->second = here;
}

void sink_core::add_shard_log(std::uint32_t stage, const log_id& log) { shards_[log].stage = stage; }

void sink_core::restore(const std::map<log_id, mark>& committed, life now) {
  intake_ = intake(now);
  committed_ = committed;
  for (const auto& [log, start] : starts_)
    intake_.add_log(log, stands(committed, log, start));
  for (auto& [log, have] : committed_)
    if (const auto of_lane = intake_.vector().find(log); of_lane != intake_.vector().end())
      have = of_lane->second;
  for (auto& [log, s] : shards_) {
    const auto known = committed.find(log);
    s.at = s.released = known == committed.end() ? lowest_position : known->second.at;
    s.held.clear();
    s.begun = false;
  }
}

void sink_core::begin_at(const log_id& log, position from) {
  auto& s = shards_[log];
  s.begun = true;
  if (s.at < from) {
    s.at = s.released = from;
    s.held.clear();
  }
}

sink_core::lane_output sink_core::take(const lane_frame& f) {
  lane_output out;
  out.outcome = intake_.offer(f);
  if (out.outcome == intake::outcome::stale)
    out.stale_bytes = f.bytes;
  if (out.outcome != intake::outcome::taken)
    return out;
  out.frames.push_back(f);
  while (auto held = intake_.next())
    out.frames.push_back(std::move(*held));
  return out;
}

bool sink_core::take(const output_frame& f) {
  const auto entry = shards_.find(f.log);
  if (entry == shards_.end())
    return false;
  auto& s = entry->second;
  if (!s.begun || f.reached <= s.at)
    return true;
  if (f.since > s.at)
    return false;
  // Rows that may be committed before this frame may be so after it, too: positions never go back.
  if (s.held.empty() && s.at.minor == whole)
    s.released = std::max(s.released, s.at);
  output_frame fresh = f;
  fresh.cut_to_new(s.at);
  s.at = f.reached;
  if (fresh.has_content())
    for (auto& of_window : cut_by_window(std::move(fresh)))
      s.held.push_back(std::move(of_window));
  return true;
}

position sink_core::come_out(const log_id& log) const {
  const auto at = shards_.find(log);
  if (at == shards_.end())
    return lowest_position;
  return at->second.held.empty() ? at->second.at : at->second.held.front().since;
}

position sink_core::whole_up_to(std::uint32_t stage) const {
  auto least = highest_position;
  for (const auto& [log, s] : shards_)
    if (s.stage == stage)
      least = std::min(least, whole_before(s.at));
  return least;
}

std::optional<whole_window> sink_core::next_window() {
  std::optional<whole_window> found;
  for (const auto& [log, s] : shards_)
    if (!s.held.empty() && s.held.front().reached.major <= whole_up_to(s.stage).major &&
        (!found || s.held.front().reached.major < found->end))
      found = whole_window{s.stage, s.held.front().reached.major, {}};
  if (!found)
    return found;
  for (auto& [log, s] : shards_) {
    if (s.stage != found->stage)
      continue;
    while (!s.held.empty() && s.held.front().reached.major == found->end) {
      found->frames.push_back(std::move(s.held.front()));
      s.held.pop_front();
    }
    s.released = std::max(s.released, position{found->end, whole});
  }
  return found;
}

std::map<log_id, mark> sink_core::progress() const {
  std::map<log_id, mark> out = intake_.vector();
  for (const auto& [log, s] : shards_) {
    // Rows that were taken and are not held have come out. If a window is still coming, or waits for other
    // shards, all before it has come out: also where no frame has ended there, because an earlier life cut
    // otherwise.
    const auto coming = s.held.empty() ? s.at : position{s.held.front().reached.major, 0};
    const auto at = std::max(s.released, whole_before(coming));
    out[log] = {at, at.major};
  }
  if (run_ != 0)
    out[run_log] = {{static_cast<std::int64_t>(run_), 0}, end_of_time};
  return out;
}

bool sink_core::complete() const {
  for (const auto& [log, m] : intake_.vector()) {
    const auto c = committed_.find(log);
    if (c == committed_.end() || c->second.watermark != end_of_time)
      return false;
  }
  return std::all_of(shards_.begin(), shards_.end(), [&](const auto& entry) {
    const auto c = committed_.find(entry.first);
    return c != committed_.end() && c->second.at == highest_position;
  });
}

std::size_t sink_core::held_frames() const {
  std::size_t n = 0;
  for (const auto& [log, s] : shards_)
    n += s.held.size();
  return n;
}

}  // namespace millrace::delivery
