#include "actors/observe/health.hpp"

#include "runtime/base/shard_name.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace millrace::observe {
namespace {

class complaints {
public:
  explicit complaints(bool several) : several_(several) {}
  void of(const running_topology& t) { topology_ = t.topology->name; }
  void add(const std::string& text) { all_ += (several_ ? topology_ + ": " : std::string()) + text + "\n"; }
  [[nodiscard]] health answer() const { return all_.empty() ? health{true, "ok\n"} : health{false, all_}; }

private:
  bool several_;
  std::string topology_;
  std::string all_;
};

/// The log says which of its sources has not answered yet.
std::string sources_of(const config::topology& t) {
  std::string out;
  for (const auto& s : t.stages)
    if (s.kind == config::stage_kind::source)
      out += fmt::format("{}{} ({})", out.empty() ? "" : ", ", s.name, s.type);
  return out;
}

void add_start(complaints& out, const running_topology& t) {
  if (!t.is_prepared)
    out.add("waiting for its sources at the start: " + sources_of(*t.topology));
  for (const auto& [name, g] : t.gauges.sinks)
    if (!g->reached && t.has_here(name))
      out.add(fmt::format("waiting for the target of {} at the start", name));
}

void add_sources_away(complaints& out, const running_topology& t) {
  std::set<std::string> said;
  for (const auto& [name, g] : t.gauges.lanes)
    if (g->away && t.has_here(name) && said.insert(g->source).second)
      out.add(fmt::format("waiting for the source {}", g->source));
}

void add_stalled(complaints& out, const running_topology& t, flow_meter::clock::time_point now) {
  for (const auto& [name, g] : t.gauges.sinks)
    if (g->reached && !g->away && t.has_here(name) && g->pace_at(now) == pace::stalled)
      out.add(fmt::format(
          "stalled: the target of {} has not answered a call for {} s", name,
          std::chrono::floor<std::chrono::seconds>(g->call.age(now).value_or(micros(0))).count()));
}

}  // namespace

health is_alive(flow_meter::clock::duration since_sampled) {
  if (since_sampled <= taken_for_stuck_after)
    return {true, "ok\n"};
  return {false, fmt::format("stuck: nothing has moved for {} s\n",
                             std::chrono::duration_cast<std::chrono::seconds>(since_sampled).count())};
}

health is_healthy(const std::vector<running_topology>& all, flow_meter::clock::time_point now) {
  complaints out(all.size() > 1);
  for (const auto& t : all) {
    if (!t.runs)
      continue;
    out.of(t);
    add_start(out, t);
    add_sources_away(out, t);
    for (const auto& [name, g] : t.gauges.sinks)
      if (g->reached && g->away && t.has_here(name))
        out.add(fmt::format("waiting for the target of {}", name));
    add_stalled(out, t, now);
  }
  return out.answer();
}

health is_ready(const std::vector<running_topology>& all, bool stopping,
                const api::answers::topologies& known) {
  complaints out(all.size() > 1);
  for (const auto& t : all) {
    if (!t.runs)
      continue;
    out.of(t);
    add_start(out, t);
    add_sources_away(out, t);
    for (const auto& [name, g] : t.gauges.feeds->gauges())
      if (g->spool_full && t.is_read_here(name))
        out.add(fmt::format("the spool of {} is full", name));
    for (const auto& [name, g] : t.gauges.shards)
      if (g->stalled && t.has_here(name))
        out.add(fmt::format("{} takes no input until a sink takes its output", lasting_name(name)));
  }
  if (stopping)
    return {false, "stopping\n"};
  auto answer = out.answer();
  for (const auto& t : known.all)
    if (t.state == api::topology_state::failed)
      answer = {false, fmt::format("{}{} has failed; `millrace list` says why\n",
                                   answer.good ? "" : answer.text, t.name)};
  return answer;
}

}  // namespace millrace::observe
