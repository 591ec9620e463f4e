#include "tests/simulation/agenda.hpp"

#include <algorithm>

namespace millrace::simulation {
namespace {

bool belongs(const std::string& actor, fault::group g) {
  const bool lane = actor.find("/lane") != std::string::npos;
  switch (g) {
  case fault::group::any:
    return true;
  case fault::group::lanes:
    return lane;
  case fault::group::shards:
    return !lane && actor.find('/') != std::string::npos;
  case fault::group::front_shards:
    return actor.starts_with("window/");
  case fault::group::downstream_shards:
    return actor.starts_with("behind/");
  case fault::group::no_lanes:
    return !lane;
  }
  return true;
}

}  // namespace

const std::string& chosen(const std::vector<std::string>& actors, const fault& f) {
  std::vector<const std::string*> group;
  for (const auto& a : actors)
    if (belongs(a, f.of))
      group.push_back(&a);
  return group.empty() ? actors[f.who % actors.size()] : *group[f.who % group.size()];
}

agenda::agenda(const std::vector<fault>& faults) {
  for (const auto& f : faults)
    entries_.push_back({f, f.when == fault::moment::none ? std::optional(f.step) : std::nullopt});
}

void agenda::happened(fault::moment what, std::uint64_t step) {
  for (auto& e : entries_)
    if (!e.due && e.what.when == what && e.what.step <= step)
      e.due = step + e.what.after;
}

bool agenda::waits_for(fault::moment what, std::uint64_t step) const {
  return std::any_of(entries_.begin(), entries_.end(),
                     [&](const entry& e) { return !e.due && e.what.when == what && e.what.step <= step; });
}

std::optional<fault> agenda::take(std::uint64_t step) {
  const auto at =
      std::find_if(entries_.begin(), entries_.end(), [&](const entry& e) { return e.due && *e.due <= step; });
  if (at == entries_.end())
    return std::nullopt;
  const auto f = at->what;
  entries_.erase(at);
  return f;
}

}  // namespace millrace::simulation
