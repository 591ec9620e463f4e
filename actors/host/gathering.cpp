#include "actors/host/gathering.hpp"

#include <utility>

namespace millrace::host {

gathering::gathering(inside::figures own, std::set<std::string> nodes, give then)
    : sum_(std::move(own)), waits_for_(std::move(nodes)), then_(std::move(then)) {
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
  if (waits_for_.empty() && then_)
    std::exchange(then_, {})(std::move(sum_));
}

}  // namespace millrace::host
