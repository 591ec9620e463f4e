#include "actors/replay/waiting_replays.hpp"

#include "runtime/base/visible_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

namespace millrace::replay {
namespace {

/// Shorter than a server waits for its view, and than a proxy for a server.
constexpr std::chrono::seconds patience{20};

expected<api::answer> answer_of(const expected<api::answers::replayed>& r) {
  return r ? expected<api::answer>(api::answer(*r)) : unexpected(r.error());
}

}  // namespace

bool waiting_replays::ask(const api::requests::replay& what, give_answer to, clock::time_point now) {
  auto& at = all_[what.topology];
  const bool is_new = at.what != what;
  if (at.is_under_way && !at.what.topology.empty() && is_new) {
    to(user_error(ec::locked,
                  fmt::format("another replay of {} is under way, into {}; ask again when it is over",
                              visible(what.topology), visible(at.what.into))));
    return false;
  }
  if (!is_new && at.untold) {
    to(answer_of(*std::exchange(at.untold, std::nullopt)));
    return false;
  }
  const bool begins = is_new || !at.is_under_way;
  if (begins)
    at = one{what};
  at.waits.push_back({std::move(to), now + patience});
  return begins;
}

void waiting_replays::ended(const std::string& topology, const expected<api::answers::replayed>& with) {
  const auto at = all_.find(topology);
  if (at == all_.end())
    return;
  at->second.is_under_way = false;
  auto waits = std::exchange(at->second.waits, {});
  if (waits.empty())
    at->second.untold = with;
  for (const auto& w : waits)
    w.to(answer_of(with));
}

void waiting_replays::look(clock::time_point now) {
  for (auto& [_, at] : all_) {
    auto& waits = at.waits;
    const auto over =
        std::stable_partition(waits.begin(), waits.end(), [&](const waiting& w) { return now < w.until; });
    std::vector<waiting> told(std::make_move_iterator(over), std::make_move_iterator(waits.end()));
    waits.erase(over, waits.end());
    for (const auto& w : told)
      w.to(api::answer(api::answers::replayed{}));
  }
}

std::size_t waiting_replays::under_way() const {
  return static_cast<std::size_t>(
      std::ranges::count_if(all_, [](const auto& x) { return x.second.is_under_way; }));
}

}  // namespace millrace::replay
