// The sinks of one process whose target has a call under way for far longer than usual: the list of topologies names
// them. Pure.
#pragma once

#include "actors/api/answers.hpp"
#include "actors/api/described.hpp"
#include "actors/observe/running.hpp"

#include <string>
#include <vector>

namespace millrace::observe {

struct late_sink {
  std::string topology;
  std::string words;
  friend bool operator==(const late_sink&, const late_sink&) = default;
};
void members(auto& c, wire::like<late_sink> auto& s) {
  c("topology", "that it is of", s.topology);
  c("words", "which sink it is, whether it is slow or stalled, and since when", s.words);
}
struct late_sinks {
  std::vector<late_sink> all;
  friend bool operator==(const late_sinks&, const late_sinks&) = default;
};
void members(auto& c, wire::like<late_sinks> auto& s) { c("sinks", "those that are slow or stalled", s.all); }

/// The late sinks of this process. A target that is away is waited for, and is no late one.
[[nodiscard]] late_sinks late_sinks_of(const std::vector<running_topology>& board,
                                       flow_meter::clock::time_point now = flow_meter::clock::now());
/// Adds them to the reasons of topologies that run.
void add_reasons(api::answers::topologies& to, const late_sinks& more);

}  // namespace millrace::observe
