#include "actors/observe/report.hpp"

#include "actors/stage/unnest.hpp"
#include "config/plan/plan_model.hpp"
#include "runtime/base/shard_name.hpp"
#include "runtime/base/time.hpp"
#include "runtime/data/json_value.hpp"
#include "runtime/data/render.hpp"

#include <boost/json.hpp>

#include <algorithm>

namespace millrace::observe {
namespace {

namespace json = boost::json;

json::object stage_object(const config::stage& stage, const delivery::ledger& counts,
                          const std::vector<messages::report_part>& parts, bool ended) {
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
  out["in"] = c.in;
  out["out"] = c.out;
  out["filtered"] = c.filtered;
  out["late"] = c.late;
  out["dead_letters"] = c.dead;
  const auto settled = c.out + c.filtered + c.late + c.dead;
  if (!ended)
    out["in_flight"] = c.in - std::min(c.in, settled);
  if (const auto* const m = config::model_of(stage))
    out["model"] = m->content->hash;
  const auto* const transform = std::get_if<config::transform_plan>(&stage.plan);
  if (transform != nullptr && stage::unnested_by(transform->select) != nullptr)
    out["rows"] = counts.of(delivery::unnested_rows_of(stage.name)).out;
  if (stage.kind == config::stage_kind::window) {
    const auto by_columns = counts.of(delivery::output_columns_of(stage.name)).dead;
    out["rows"] = rows - std::min(rows, by_columns);
    out["rows_dead_letters"] = counts.of(delivery::unformed_rows_of(stage.name)).dead + by_columns;
    out["late_at_shard"] = late_at_shard;
  }
  return out;
}

json::value watermark_value(event_micros w) {
  if (w == no_watermark)
    return nullptr;
  if (w == end_of_time)
    return "end";
  return json::string(format_timestamp(w));
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
    stages[stage.name] = stage_object(stage, counts, parts, ended);
  json::object watermarks;
  for (const auto& p : parts)
    for (const auto& [log, m] : p.vector) {
      // Each source log shows the least that any receiver stands at. Shards' logs have two slashes, a run's
      // number none.
      if (log.starts_with("refused/") || std::count(log.begin(), log.end(), '/') != 1)
        continue;
      const auto value = watermark_value(m.watermark);
      if (!watermarks.contains(log) || m.watermark == no_watermark)
        watermarks[log] = value;
    }
  json::object out;
  out["topology"] = t.name;
  out["ended"] = ended;
  out["stages"] = std::move(stages);
  out["watermarks"] = std::move(watermarks);
  if (flow != nullptr)
    out["flow"] = flow_object(*flow);
  std::string text;
  append(text, out, 0);
  return text + "\n";
}

}  // namespace millrace::observe
