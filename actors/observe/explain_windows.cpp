// Explains why a window gives no rows: what it waits for, and what the stages upstream lack to come there.
#include "actors/observe/explainer.hpp"
#include "actors/observe/graph.hpp"
#include "actors/observe/later_rows.hpp"
#include "actors/observe/topology_walk.hpp"
#include "runtime/window/slices.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <utility>

namespace millrace::observe {
namespace {

/// A key is hot that has this share of the records, and twice that of others.
constexpr double smallest_hot_share = 0.1;
/// Shares of fewer records say nothing.
constexpr std::uint64_t fewest_for_a_share = 1'000;

}  // namespace

std::string explainer::window(const config::stage& s, explanation& out) {
  const auto& plan = std::get<config::window_plan>(s.plan);
  event_time fired{end_of_time};
  std::uint64_t open = 0;
  bool any = false;
  for (const auto& x : f_.shards) {
    if (x.window != s.name)
      continue;
    any = true;
    open += x.windows_open;
    fired = std::min(fired, x.fired);
    if (x.next_end.at != no_watermark && (out.next_end.at == no_watermark || x.next_end < out.next_end))
      out.next_end = x.next_end;
  }
  if (!any) {
    starting(s, out);
    return fmt::format("{} has not begun", s.name);
  }
  if (out.next_end.at != no_watermark)
    out.waits_for = plus(out.next_end, plan.definition.allowed_lateness);
  if (stalled(s, out))
    return fmt::format("{} stands still", s.name);
  if (fired.at == end_of_time) {
    sum_up(out, false, fmt::format("{} has ended: all its windows have fired.", s.name));
    return {};
  }
  if (open != 0 && !plan.definition.updates)
    return waiting_for_its_end(s, out);
  if (open != 0) {
    updating(s, plan, open, out);
    return fmt::format("{} has nothing new to give", s.name);
  }
  input_of(s, out, std::nullopt);
  losses_of(s, out);
  auto own = fmt::format("{} has no open window", s.name);
  sum_up(out, true,
         out.causes.empty()
             ? fmt::format("{}: no record that it takes has come since {} fired.", own, time_text(fired))
             : fmt::format("{}: {}.", own, out.causes.front().text));
  return own;
}

void explainer::hot_key(const std::string& window, explanation& out) const {
  // A key is of one shard, so the largest keys of several lanes are one where they are of one shard.
  std::map<std::uint32_t, std::uint64_t> by_shard;
  std::uint64_t of = 0;
  for (const auto& l : f_.lanes)
    for (const auto& k : l.largest_keys)
      if (k.window == window) {
        by_shard[k.shard] += k.records;
        of += k.of;
      }
  std::uint64_t keys = 0;
  for (const auto& s : f_.shards)
    keys += s.window == window ? s.keys : 0;
  const auto largest = std::ranges::max_element(by_shard, {}, [](const auto& one) { return one.second; });
  if (largest == by_shard.end() || of < fewest_for_a_share)
    return;
  const auto share = std::min(1.0, static_cast<double>(largest->second) / static_cast<double>(of));
  if (share < smallest_hot_share || share * static_cast<double>(std::max<std::uint64_t>(keys, 1)) < 2)
    return;
  out.causes.push_back(
      {"hot_key",
       window,
       fmt::format("the largest key of {} has about {:.0f} % of its records of the last minutes, at {}/{}",
                   window, share * 100, window, largest->first),
       {},
       "all records of a key go to one shard: a finer key spreads them, a filter upstream of the window "
       "leaves some out; "
       "\"trace\" "
       "and \"tap\" show such records"});
}

namespace {

std::string what_fires(const config::stage& s, event_time end) {
  if (std::get<config::window_plan>(s.plan).definition.kind != window::shape::interval)
    return fmt::format("the window that ends at {}", time_text(end));
  return fmt::format("the {}row of {}", s.kind == config::stage_kind::join ? "left " : "",
                     time_text({window::plus(end.at, micros(-1))}));
}

}  // namespace

std::string explainer::waiting_for_its_end(const config::stage& s, explanation& out) {
  input_of(s, out, out.waits_for);
  const bool is_ahead = targets_ahead(s, out);
  const auto silent = silence_of(s);
  if (out.causes.empty() && !f_.missing.empty())
    node_away(s, out);
  else if (out.causes.empty() && !all_idle(silent, out))
    out.causes.push_back(
        {"on_its_way", s.name, "the records of its partitions are on their way to its shards", {}, {}});
  const bool by_all = is_ahead || silent.idle == 0 || out.waits_for.at == end_of_time;
  auto own = out.waits_for.at == no_watermark
                 ? fmt::format("{} waits", s.name)
                 : fmt::format("{}: {} fires when {} has reached {}{}", s.name, what_fires(s, out.next_end),
                               by_all             ? "every partition"
                               : silent.goes_on() ? "every partition that is not idle"
                                                  : "a partition",
                               time_text(out.waits_for), side_behind(s, out.waits_for));
  sum_up(out, true, fmt::format("{}; {}.", own, out.causes.front().text));
  return own;
}

void explainer::updating(const config::stage& s, const config::window_plan& plan, std::uint64_t open,
                         explanation& out) {
  input_of(s, out, std::nullopt);
  const auto* const by = holds_up(out);
  sum_up(out, by != nullptr,
         by != nullptr ? fmt::format("{} has nothing new to give: {}.", s.name, by->text)
                       : fmt::format("{} gives what has changed every {}; {} open.", s.name,
                                     format_duration(plan.every),
                                     open == 1 ? "one window is" : plural(open, "window") + " are"));
}

void explainer::input_of(const config::stage& s, explanation& out, std::optional<event_time> wanted) {
  not_placed(s, out);
  const auto from = feeders_of(t_, s);
  lanes_of(out, [&](const lane_figures& l) { return from.parsers.contains(l.parser); },
           {.wanted = wanted, .later_rows = later_rows_of(s.name)});
  for (const auto& name : from.windows) {
    const auto* const up = t_.find(name);
    if (!seen_.insert(name).second || up == nullptr)
      continue;
    explanation of_it{name, std::string(config::to_string(up->kind)), false, {}, {}, {}, {}, {}};
    auto waits = window(*up, of_it);
    if (of_it.is_waiting)
      out.causes.push_back({"upstream_window", name, std::move(waits), {}, {}});
    for (auto& c : of_it.causes)
      add_once(out, std::move(c));
  }
}

bool explainer::is_behind(const config::stage& join, config::side of, event_time wanted) const {
  const auto from = feeders_of(t_, join, of);
  return std::ranges::any_of(f_.lanes,
                             [&](const lane_figures& l) {
                               return from.parsers.contains(l.parser) &&
                                      std::ranges::any_of(l.partitions, [&](const partition_figures& p) {
                                        return !p.is_idle && p.watermark < wanted;
                                      });
                             }) ||
         std::ranges::any_of(f_.shards, [&](const shard_figures& x) {
           return from.windows.contains(x.window) && x.fired < wanted;
         });
}

/// Says which side of a join has yet to come to the time at which it fires.
std::string explainer::side_behind(const config::stage& s, event_time wanted) const {
  if (s.kind != config::stage_kind::join || wanted.at == no_watermark)
    return {};
  const bool left = is_behind(s, config::side::left, wanted);
  const bool right = is_behind(s, config::side::right, wanted);
  return left && right ? ", and neither side has"
         : left        ? ", and the left side has not"
         : right       ? ", and the right side has not"
                       : "";
}

explainer::silence explainer::silence_of(const config::stage& s) const {
  const auto from = feeders_of(t_, s);
  silence out;
  out.others = from.windows.size();
  for (const auto& l : f_.lanes)
    for (const auto& p : l.partitions) {
      if (!from.parsers.contains(l.parser) || p.watermark.at == end_of_time)
        continue;
      if (!p.is_idle) {
        ++out.others;
        continue;
      }
      if (out.idle++ == 0 || out.furthest < p.watermark) {
        out.furthest = p.watermark;
        out.of = parsing(l.parser);
        out.source = l.source;
      }
    }
  return out;
}

bool explainer::all_idle(const silence& x, explanation& out) {
  if (x.idle == 0 || x.goes_on() || out.waits_for.at == no_watermark || x.furthest >= out.waits_for)
    return false;
  out.causes.push_back(
      {"all_idle",
       x.source,
       fmt::format("all partitions that have not ended are idle, and the furthest of them has reached {}",
                   time_text(x.furthest)),
       {},
       fmt::format("a record at or after {} on any of them releases it",
                   time_text(plus(out.waits_for, x.of == nullptr ? micros(0) : x.of->watermark_delay)))});
  return true;
}

event_time explainer::later_rows_of(const std::string& window) const {
  event_time out;
  for (const auto& x : f_.shards)
    if (x.window == window)
      out = std::max(out, x.later_rows);
  return out;
}

bool explainer::targets_ahead(const config::stage& s, explanation& out) const {
  const auto lateness = std::get<config::window_plan>(s.plan).definition.allowed_lateness;
  std::set<std::string> logs;
  bool would_fire = false;  // but for this
  for (const auto& x : f_.shards)
    if (x.window == s.name && !x.waits_for.empty()) {
      logs.insert(x.waits_for.begin(), x.waits_for.end());
      would_fire = would_fire || (x.next_end.at != no_watermark && plus(x.next_end, lateness) <= x.watermark);
    }
  if (logs.empty())
    return false;
  std::vector<std::string> names;
  for (const auto& log : logs)
    names.push_back(partition_of_log(t_, log));
  const auto to = later_rows_of(s.name);
  out.causes.insert(
      would_fire ? out.causes.begin() : out.causes.end(),
      {"targets_ahead",
       s.name,
       fmt::format(
           "the targets have rows of a later state, up to {}, and windows go on once every partition, idle "
           "ones too, has come there; {} {} not",
           time_text(to), partitions_text(names, false), names.size() == 1 ? "has" : "have"),
       {},
       ways_on(names.size(), record_for(t_, s, to))});
  return true;
}

bool explainer::stalled(const config::stage& s, explanation& out) const {
  if (std::ranges::none_of(f_.shards,
                           [&](const shard_figures& x) { return x.window == s.name && x.is_stalled; }))
    return false;
  const auto by = holder_of(f_, s.name);
  add_once(
      out,
      {"output_held",
       by.stage,
       by.stage.empty() ? fmt::format("{} takes no input: its output waits for its receivers", s.name)
                        : fmt::format("{} takes no input: {} has yet to commit {} of its output", s.name,
                                      by.stage, bytes_text(by.bytes)),
       {},
       fmt::format("a faster {}, or more `retain` for {}", by.stage.empty() ? "sink" : by.stage, s.name)});
  if (const auto x = std::ranges::find(f_.sinks, by.stage, &sink_figures::name); x != f_.sinks.end())
    target(*x, out);
  else
    not_placed_where(out, [&](const config::stage& of) { return of.name == by.stage; });
  sum_up(out, true, fmt::format("{} stands still: {}.", s.name, out.causes.front().text));
  return true;
}

}  // namespace millrace::observe
