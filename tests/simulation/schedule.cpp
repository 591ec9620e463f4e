#include "tests/simulation/schedule.hpp"

#include <caf/scheduled_actor.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>

namespace millrace::simulation {
namespace {

/// A slow actor is passed over so often, of that many times.
constexpr std::uint64_t slow_turns = 64;
constexpr int attempts = 4;

}  // namespace

std::string schedule::name_of(caf::resumable& job) const {
  const auto* actor = dynamic_cast<caf::scheduled_actor*>(&job);
  if (actor == nullptr)
    return "?";
  const auto named = names_.find(actor->id());
  return named != names_.end() ? named->second : fmt::format("actor {}", actor->id());
}

bool schedule::is_held(caf::resumable& job) const {
  if (held_.empty())
    return false;
  const auto held = held_.find(name_of(job));
  return held != held_.end() && scheduler_.clock().now() < held->second;
}

bool schedule::choose() {
  auto& jobs = scheduler_.jobs;
  for (int i = 0; i < attempts; ++i) {
    const auto at = jobs.begin() + static_cast<std::ptrdiff_t>(random_() % jobs.size());
    std::rotate(jobs.begin(), at, at + 1);
    const auto slow = slow_.empty() ? slow_.end() : slow_.find(name_of(*jobs.front()));
    if (slow == slow_.end() || slow->second <= steps_ || random_() % slow_turns == 0)
      break;
  }
  if (!is_held(*jobs.front()))
    return true;
  const auto free = std::find_if(jobs.begin(), jobs.end(), [this](auto* job) { return !is_held(*job); });
  if (free == jobs.end())
    return false;
  std::rotate(jobs.begin(), free, free + 1);
  return true;
}

bool schedule::step() {
  ++steps_;
  if (!scheduler_.has_job())
    return scheduler_.trigger_timeout();
  if (!choose() && scheduler_.trigger_timeout())
    return true;
  note(name_of(*scheduler_.jobs.front()));
  scheduler_.run_once();
  return true;
}

void schedule::note(const std::string& what) {
  const auto now = scheduler_.clock().now().time_since_epoch().count();
  hash_ = hash_on(hash_, what);
  hash_ = hash_on(hash_, {reinterpret_cast<const char*>(&now), sizeof now});
  if (print_)
    fmt::print(stderr, "{:>6} {:>10} us  {}\n", steps_, now / 1000, what);
}

}  // namespace millrace::simulation
