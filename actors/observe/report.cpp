#include "actors/observe/report.hpp"

#include "actors/api/described.hpp"
#include "actors/deployment/layout.hpp"
#include "actors/observe/topology_walk.hpp"
#include "actors/stream/stage/unnest.hpp"
#include "config/plan/plan_model.hpp"
#include "runtime/base/shard_name.hpp"
#include "runtime/base/time.hpp"
#include "runtime/data/json_value.hpp"
#include "runtime/data/render.hpp"

#include <boost/json.hpp>

#include <algorithm>
#include <map>
#include <set>

namespace millrace::observe {
namespace {

namespace json = boost::json;

using parts_list = std::vector<messages::report_part>;

/// Returns the position in each log up to which given rows are counted: for lanes where the sink of dead
/// letters stands, for a shard where its own vector stands. The sink of dead letters may follow a shard, too,
/// and stand anywhere in its log.
std::map<log_id, position> given_up_to(const parts_list& parts) {
  std::map<log_id, position> out;
  for (const auto& p : parts)
    if (p.actor == deployment::dead_letter_sink)
      for (const auto& [log, m] : p.vector)
        out[log] = m.at;
  for (const auto& p : parts)
    if (const auto own = p.vector.find(p.actor); own != p.vector.end())
      out[p.actor] = own->second.at;
  return out;
}

/// Some of what was given is on its way to an actor of the stage, or it has yet to begin.
bool is_behind(const config::topology& t, const config::stage& stage, const parts_list& parts) {
  const auto from = feeders_of(t, stage);
  for (const auto& [log, end] : given_up_to(parts)) {
    const auto sender = stage_of_actor(log);
    if (!from.parsers.contains(sender) && !from.windows.contains(sender))
      continue;
    for (const auto& p : parts)
      if (stage_of_actor(p.actor) == stage.name)
        if (const auto at = p.vector.find(log); at == p.vector.end() || at->second.at < end)
          return true;
  }
  return false;
}

/// "counts/0 did not answer", "node b did not answer": of whom the counts are missing.
json::array missing_of(const config::topology& t, const parts_list& parts) {
  std::set<std::string> who;
  std::set<std::string> known;
  for (const auto& p : parts) {
    known.insert(lasting_name(p.actor));
    if (!p.missing.empty())
      who.insert(lasting_name(p.missing));
  }
  const auto expect = [&](const std::string& actor) {
    if (!known.contains(actor))
      who.insert(actor);
  };
  expect(std::string(deployment::dead_letter_sink));
  for (const auto& s : t.stages) {
    if (s.kind == config::stage_kind::sink)
      expect(s.name);
    if (const auto* const w = std::get_if<config::window_plan>(&s.plan))
      for (std::uint32_t shard = 0; shard < w->definition.shards; ++shard)
        expect(lasting_name(shard_name{s.name, 0, shard}));
  }
  json::array out;
  for (const auto& name : who)
    out.push_back(json::string(name + " did not answer"));
  return out;
}

json::object stage_object(const config::topology& t, const config::stage& stage,
                          const delivery::ledger& counts, const parts_list& parts, bool ended) {
  auto c = counts.of(stage.name);
  json::object out;
  std::uint64_t late_at_shard = 0;
  std::uint64_t rows = 0;
  for (const auto& p : parts) {
    if (stage.kind == config::stage_kind::sink && p.actor == stage.name) {
      c.dead += p.rejected;
      c.out -= std::min(c.out, p.rejected);
    }
    if (const auto shard = parse_shard_name(p.actor); shard && shard->window == stage.name) {
      rows += p.rows;
      late_at_shard += p.late_at_shard;
    }
  }
  // Both ends count: what was given and not taken is on its way, or it is lost and the equation does not hold.
  const auto given = counts.of(delivery::given_to(stage.name)).in;
  const auto lacks = given - std::min(given, counts.of(delivery::taken_by(stage.name)).in);
  out["in"] = c.in + lacks;
  out["out"] = c.out;
  out["filtered"] = c.filtered;
  out["late"] = c.late;
  out["dead_letters"] = c.dead;
  if (!ended)
    out["in_flight"] = lacks != 0 && is_behind(t, stage, parts) ? lacks : 0;
  if (const auto* const m = config::model_of(stage))
    out["model"] = m->content->hash;
  const auto* const transform = std::get_if<config::transform_plan>(&stage.plan);
  if (transform != nullptr && stage::unnested_by(transform->select) != nullptr)
    out["rows"] = counts.of(delivery::unnested_rows_of(stage.name)).out;
  if (stage.kind == config::stage_kind::join)
    for (const auto side : config::both_sides)
      out[fmt::format("late_{}", to_string(side))] =
          counts.of(delivery::late_rows_of(stage.name, to_string(side))).late;
  if (config::has_shards(stage.kind)) {
    const auto by_columns = counts.of(delivery::output_columns_of(stage.name)).dead;
    out["rows"] = rows - std::min(rows, by_columns);
    out["rows_dead_letters"] = counts.of(delivery::unformed_rows_of(stage.name)).dead + by_columns;
    out["late_at_shard"] = late_at_shard;
  }
  return out;
}

json::object flow_object(const flow_meter& flow) {
  json::object out;
  for (const auto& [name, f] : flow.sources()) {
    json::object o{{"records_per_second", f.records_per_second}};
    o["pending_records"] = f.pending ? json::value(*f.pending) : json::value(nullptr);
    if (f.pending_bytes)
      o["pending_bytes"] = *f.pending_bytes;
    o["wait_seconds"] = f.wait_seconds;
    o["work_seconds"] = f.work_seconds;
    out[name] = std::move(o);
  }
  for (const auto& [name, f] : flow.sinks())
    out[name] = {{"wait_seconds", f.wait_seconds}, {"commit_seconds", f.commit_seconds}};
  return out;
}

/// Appends JSON with one stage a line, so that people can read it and diff it.
void append(std::string& out, const json::object& o, int depth) {
  out += "{";
  bool first = true;
  for (const auto& [key, value] : o) {
    out += first ? "\n" : ",\n";
    first = false;
    out.append(static_cast<std::size_t>(depth + 1) * 2, ' ');
    data::append_json_string(out, {key.data(), key.size()});
    out += ": ";
    if (depth == 0 && value.is_object())
      append(out, value.get_object(), depth + 1);
    else
      data::append_json(out, value);
  }
  out += "\n" + std::string(static_cast<std::size_t>(depth) * 2, ' ') + "}";
}

}  // namespace

std::string report_text(const config::topology& t, const std::vector<messages::report_part>& parts,
                        bool ended, const flow_meter* flow) {
  delivery::ledger counts;
  for (const auto& p : parts)
    counts.add(p.counts);
  json::object stages;
  for (const auto& stage : t.stages)
    stages[stage.name] = stage_object(t, stage, counts, parts, ended);
  json::object watermarks;
  for (const auto& p : parts)
    for (const auto& [log, m] : p.vector) {
      // Each source log shows the least that any receiver stands at. Shards' logs have two slashes, a run's
      // number none.
      if (log.starts_with("refused/") || std::count(log.begin(), log.end(), '/') != 1)
        continue;
      if (!watermarks.contains(log) || m.watermark == no_watermark)
        watermarks[log] = to_value(api::event_time{m.watermark});
    }
  json::object out;
  out["topology"] = t.name;
  out["ended"] = ended;
  if (auto missing = missing_of(t, parts); !missing.empty())
    out["incomplete"] = std::move(missing);
  out["stages"] = std::move(stages);
  out["watermarks"] = std::move(watermarks);
  if (flow != nullptr)
    out["flow"] = flow_object(*flow);
  std::string text;
  append(text, out, 0);
  return text + "\n";
}

std::uint64_t records_read(const config::topology& t, const delivery::ledger& counts) {
  std::uint64_t out = 0;
  for (const auto& stage : t.stages)
    if (stage.kind == config::stage_kind::source)
      out += counts.of(stage.name).in;
  for (const auto& stage : t.stages)
    if (stage.kind == config::stage_kind::parser)
      out -= std::min(out, counts.of(stage.name).filtered);
  return out;
}

}  // namespace millrace::observe
