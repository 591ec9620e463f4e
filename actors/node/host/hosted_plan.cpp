// u8 version | text | state id | varint lanes | varint n | n x (name | value), names ascending
#include "actors/node/host/hosted_plan.hpp"

#include "actors/deployment/start_positions.hpp"
#include "config/load_text.hpp"
#include "config/plan/fingerprint.hpp"
#include "config/plan/plan_model.hpp"
#include "config/plan/state_fit.hpp"
#include "runtime/base/earlier_format.hpp"
#include "runtime/data/carried_file.hpp"
#include "runtime/wire/bytes.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace millrace::host {
namespace {

constexpr std::string_view zones_name = "tzdata";  // a value of a plan
constexpr std::uint8_t plan_version = 3;

/// Returns no value where dead letters are in the store.
const config::stage* own_sink_of_letters(const config::topology& t) {
  return t.dead_letters && !t.dead_letters->type.empty() ? &*t.dead_letters : nullptr;
}

}  // namespace

std::string encode_plan(const hosted_plan& p) {
  wire::writer out;
  out.fixed(plan_version);
  out.string(p.text);
  out.string(p.state_id);
  out.varint(p.lanes);
  out.varint(p.values.size());
  for (const auto& [name, value] : p.values) {
    out.string(name);
    out.string(value);
  }
  return out.take();
}

expected<deployment::run_record> run_of(const hosted_plan& p) {
  const auto kept = p.values.find(std::string(deployment::run_record_name));
  return kept == p.values.end() ? deployment::run_record() : deployment::decode_run(kept->second);
}

std::string fingerprint_of(const std::map<std::string, std::string>& values) {
  const auto kept = values.find(std::string(config::fingerprint_name));
  return kept == values.end() ? std::string() : kept->second;
}

expected<hosted_plan> decode_plan(std::string_view bytes) {
  wire::reader in(bytes);
  const auto version = in.fixed<std::uint8_t>();
  if (version > plan_version)
    return fatal_error(ec::unsupported,
                       fmt::format("the plan of a topology was written by a later version of "
                                   "millrace (format {}, this one reads {}); update "
                                   "this node",
                                   version, plan_version));
  if (version != 0 && version < plan_version)
    return earlier_format("the plan of a topology in control", version, plan_version,
                          "or give the cluster an empty store and apply its topologies there");
  hosted_plan p;
  p.text = in.string();
  p.state_id = in.string();
  p.lanes = in.varint();
  for (auto left = in.varint(); left > 0 && in.ok(); --left) {
    std::string name(in.string());
    p.values[std::move(name)] = in.string();
  }
  if (version == 0 || !in.ok() || !in.at_end())
    return fatal_error(ec::corrupt, "the plan of a topology in control is malformed");
  return p;
}

unexpected no_text(const std::string& topology) {
  return user_error(
      ec::mismatch,
      fmt::format("the topology {} comes from `millrace run`, which has kept no text of it; give "
                  "the cluster its file: millrace apply FILE",
                  topology));
}

namespace {

/// A plan is the same on every node, and waits for nobody: `millrace apply` has asked a registry for columns.
const config::catalog& connectors_that_ask_nobody() {
  static const auto all = [] {
    auto out = connectors();
    for (auto& c : out)
      if (c.schema_in_file)
        c.schema_in_file =
            [own = c.schema_in_file](const config::values& o) -> expected<config::written_schema> {
          if (!o.has("schema_file"))
            return user_error(
                ec::invalid_argument,
                "nodes ask no registry for columns; expected the schema itself as \"schema_file\", as "
                "`millrace apply` puts it there (a data URI)");
          return own(o);
        };
    return out;
  }();
  return all;
}

}  // namespace

expected<std::shared_ptr<const config::topology>> load_plan(const std::string& text,
                                                            const std::string& name) {
  if (text.empty())
    return no_text(name);
  auto loaded = config::load_text(text, name, connectors_that_ask_nobody());
  if (loaded.plan) {
    for (const auto& s : loaded.plan->stages)
      if (config::traits_of(s).is_standard_input)
        return user_error(
            ec::invalid_argument,
            fmt::format("{}: nodes read no standard input; name a file, or use `millrace run`", s.name));
    // Each node would read a file of its own, and nothing says that they are the same.
    for (const auto& s : loaded.plan->stages)
      for (const auto& f : config::carried_by(s))
        if (!data::is_carried(s.options.text(f.option)))
          return user_error(ec::invalid_argument,
                            fmt::format("stage \"{}\" names a {}'s file, and nodes read none; expected the "
                                        "{} itself, as `millrace apply` puts it there (a data URI)",
                                        s.name, f.what(), f.what()));
    return std::make_shared<const config::topology>(std::move(*loaded.plan));
  }
  const auto wrong = std::ranges::find_if(loaded.findings, [](const auto& f) { return !f.warning; });
  return user_error(ec::invalid_argument,
                    wrong != loaded.findings.end() ? config::to_string(*wrong) : "the topology is wrong");
}

void keep_zones(hosted_plan& p, const config::topology& t) {
  if (auto version = config::zones_of(t); version.empty())
    p.values.erase(std::string(zones_name));
  else
    p.values[std::string(zones_name)] = std::move(version);
}

std::string other_zones(const std::map<std::string, std::string>& values, const config::topology& t) {
  const auto kept = values.find(std::string(zones_name));
  const auto here = config::zones_of(t);
  if (kept == values.end() || here.empty() || here == kept->second)
    return {};
  return fmt::format(
      "topology {} goes by the clocks of a zone; its plan was made with tzdata {}, and this node has {}: "
      "other nodes may give days other bounds, and read local times as other moments; remedy: the same "
      "tzdata on all nodes",
      t.name, kept->second, here);
}

