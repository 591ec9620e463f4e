#include "actors/observe/late_sinks.hpp"

#include "actors/observe/topology_walk.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace millrace::observe {

late_sinks late_sinks_of(const std::vector<running_topology>& board, flow_meter::clock::time_point now) {
  late_sinks out;
  for (const auto& t : board)
    for (const auto& [name, g] : t.gauges.sinks) {
      const auto at = g->pace_at(now);
      if (!t.runs || (g->reached && g->away) || at == pace::usual || !t.has_here(name))
        continue;
      const auto age = g->call.age(now).value_or(micros(0));
      out.all.push_back({t.topology->name,
                         fmt::format("{} is {}: its target has not answered a call for {}", name,
                                     to_string(at), seconds_text(static_cast<double>(age.count()) / 1e6))});
    }
  return out;
}

void add_reasons(api::answers::topologies& to, const late_sinks& more) {
  for (const auto& s : more.all)
    for (auto& t : to.all)
      if (t.name == s.topology && t.state == api::topology_state::running)
        t.reason += (t.reason.empty() ? "" : "; ") + s.words;
}

}  // namespace millrace::observe
