#include "actors/observe/history.hpp"

#include "actors/api/trouble_line.hpp"
#include "actors/observe/topology_walk.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

namespace millrace::observe {

event event_of(cluster::told_event e, event_micros at) {
  return {{at},
          e.kind,
          e.how,
          std::move(e.text),
          std::move(e.topology),
          std::move(e.node),
          std::move(e.actors),
          std::move(e.through)};
}

std::string lines_of(const std::vector<event>& all) {
  std::string out;
  for (const auto& e : all)
    out += api::json_of(e) + '\n';
  return out;
}

std::vector<event> events_in(std::string_view lines) {
  std::vector<event> out;
  while (!lines.empty()) {
    const auto end = std::min(lines.find('\n'), lines.size());
    if (auto e = api::read_json<event>(lines.substr(0, end)))
      out.push_back(std::move(*e));
    lines.remove_prefix(std::min(end + 1, lines.size()));
  }
  return out;
}

history newest_of(history all, std::uint64_t most) {
  if (most != 0 && all.events.size() > most)
    all.events.erase(all.events.begin(), all.events.end() - static_cast<std::ptrdiff_t>(most));
  return all;
}

void add_events(std::vector<event>& to, std::vector<event> more) {
  to.insert(to.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
  if (to.size() > most_events)
    to.erase(to.begin(), to.end() - static_cast<std::ptrdiff_t>(most_events));
}

std::vector<cluster::told_event> health_history::look(const std::vector<api::answers::trouble>& all,
                                                      const std::set<std::string>& running,
                                                      clock::time_point now) {
  std::vector<cluster::told_event> out;
  std::erase_if(known_, [&](const auto& k) { return !running.contains(k.first); });
  for (const auto& t : all) {
    if (!running.contains(t.topology))
      continue;
    auto& d = known_.try_emplace(t.topology, degraded{now, {}}).first->second;
    if (!d.troubles.insert_or_assign({t.code, t.stage, t.node}, now).second)
      continue;
    out.push_back({cluster::event_kind::degraded, cluster::weight::warning,
                   fmt::format("topology {} is degraded: {}", t.topology, api::line_of(t)), t.topology,
                   t.node});
  }
  for (auto k = known_.begin(); k != known_.end();) {
    auto& [name, d] = *k;
    std::erase_if(d.troubles, [&](const auto& t) { return now - t.second >= grace; });
    if (!d.troubles.empty()) {
      ++k;
      continue;
    }
    const std::chrono::duration<double> lasted = now - d.since - grace;
    out.push_back({cluster::event_kind::healthy, cluster::weight::normal,
                   fmt::format("topology {} is healthy again, after {}", name, seconds_text(lasted.count())),
                   name});
    k = known_.erase(k);
  }
  return out;
}

}  // namespace millrace::observe