expected<planned_topology> unfold(const hosted_plan& p, std::shared_ptr<const config::topology> topology,
                                  std::size_t lane_credit) {
  planned_topology out{std::move(topology), {}, p.state_id, p.values};
  auto& d = out.decided;
  ASSIGN_OR_RETURN(auto run, run_of(p));
  d.run = std::move(run);
  d.plans = lane::lane_plans(out.topology);
  for (const auto& plan : d.plans) {
    const auto stored = p.values.find(deployment::starts_name(plan->name));
    if (stored == p.values.end())
      return fatal_error(ec::corrupt, fmt::format("the plan has no start positions of {}", plan->name));
    ASSIGN_OR_RETURN(auto starts, deployment::decode_starts(stored->second));
    std::erase_if(starts, [](const auto& s) { return s.over; });
    d.partitions[plan->name] = std::move(starts);
  }
  d.layout =
      deployment::make_layout(*out.topology, d.plans, d.partitions, d.run.number, {p.lanes, lane_credit});
  return out;
}

std::vector<control::member> members_of(const deployment::layout& l) {
  std::vector<control::member> out;
  for (const auto& s : l.sinks)
    out.push_back({.name = s.name,
                   .kind = control::member_kind::sink,
                   .upstream = s.upstream,
                   .takes_dead_letters = s.takes_dead_letters()});
  for (const auto& s : l.shards)
    out.push_back(
        {.name = s.name, .kind = control::member_kind::shard, .log = s.name, .upstream = s.upstream});
  for (const auto& x : l.lanes) {
    const auto among = std::ranges::count(l.lanes, x.plan, &deployment::lane_layout::plan);
    out.push_back({.name = x.name,
                   .kind = control::member_kind::lane,
                   .parser = x.plan,
                   .receivers = x.receivers,
                   .partitions = x.partitions.size(),
                   .limits_drift = x.max_drift.has_value() && among > 1});
  }
  return out;
}

bool is_on_one_disk(const config::stage& s) {
  if (deployment::records_in_store(s))
    return false;
  const auto& source = config::traits_of(s);
  return source.has_own_files || source.receives || config::sink_traits_of(s).on_one_disk;
}

std::string node_named_by(const config::stage& s) {
  return s.options.has("node") ? s.options.text("node") : std::string();
}

std::vector<cluster::actor_spec> actors_of(const deployment::decided_topology& d,
                                           const config::topology& topology, const std::string& node,
                                           const std::map<std::string, std::string>& before) {
  const auto& l = d.layout;
  std::vector<cluster::actor_spec> out;
  // `stage`: the source or sink of the actor; none: it is pinned nowhere.
  const auto add = [&](const std::string& name, cluster::actor_kind kind, const std::string& group,
                       const config::stage* stage) {
    auto home = stage == nullptr ? std::string() : node_named_by(*stage);
    if (stage != nullptr && home.empty() && deployment::spools_in_store(topology, *stage)) {
      out.push_back({name, kind, group, false, node});  // clients begin to look for it there
      return;
    }
    if (stage != nullptr && home.empty() && is_on_one_disk(*stage)) {
      const auto had = before.find(name);
      home = had == before.end() || had->second.empty() ? node : had->second;
    }
    out.push_back({name, kind, group, !home.empty(), home});
  };
  for (const auto& s : l.sinks)
    add(s.name, cluster::actor_kind::sink, s.name,
        s.takes_dead_letters() ? own_sink_of_letters(topology) : topology.find(s.name));
  for (const auto& s : l.shards)
    add(s.name, cluster::actor_kind::shard, s.window, nullptr);
  for (const auto& x : l.lanes) {
    const auto plan = std::ranges::find_if(d.plans, [&](const auto& p) { return p->name == x.plan; });
    add(x.name, cluster::actor_kind::lane, x.plan, (*plan)->source);
  }
  return out;
}

std::vector<link::edge_name> edges_of(const deployment::layout& l) {
  std::vector<link::edge_name> out;
  for (const auto& x : l.lanes)
    for (const auto& receiver : x.receivers)
      out.push_back({x.name, receiver});
  for (const auto& s : l.shards)
    for (const auto& receiver : s.receivers)
      out.push_back({s.name, receiver});
  for (const auto& s : l.sinks)
    if (!s.takes_dead_letters())
      out.push_back({s.name, std::string(deployment::dead_letter_sink)});
  return out;
}

/// Returns each lane's parser, by the lane's name.
static std::map<std::string, const config::parser_plan*>
parsing_by_lane(const deployment::decided_topology& d) {
  std::map<std::string, const config::parser_plan*> out;
  for (const auto& x : d.layout.lanes)
    for (const auto& plan : d.plans)
      if (plan->name == x.plan)
        out[x.name] = &plan->parsing();
  return out;
}

std::map<std::string, bool> lanes_of(const planned_topology& p) {
  std::map<std::string, bool> out;
  for (const auto& [lane, parsing] : parsing_by_lane(p.decided))
    out[lane] = parsing->fail_on_error;
  return out;
}

std::set<std::string> lanes_giving_up_crashes(const deployment::decided_topology& d) {
  std::set<std::string> out;
  for (const auto& [lane, parsing] : parsing_by_lane(d))
    if (parsing->gives_up_crashes)
      out.insert(lane);
  return out;
}

log_id log_of(const deployment::decided_topology& d, const std::string& plan, const std::string& partition) {
  for (const auto& p : d.plans)
    if (p->name == plan)
      return p->log(partition);
  return plan + "/" + partition;
}

}  // namespace millrace::host
