#include "actors/host/gathering.hpp"

#include <utility>

namespace millrace::host {

gathering::gathering(const std::string& here, inside::figures own, std::map<std::string, std::string> places,
                     give then)
    : sum_(std::move(own)), places_(std::move(places)), then_(std::move(then)) {
  for (const auto& [actor, node] : places_)
    if (node != here)
      waits_for_.insert(node);
  give_if_whole();
}

void gathering::answered(const std::string& node, const expected<std::string>& json) {
  if (waits_for_.erase(node) == 0)
    return;
  if (auto theirs = json ? inside::read_json<inside::figures>(*json) : std::nullopt)
    inside::add(sum_, std::move(*theirs));
  else
    sum_.missing.push_back(node);
  give_if_whole();
}

void gathering::give_if_whole() {
  if (!waits_for_.empty() || !then_)
    return;
  const auto is_elsewhere = [&](const auto& one) {
    const auto at = places_.find(one.name);
    return at == places_.end() || at->second != one.node;
  };
  std::erase_if(sum_.lanes, is_elsewhere);
  std::erase_if(sum_.shards, is_elsewhere);
  std::erase_if(sum_.sinks, is_elsewhere);
  std::exchange(then_, {})(std::move(sum_));
}

}  // namespace millrace::host
