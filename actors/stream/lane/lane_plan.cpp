#include "actors/stream/lane/lane_plan.hpp"

#include <algorithm>
#include <cassert>

namespace millrace::lane {
namespace {

class builder {
public:
  builder(const config::topology& t, lane_plan& plan) : topology_(t), plan_(plan) {}

  /// Everything that reads from this stage (or from its late rows): a join on both of its sides twice.
  std::vector<node> readers_of(const std::string& name, bool late,
                               config::side late_side = config::side::left) {
    std::vector<node> out;
    for (std::uint32_t i = 0; i < topology_.stages.size(); ++i)
      for (const auto& from : topology_.stages[i].from)
        if (from.stage == name && from.late == late && from.late_side.value_or(late_side) == late_side)
          add(out, topology_.stages[i], i, from.to);
    return out;
  }

  std::size_t add_edge(edge::kind what, std::uint32_t stage, const std::string& name,
                       std::uint32_t receivers) {
    // A stage that is reached by two ways within the lane has one edge all the same.
    for (std::size_t i = 1; i < plan_.edges.size(); ++i)
      if (plan_.edges[i].stage == stage)
        return i;
    plan_.edges.push_back({what, stage, name, plan_.receivers, receivers});
    plan_.receivers += receivers;
    return plan_.edges.size() - 1;
  }

private:
  void add(std::vector<node>& out, const config::stage& s, std::uint32_t index, config::side to) {
    if (const auto* select = std::get_if<config::transform_plan>(&s.plan)) {
      out.push_back({select_node{index, select, readers_of(s.name, false)}});
    } else if (const auto* window = std::get_if<config::window_plan>(&s.plan)) {
      const auto edge = add_edge(edge::kind::window, index, s.name, window->definition.shards);
      out.push_back({window_node{index, window, to, edge, readers_of(s.name, true, to)}});
    } else if (const auto* sink = std::get_if<config::sink_plan>(&s.plan)) {
      out.push_back({sink_node{index, sink, add_edge(edge::kind::rows, index, s.name, 1)}});
    }
  }

  const config::topology& topology_;
  lane_plan& plan_;
};

}  // namespace

std::size_t ways_to(const std::vector<node>& nodes, std::uint32_t stage) {
  std::size_t ways = 0;
  for (const auto& n : nodes) {
    ways += std::visit([&](const auto& x) { return x.stage == stage ? 1U : 0U; }, n.what);
    if (const auto* select = std::get_if<select_node>(&n.what))
      ways += ways_to(select->next, stage);
  }
  return ways;
}

namespace {

std::vector<node> towards(const std::vector<node>& nodes, std::uint32_t stage) {
  std::vector<node> out;
  for (const auto& n : nodes) {
    if (std::visit([&](const auto& x) { return x.stage == stage; }, n.what)) {
      out.push_back(n);
    } else if (const auto* select = std::get_if<select_node>(&n.what)) {
      if (auto next = towards(select->next, stage); !next.empty())
        out.push_back({select_node{select->stage, select->plan, std::move(next)}});
    }
  }
  return out;
}

}  // namespace

std::vector<node> nodes_towards(const lane_plan& plan, std::string_view stage) {
  const auto& stages = plan.topology->stages;
  for (std::uint32_t i = 0; i < stages.size(); ++i)
    if (stages[i].name == stage && ways_to(plan.roots, i) != 0)
      return towards(plan.roots, i);
  return plan.roots;
}

std::uint32_t stage_index(const config::topology& t, std::string_view name) {
  const auto at =
      std::find_if(t.stages.begin(), t.stages.end(), [&](const auto& s) { return s.name == name; });
  assert(at != t.stages.end());
  return static_cast<std::uint32_t>(at - t.stages.begin());
}

std::vector<std::shared_ptr<const lane_plan>>
lane_plans(const std::shared_ptr<const config::topology>& topology) {
  std::vector<std::shared_ptr<const lane_plan>> plans;
  for (const auto& s : topology->stages) {
    if (s.kind != config::stage_kind::parser)
      continue;
    for (const auto& from : s.from) {
      auto plan = std::make_shared<lane_plan>();
      plan->topology = topology;
      plan->parser = &s;
      plan->name = s.from.size() == 1 ? s.name : s.name + ":" + from.stage;
      plan->source = &topology->stages[stage_index(*topology, from.stage)];
      builder b(*topology, *plan);
      plan->edges.push_back({edge::kind::dead_letters, 0, "dead_letters", 0, 1});
      plan->receivers = 1;
      plan->roots = b.readers_of(s.name, false);
      plans.push_back(std::move(plan));
    }
  }
  return plans;
}

}  // namespace millrace::lane
