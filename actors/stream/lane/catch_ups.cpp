#include "actors/stream/lane/catch_ups.hpp"

#include <algorithm>

namespace millrace::lane {

bool catch_up::serves(std::size_t receiver, const delivery::fence& stamp) const {
  return std::ranges::any_of(all,
                             [&](const served& s) { return s.receiver == receiver && s.stamp == stamp; });
}

std::vector<std::size_t> catch_up::receivers() const {
  std::vector<std::size_t> out;
  for (const auto& s : all)
    out.push_back(s.receiver);
  return out;
}

std::vector<std::size_t> catch_up::at(const delivery::lane_log& log, position where) const {
  std::vector<std::size_t> out;
  for (const auto& s : all)
    if (log.reader_at(s.receiver).at == where)
      out.push_back(s.receiver);
  return out;
}

position catch_up::limit(const delivery::lane_log& log, position where) const {
  auto out = log.at().at;
  for (const auto& s : all) {
    const auto it = log.reader_at(s.receiver).at;
    out = std::min(out, it > where ? it : log.reader_limit(s.receiver));
  }
  return out;
}

bool catch_up::is_over(const delivery::lane_log& log) {
  const auto behind = log.behind();
  std::erase_if(all, [&](const served& s) {
    return std::ranges::find(behind, s.receiver) == behind.end() || log.stamp(s.receiver) != s.stamp;
  });
  return all.empty();
}

bool goes_along(position reader, position where, position lane) {
  if (where < reader || where.major != reader.major)
    return false;
  return lane.major != where.major || where.minor - reader.minor <= lane.minor - where.minor;
}

bool catch_ups::serves(std::size_t partition, std::size_t receiver, const delivery::fence& stamp) const {
  return std::ranges::any_of(
      all_, [&](const auto& c) { return c->partition == partition && c->serves(receiver, stamp); });
}

catch_up* catch_ups::to_go_along(std::size_t partition, position where, position lane) {
  const auto found = std::ranges::find_if(all_, [&](const auto& c) {
    return c->partition == partition && goes_along(c->former->at().at, where, lane);
  });
  return found == all_.end() ? nullptr : found->get();
}

catch_ups::place catch_ups::find_place(bool has_credit, clock::time_point now) {
  if (all_.size() < most)
    return {.free = true};
  if (!has_credit)
    return {};
  const auto waits = std::ranges::find_if(
      all_, [&](const auto& c) { return c->waits_since && now - *c->waits_since >= yield_after; });
  if (waits == all_.end())
    return {.look_again = true};
  const auto reader = (*waits)->reader;
  all_.erase(waits);
  return {.free = true, .taken_from = reader};
}

catch_up& catch_ups::add(std::size_t partition, std::size_t receiver, const delivery::fence& stamp,
                         std::unique_ptr<frame_former> former) {
  ++newest_;
  return *all_.emplace_back(std::make_unique<catch_up>(
      catch_up{partition, {{receiver, stamp}}, newest_, std::move(former), source_health(seed_ + newest_)}));
}

catch_up* catch_ups::find(reader_number reader) {
  const auto at = std::ranges::find_if(all_, [&](const auto& c) { return c->reader == reader; });
  return at == all_.end() ? nullptr : at->get();
}

}  // namespace millrace::lane
