// A scenario as the product reads it: the topology's file, the records in the log.
#include "tests/simulation/scenario.hpp"
#include "tests/simulation/trace_hash.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <algorithm>

namespace millrace::simulation {
namespace {

namespace json = boost::json;
using shape = window_spec::shape;

std::string duration(micros d) { return fmt::format("{} us", d.count()); }

std::string aggregate_text(const std::string& name) {
  static const std::vector<std::pair<std::string, std::string>> all{
      {"s", "sum(v)"},  {"lo", "min(v)"},           {"hi", "max(v)"}, {"f", "first(v)"},
      {"l", "last(v)"}, {"d", "count(distinct v)"}, {"t", "sum(n)"},  {"x", "last(n)"},
  };
  return std::find_if(all.begin(), all.end(), [&](const auto& a) { return a.first == name; })->second;
}

json::object window_object(const window_spec& w, const scenario& s, std::string_view from) {
  json::object o;
  switch (w.what) {
  case shape::tumbling:
    o["window"] = "tumbling";
    o["size"] = duration(w.size);
    break;
  case shape::sliding:
    o["window"] = "sliding";
    o["size"] = duration(w.size);
    o["slide"] = duration(w.slide);
    break;
  case shape::session:
    o["window"] = "session";
    o["gap"] = duration(w.size);
    break;
  case shape::global:
    o["window"] = "global";
    if (w.size.count() != 0)
      o["state_ttl"] = duration(w.size);
    break;
  }
  o["from"] = from;
  if (w.keyed)
    o["key"] = json::array{"u"};
  json::object aggregates{{"n", "count(*)"}};
  for (const auto& name : w.aggregates)
    aggregates[name] = aggregate_text(name);
  o["aggregates"] = std::move(aggregates);
  o["shards"] = w.shards;
  if (w.lateness.count() != 0)
    o["allowed_lateness"] = duration(w.lateness);
  if (w.least_value)
    o["where"] = fmt::format("v >= {} or v is null", *w.least_value);
  if (w.least_count)
    o["having"] = fmt::format("n >= {}", *w.least_count);
  if (w.most_count)
    o["having"] = fmt::format("n <= {}", *w.most_count);
  if (w.every) {
    o["emit"] = "updates";
    o["every"] = duration(*w.every);
  }
  if (s.retain_memory)
    o["retain_memory"] = *s.retain_memory;
  return o;
}

json::object sink_object(const scenario& s, std::string_view name, std::string_view from) {
  const auto* const where = s.pinned ? "sqlite3:///nowhere" : "postgresql://nowhere/here";
  return {{"sink", "sql"}, {"from", from}, {"connection", where}, {"table", name}};
}

json::object source_object(const scenario& s, std::string_view topic) {
  json::object o{
      {"source", "kafka"}, {"brokers", "nowhere:9092"}, {"topic", topic}, {"discover_every", "50 ms"}};
  if (s.max_drift)
    o["max_drift"] = duration(*s.max_drift);
  if (s.rate)
    o["rate"] = *s.rate;
  return o;
}

/// Sinks of the last window, or of updates.
void add_result_sinks(json::object& stages, const scenario& s) {
  const auto& last = s.behind ? *s.behind : *s.window;
  const std::string_view from = s.behind ? "behind" : "window";
  json::object columns{{"*", true}, {"batch", "_batch"}};
  if (last.takes_back())
    columns = {{"*", true}, {"change", "_change"}, {"batch", "_batch"}};
  auto rows = sink_object(s, "rows", from);
  if (last.every)
    rows["columns"] = columns;
  else if (s.ordered)
    rows["order_by"] = "n desc";
  stages["rows"] = std::move(rows);
  if (!s.second_sink)
    return;
  auto more = sink_object(s, "more", from);
  if (last.every)
    more["columns"] = columns;
  else
    more["where"] = "n >= 2";
  stages["more"] = std::move(more);
}

}  // namespace

namespace {

std::string click_text(const scenario& s, const click& c) {
  const auto value = c.value ? std::to_string(*c.value) : std::string(s.csv ? "" : "null");
  if (s.csv)
    return fmt::format("{},{},{}", c.user.value_or(""), value, c.at / 1000);
  const auto at = c.what == click::kind::malformed ? "null" : std::to_string(c.at / 1000);
  return fmt::format(R"({{"u":{},"v":{},"at":{}}})", c.user ? "\"" + *c.user + "\"" : "null", value, at);
}

}  // namespace

std::string record_text(const scenario& s, const click& c) {
  if (c.what == click::kind::malformed)
    return s.csv ? "not a click" : R"({"u": )";
  auto shown = c;
  if (c.what == click::kind::poison)
    shown.user = "poison";
  if (!s.unnests)
    return click_text(s, shown);
  std::string elements;
  for (const auto& e : c.elements)
    elements += (elements.empty() ? "" : ",") + click_text(s, e);
  return fmt::format(R"({{"clicks":[{}],"u":"{}"}})", elements, shown.user.value_or(""));
}

bool is_refused(std::string_view row) { return (hash_on(empty_hash, row) >> 20) % 7 == 0; }

std::string topology_text(const scenario& s) {
  json::object stages;
  stages["clicks"] = source_object(s, "clicks");
  json::array sources{"clicks"};
  if (s.two_sources) {
    stages["other"] = source_object(s, "other");
    sources.emplace_back("other");
  }
  json::object parsed{
      {"parser", s.csv ? "csv" : "json"}, {"from", sources}, {"watermark_delay", duration(s.delay)}};
  const json::object columns{
      {"u", "text"}, {"v", "bigint"}, {"at", {{"type", "timestamp"}, {"format", "epoch_ms"}}}};
  if (s.unnests) {
    parsed["schema"] = {{"clicks", json::array{columns}}};
  } else {
    parsed["schema"] = columns;
    parsed["event_time"] = "at";
  }
  if (s.idle_timeout)
    parsed["idle_timeout"] = duration(*s.idle_timeout);
  else if (s.join && s.join->is_as_of)
    parsed["idle_timeout"] = "off";
  stages["parsed"] = std::move(parsed);
  std::string from = "parsed";
  if (s.unnests) {
    stages["elements"] = {
        {"transform", "select"},
        {"from", "parsed"},
        {"event_time", "at"},
        {"columns",
         {{"u", "(unnest(clicks)).u"}, {"v", "(unnest(clicks)).v"}, {"at", "(unnest(clicks)).at"}}}};
    from = "elements";
  }
  const auto rows = from;
  if (s.select) {
    stages["chosen"] = {{"transform", "select"},
                        {"from", rows},
                        {"where", "v is null or v <> 0"},
                        {"columns", {{"u", "u"}, {"v", "v + 1"}}}};
    from = "chosen";
  }
  if (s.window) {
    stages["window"] = window_object(*s.window, s, from);
    if (s.behind)
      stages["behind"] = window_object(*s.behind, s, "window");
    add_result_sinks(stages, s);
    if (s.late_sink) {
      auto late = sink_object(s, "late", "window.late");
      late["columns"] = {{"u", "u"}, {"v", "v"}};
      stages["late"] = std::move(late);
    }
  }
  if (s.join) {
    const auto& w = s.join->window;
    if (!s.join->is_dedup)
      stages["fourths"] = {{"transform", "select"},
                           {"from", rows},
                           {"where", "v % 4 = 0"},
                           {"columns", {{"u", "u"}, {"w", "v"}}}};
    const bool has_partners = s.join->how != "anti";
    json::object joined{{"join", s.join->is_as_of      ? "as_of"
                                 : s.join->is_interval ? "interval"
                                                       : "window"},
                        {"left", rows},
                        {"right", "fourths"},
                        {"key", "u"},
                        {"how", s.join->how},
                        {"shards", w.shards},
                        {"columns",
                         {{"u", "u"},
                          {"v", "l.v"},
                          {"w", has_partners ? "r.w" : "null::bigint"},
                          {"start", "window_start"}}}};
    if (s.join->is_as_of) {
      joined["late_versions"] = duration(s.join->before);
      joined["deleted"] = "w % 8 = 0";
    } else if (s.join->is_interval) {
      joined["before"] = duration(s.join->before);
      joined["after"] = duration(s.join->after);
    } else {
      joined["size"] = duration(w.size);
      joined["slide"] = duration(w.slide);
    }
    if (s.join->is_dedup)
      joined = {{"window", "dedup"},
                {"from", rows},
                {"key", "u"},
                {"ttl", duration(s.join->before)},
                {"shards", w.shards},
                {"columns", {{"u", "u"}, {"v", "v"}, {"w", "null::bigint"}, {"start", "window_start"}}}};
    stages["joined"] = std::move(joined);
    if (s.retain_memory)
      stages["joined"].as_object()["retain_memory"] = *s.retain_memory;
    stages["pairs"] = sink_object(s, "pairs", "joined");
    auto late = sink_object(s, "late_fourths", s.join->is_dedup ? "joined.late" : "joined.late_right");
    late["columns"] = {{"w", s.join->is_dedup ? "v" : "w"}};
    stages["late_fourths"] = std::move(late);
  }
  if (s.raw_sink) {
    auto raw = sink_object(s, "raw", rows);
    raw["columns"] = {{"u", "u"}, {"v", "v"}, {"partition", "_partition"}, {"position", "_position"}};
    stages["raw"] = std::move(raw);
  }
  json::object dead = sink_object(s, "dead", "");
  dead.erase("from");
  return json::serialize(json::object{{"millrace", 1},
                                      {"topology", "simulated"},
                                      {"snapshot_every", s.snapshot_every},
                                      {"commit_every", s.commit_every},
                                      {"dead_letters", dead},
                                      {"stages", stages}});
}

}  // namespace millrace::simulation
