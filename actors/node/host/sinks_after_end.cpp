#include "actors/node/host/sinks_after_end.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <set>
#include <vector>

namespace millrace::host {

std::string sinks_after_end(const cluster::topology_state& state, const config::topology& now) {
  if (state.status != cluster::topology_status::finished)
    return {};
  std::set<std::string> known;
  for (const auto& [_, actor] : state.actors)
    if (actor.spec.kind == cluster::actor_kind::sink)
      known.insert(actor.spec.group);
  std::vector<std::string> added;
  for (const auto& s : now.stages)
    if (s.kind == config::stage_kind::sink && !known.contains(s.name))
      added.push_back(fmt::format("'{}'", s.name));
  if (added.empty())
    return {};
  const bool is_one = added.size() == 1;
  return fmt::format("{} {} {} new and {} no rows of what was read before, because the topology has ended "
                     "(--fresh reads everything again)",
                     is_one ? "sink" : "sinks", fmt::join(added, ", "), is_one ? "is" : "are",
                     is_one ? "gets" : "get");
}

}  // namespace millrace::host
