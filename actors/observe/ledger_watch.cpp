#include "actors/observe/ledger_watch.hpp"

#include <fmt/format.h>

#include <utility>

namespace millrace::observe {

std::vector<std::string> ledger_watch::due(const std::set<std::string>& running, clock::time_point now) {
  std::erase_if(known_, [&](const auto& k) { return !running.contains(k.first); });
  std::vector<std::string> out;
  for (const auto& topology : running) {
    const auto known = known_.try_emplace(topology, watched_topology{now + first, {}}).first;
    if (now < known->second.next)
      continue;
    known->second.next = now + each;
    out.push_back(topology);
  }
  return out;
}

void ledger_watch::told(const std::string& topology, const std::optional<whole_ledger>& l, event_micros wall,
                        clock::time_point now) {
  const auto known = known_.find(topology);
  if (known == known_.end() || !l || !l->incomplete.empty())
    return;
  const auto before = std::exchange(known->second.stages, {});
  for (auto& [stage, text] : imbalances_of(*l)) {
    const auto same = before.find(stage);
    known->second.stages[stage] = {std::move(text), same == before.end() ? wall : same->second.since,
                                   same != before.end()};
    if (same == before.end())
      known->second.next = now + again;
  }
}

std::vector<api::answers::trouble> ledger_watch::all() const {
  std::vector<api::answers::trouble> out;
  for (const auto& [topology, t] : known_)
    for (const auto& [stage, i] : t.stages)
      if (i.is_seen_twice)
        out.push_back({topology,
                       api::trouble_code::ledger,
                       stage,
                       {},
                       fmt::format("the ledger of {} does not hold: {}", stage, i.text),
                       {},
                       {i.since}});
  return out;
}

}  // namespace millrace::observe
