// The events of a cluster, or of a run: what has happened, when, to whom and through whom, as they are kept and shown. Pure.
#pragma once

#include "actors/api/answers.hpp"
#include "actors/api/described.hpp"
#include "runtime/cluster/history.hpp"

#include <chrono>
#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

namespace millrace::observe {

/// The newest of a cluster are kept.
inline constexpr std::size_t most_events = 1'000;

struct event {
  api::event_time at;
  cluster::event_kind kind{};
  cluster::weight weight{};
  std::string text;
  std::string topology;
  std::string node;
  std::vector<std::string> actors;
  std::string through;
  friend bool operator==(const event&, const event&) = default;
};
void members(auto& c, wire::like<event> auto& e) {
  c("at", "when it was recorded, by the clock of the node that led", e.at);
  c("kind", "the kind of event", e.kind);
  c("weight", "how bad it is", e.weight);
  c("text", "the whole sentence, for people", e.text);
  c("topology", "the topology that it is about; empty: none", e.topology);
  c("node", "the node that it is about; empty: none, or a run", e.node);
  c("actors", "the actors that it is about, as TOPOLOGY/ACTOR", e.actors);
  c("through", "the node whose API was asked to do it; empty: nobody asked for it", e.through);
}
struct history {
  std::vector<event> events;
  friend bool operator==(const history&, const history&) = default;
};
void members(auto& c, wire::like<history> auto& h) {
  c("events", "the events, oldest first; the newest thousand are kept", h.events);
}

[[nodiscard]] event event_of(cluster::told_event e, event_micros at);

/// As the chain `events` has them: a line of JSON each. Lines that this version does not read are passed over.
[[nodiscard]] std::string lines_of(const std::vector<event>& all);
[[nodiscard]] std::vector<event> events_in(std::string_view lines);

/// The newest of them; 0: all.
[[nodiscard]] history newest_of(history all, std::uint64_t most);

/// Adds them, and drops the oldest beyond `most_events`.
void add_events(std::vector<event>& to, std::vector<event> more);

/// Finds when topologies are degraded, and healthy again. A trouble that comes back within `grace` has not been away, so that one which
/// flaps is one event. Its owner looks about once a second.
class health_history {
public:
  using clock = std::chrono::steady_clock;
  static constexpr std::chrono::seconds grace{10};

  /// `all`: what is wrong with those that run, whose names are `running`.
  [[nodiscard]] std::vector<cluster::told_event> look(const std::vector<api::answers::trouble>& all,
                                                      const std::set<std::string>& running,
                                                      clock::time_point now);

private:
  using key = std::tuple<api::trouble_code, std::string, std::string>;  // with stage and node
  struct degraded {
    clock::time_point since;
    std::map<key, clock::time_point> troubles;  // when each was seen last
  };
  std::map<std::string, degraded> known_;  // by topology
};

}  // namespace millrace::observe
