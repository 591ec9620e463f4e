#include "actors/lane/catch_ups.hpp"

namespace millrace::lane {

bool catch_ups::serves(std::size_t partition, std::size_t receiver, const delivery::fence& stamp) const {
  return std::ranges::any_of(all_, [&](const auto& c) {
    return c->partition == partition && c->receiver == receiver && c->stamp == stamp;
  });
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
      catch_up{partition, receiver, stamp, newest_, std::move(former), source_health(seed_ + newest_)}));
}

catch_up* catch_ups::find(reader_number reader) {
  const auto at = std::ranges::find_if(all_, [&](const auto& c) { return c->reader == reader; });
  return at == all_.end() ? nullptr : at->get();
}

}  // namespace millrace::lane
