#include "actors/observe/graph.hpp"

#include "actors/observe/topology_walk.hpp"
#include "runtime/delivery/common_watermark.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <utility>

namespace millrace::observe {
namespace {

using config::stage_kind;

void add_lag(std::optional<std::uint64_t>& sum, const std::optional<std::uint64_t>& more, bool first) {
  if (first)
    sum = more;
  else if (sum && more)
    *sum += *more;
  else
    sum.reset();
}

/// The state of a stage's lanes, added up.
struct lane_states {
  bool is_away = false;
  bool is_over = true;
  bool is_held = false;
  bool is_paused = false;
  delivery::common_watermark watermark;

  void add(const lane_figures& l) {
    is_away = is_away || l.is_away;
    is_over = is_over && all_ended(l);
    is_held = is_held || std::ranges::any_of(l.partitions, [](const auto& p) { return !p.held_by.empty(); });
    is_paused = is_paused || l.is_paused;
    for (const auto& p : l.partitions)
      watermark.add(p.watermark.at, p.is_idle);
  }
  [[nodiscard]] const char* state() const {
    return is_over               ? "ended"
           : is_paused           ? "paused"
           : is_held             ? "waits"
           : watermark.is_idle() ? "idle"
                                 : "runs";
  }
};

void describe_source(stage_standing& out, const figures& f) {
  lane_states states;
  std::map<std::string, std::optional<std::uint64_t>> lags;  // keyed by the parser that reads it: each reads
                                                             // all
  for (const auto& l : f.lanes) {
    if (l.source != out.name)
      continue;
    const auto [lag, is_first] = lags.try_emplace(l.parser);
    add_lag(lag->second, l.lag, is_first);
    states.add(l);
  }
  const bool is_unknown = std::ranges::any_of(lags, [](const auto& l) { return !l.second; });
  for (const auto& [_, lag] : lags)  // the slowest of them counts
    out.lag = is_unknown ? std::nullopt : std::max(out.lag, lag);
  for (const auto& s : f.sources)
    if (s.name == out.name)
      out.per_second = s.records_per_second;
  out.state = lags.empty() ? "starts" : states.is_away ? "away" : states.state();
}

void describe_parser(stage_standing& out, const figures& f) {
  bool first = true;
  lane_states states;
  for (const auto& l : f.lanes) {
    if (l.parser != out.name)
      continue;
    first = first && l.partitions.empty();
    states.add(l);
  }
  if (!first)
    out.watermark = {states.watermark.at()};
  out.state = first ? "starts" : states.state();
}

void describe_window(stage_standing& out, const figures& f) {
  bool first = true;
  bool stalled = false;
  for (const auto& s : f.shards) {
    if (s.window != out.name)
      continue;
    out.records += s.rows;
    if (first || s.watermark < out.watermark)
      out.watermark = s.watermark;
    first = false;
    stalled = stalled || s.is_stalled;
  }
  out.state = first ? "starts" : stalled ? "stalled" : out.watermark.at == end_of_time ? "ended" : "runs";
}

void describe_sink(stage_standing& out, const figures& f) {
  const auto s = std::ranges::find(f.sinks, out.name, &sink_figures::name);
  if (s == f.sinks.end()) {
    out.state = "starts";
    return;
  }
  out.state = s->is_reached && s->is_away ? "away"
              : is_late(*s)               ? s->pace
              : s->is_reached             ? "runs"
                                          : "starts";
}

/// The state of a stage whose topology does not run. The others end in order once one has failed.
std::string rest_of(const std::string& stage, const figures& f) {
  if (f.state == "failed")
    return stage == f.failed_stage ? "failed" : "stopped";
  return f.state.empty() ? "ended" : f.state;
}

void add_counts(stage_standing& out, stage_kind kind, const count_figures& c) {
  if (config::has_shards(kind))
    out.records = c.rows.value_or(out.records);  // else its shards count them
  else
    out.records = kind == stage_kind::sink ? c.out : c.in;
}

std::string type_of(const config::stage& s) {
  return s.type.empty() ? std::string(config::to_string(s.kind)) : s.type;
}

/// Bytes that a parser's lanes have sent to a stage: each of its actors has its own.
std::uint64_t held_by_parser(const figures& f, const std::string& parser, const std::string& to) {
  std::uint64_t out = 0;
  for (const auto& l : f.lanes)
    if (l.parser == parser)
      for (const auto& [receiver, bytes] : l.held_by)
        out += stage_of_actor(receiver) == to ? bytes : 0;
  return out;
}

/// Bytes that wait on the edges that lead to a stage, in the order of its `from`. They wait in front of the stage that is to
/// take them, windows and sinks: a select has no queue of its own. Several ways from one feeder share what it keeps,
/// which stands on the first.
std::vector<std::uint64_t> held_in_front_of(const config::topology& t, const figures& f,
                                            const config::stage& s) {
  std::vector<std::uint64_t> out;
  feeders told;
  for (const auto& from : s.from) {
    auto& bytes = out.emplace_back(0);
    if (!config::has_shards(s.kind) && s.kind != stage_kind::sink)
      continue;
    const auto feeders = feeders_by(t, from);
    for (const auto& w : feeders.windows)
      bytes += told.windows.insert(w).second ? held_by_window(f, w, s.name) : 0;
    for (const auto& p : feeders.parsers)
      bytes += told.parsers.insert(p).second ? held_by_parser(f, p, s.name) : 0;
  }
  return out;
}

/// The receiver that gives a lane no credit and has most of its bytes.
std::optional<culprit> culprit_of_lanes(const figures& f) {
  std::optional<culprit> out;
  std::uint64_t most = 0;
  for (const auto& l : f.lanes)
    for (const auto& p : l.partitions) {
      const auto bytes = unread_by(l, p.held_by);
      if (p.held_by.empty() || (out && bytes <= most))
        continue;
      most = bytes;
      out = culprit{stage_of_actor(p.held_by),
                    fmt::format("{} has yet to take {} of {}", p.held_by, bytes_text(bytes), l.parser)};
    }
  return out;
}

}  // namespace

std::string plural(std::uint64_t n, std::string_view what) {
  return fmt::format("{} {}{}", n, what, n == 1 ? "" : "s");
}

std::string bytes_text(std::uint64_t bytes) {
  constexpr std::array<std::pair<std::uint64_t, const char*>, 3> units{
      {{1'000'000'000, "GB"}, {1'000'000, "MB"}, {1'000, "kB"}}};
  for (const auto& [size, name] : units)
    if (bytes >= size)
      return fmt::format("{:.1f} {}", static_cast<double>(bytes) / static_cast<double>(size), name);
  return fmt::format("{} bytes", bytes);
}

std::optional<culprit> culprit_of(const config::topology& t, const figures& f) {
  // Sinks come last in data-flow order, so the last stalled window is the nearest to who holds it.
  for (auto s = t.stages.rbegin(); s != t.stages.rend(); ++s) {
    if (!config::has_shards(s->kind))
      continue;
    const bool stalled = std::ranges::any_of(
        f.shards, [&](const shard_figures& x) { return x.window == s->name && x.is_stalled; });
    const auto by = holder_of(f, s->name);
    if (stalled && !by.stage.empty())
      return culprit{by.stage,
                     fmt::format("{} has yet to commit {} of {}", by.stage, bytes_text(by.bytes), s->name)};
  }
  if (auto by = culprit_of_lanes(f))
    return by;
  for (const auto& s : f.sinks)
    if (is_late(s))
      return culprit{s.name, under_way_text(s)};
  return std::nullopt;
}

std::string how_it_ended(const figures& f) {
  if (f.is_running || f.state.empty())
    return {};
  const auto since =
      f.ended_at.at == no_watermark ? std::string() : ", since " + format_timestamp(f.ended_at.at);
  if (f.state != "failed")
    return fmt::format("it is {}{}", f.state, since);
  return fmt::format("it has failed{}{}; `millrace list` says why",
                     f.failed_stage.empty() ? std::string() : " at " + f.failed_stage, since);
}

graph graph_of(const config::topology& t, const figures& f) {
  graph out{t.name, {}, {}, culprit_of(t, f), f.missing, how_it_ended(f)};
  for (const auto& s : t.stages) {
    stage_standing one;
    one.name = s.name;
    one.kind = config::to_string(s.kind);
    one.type = type_of(s);
    one.state = "runs";
    if (s.kind == stage_kind::source)
      describe_source(one, f);
    else if (s.kind == stage_kind::parser)
      describe_parser(one, f);
    else if (config::has_shards(s.kind))
      describe_window(one, f);
    else if (s.kind == stage_kind::sink)
      describe_sink(one, f);
    if (!f.is_running)
      one.state = rest_of(s.name, f);
    const auto lost = losses_of(f, s.name);
    one.late = lost.late;
    one.dead_letters = lost.dead_letters;
    if (const auto c = f.counted.find(s.name); c != f.counted.end())
      add_counts(one, s.kind, c->second);
    out.stages.push_back(std::move(one));
    const auto held = held_in_front_of(t, f, s);
    for (std::size_t i = 0; i < s.from.size(); ++i)
      out.edges.push_back({name_of(s.from[i]), s.name, held[i]});
  }
  return out;
}

}  // namespace millrace::observe
