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

caf::actor_id id_of(caf::resumable& job) {
  const auto* const actor = dynamic_cast<caf::scheduled_actor*>(&job);
  return actor == nullptr ? 0 : actor->id();
}

std::string schedule::name_of(caf::resumable& job) const { return name_of(id_of(job)); }

std::string schedule::name_of(caf::actor_id id) const {
  if (id == 0)
    return "?";
  const auto named = names_.find(id);
  return named != names_.end() ? named->second : fmt::format("actor {}", id);
}

void schedule::hold(caf::actor_id id, caf::actor_clock::time_point until) {
  auto& up_to = held_actors_[id];
  up_to = std::max(up_to, until);
}

bool schedule::is_held(caf::resumable& job) const {
  if (!held_actors_.empty())
    if (const auto held = held_actors_.find(id_of(job));
        held != held_actors_.end() && scheduler_.clock().now() < held->second)
      return true;
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
  last_ = id_of(*scheduler_.jobs.front());
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
