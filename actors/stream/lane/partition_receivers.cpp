#include "actors/stream/lane/partition_receivers.hpp"

#include <algorithm>
#include <numeric>

namespace millrace::lane {

void partition_receivers::mark_present(std::size_t receiver, bool up) {
  log_.mark_present(receiver, up);
  if (!up)
    in_flight_[receiver] = 0;
}

void partition_receivers::ask(std::size_t receiver) {
  log_.detach(receiver);
  in_flight_[receiver] = 0;
}

partition_receivers::news partition_receivers::answered(std::size_t receiver, const delivery::answer& a) {
  const auto before = log_.at();
  const bool was_known = log_.known();
  log_.answered(receiver, a);
  in_flight_[receiver] = 0;
  if (!log_.known())
    return news::waits;
  if (!was_known)
    return news::begins;
  return log_.at() != before ? news::moves : news::goes_on;
}

bool partition_receivers::returned(std::size_t receiver, const delivery::fence& stamp, std::size_t bytes) {
  if (log_.stamp(receiver) != stamp)
    return false;
  auto& in_flight = in_flight_[receiver];
  in_flight -= std::min(in_flight, bytes);
  return true;
}

bool partition_receivers::may_send(std::size_t limit) const {
  const auto attached = log_.attached();
  if (attached.empty())
    return log_.known() && log_.next_cut().has_value();
  return !first_without_credit(attached, limit);
}

std::optional<std::size_t> partition_receivers::without_credit(std::size_t limit) const {
  return first_without_credit(log_.attached(), limit);
}

std::optional<std::size_t> partition_receivers::first_without_credit(const std::vector<std::size_t>& attached,
                                                                     std::size_t limit) const {
  const auto at = std::ranges::find_if(attached, [&](std::size_t r) { return !has_credit(r, limit); });
  return at == attached.end() ? std::nullopt : std::optional(*at);
}

std::size_t partition_receivers::in_flight() const {
  return std::accumulate(in_flight_.begin(), in_flight_.end(), std::size_t{0});
}

const delivery::fence& partition_receivers::sends(std::size_t receiver, std::size_t bytes) {
  in_flight_[receiver] += bytes;
  return log_.stamp(receiver);
}

bool partition_receivers::have_had(position record) const {
  const auto furthest = log_.furthest();
  return furthest && *furthest > record;
}

void partition_receivers::acknowledged(std::size_t receiver, position below) {
  auto& have = acknowledged_[receiver];
  if (!have || *have < below)
    have = below;
}

std::optional<position> partition_receivers::durable() const {
  std::optional<position> least;
  for (const auto& a : acknowledged_) {
    if (!a)
      return std::nullopt;
    least = least ? std::min(*least, *a) : *a;
  }
  return least;
}

}  // namespace millrace::lane
