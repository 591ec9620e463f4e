#include "actors/observe/topology_walk.hpp"

#include "runtime/base/pace.hpp"
#include "runtime/base/shard_name.hpp"
#include "runtime/base/visible_text.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <string_view>
#include <vector>

namespace millrace::observe {
namespace {

void walk(const config::topology& t, const config::input_ref& edge, feeders& out) {
  const auto* const up = t.find(edge.stage);
  if (up == nullptr)
    return;
  // Late records pass their window by: they come from what feeds it.
  if (config::has_shards(up->kind) && !edge.late)
    out.windows.insert(up->name);
  else if (up->kind == config::stage_kind::parser)
    out.parsers.insert(up->name);
  else
    for (const auto& from : up->from)
      if (!edge.late_side || from.to == *edge.late_side)
        walk(t, from, out);
}

}  // namespace

expected<const config::stage*> find_stage(const config::topology& t, const std::string& name) {
  if (const auto* const s = t.find(name))
    return s;
  std::vector<std::string_view> names;
  for (const auto& s : t.stages)
    names.emplace_back(s.name);
  return user_error(ec::not_found, fmt::format("topology {} has no stage {}; expected one of {}", t.name,
                                               visible(name), fmt::join(names, ", ")));
}

feeders feeders_of(const config::topology& t, const config::stage& s) {
  feeders out;
  for (const auto& from : s.from)
    walk(t, from, out);
  return out;
}

feeders feeders_of(const config::topology& t, const config::stage& join, config::side of) {
  feeders out;
  for (const auto& from : join.from)
    if (from.to == of)
      walk(t, from, out);
  return out;
}

feeders feeders_by(const config::topology& t, const config::input_ref& edge) {
  feeders out;
  walk(t, edge, out);
  return out;
}

bool has_versions(const config::topology& t, const std::string& stage) {
  const auto* const s = t.find(stage);
  const auto* const plan = s == nullptr ? nullptr : std::get_if<config::window_plan>(&s->plan);
  return plan != nullptr && plan->definition.join && plan->definition.join->newest;
}

std::string remedy_of_files(const config::topology& t, const std::string& window) {
  const auto* const late = t.find(window);
  if (late == nullptr)
    return {};
  for (const auto& name : feeders_of(t, *late).parsers)
    for (const auto& from : t.find(name)->from)
      if (const auto& s = *t.find(from.stage);
          s.options.has("parallel") && !s.options.boolean("parallel") &&
          config::traits_of(s).log.find_first_of("*?[") != std::string::npos)
        return fmt::format(", and so does \"parallel\": true of {}, begun anew: each of its files then has a "
                           "watermark of its own",
                           s.name);
  return {};
}

bool all_ended(const lane_figures& l) {
  return !l.partitions.empty() && std::ranges::all_of(l.partitions, [](const partition_figures& p) {
    return p.watermark.at == end_of_time;
  });
}

bool is_late(const sink_figures& s) { return s.pace != to_string(pace::usual); }

std::string under_way_text(const sink_figures& s) {
  return fmt::format("the target of {} has not answered a call for {}{}", s.name,
                     seconds_text(s.under_way_seconds.value_or(0)),
                     s.usual_seconds
                         ? fmt::format("; a commit usually takes {}", seconds_text(*s.usual_seconds))
                         : std::string());
}

std::string seconds_text(double seconds) {
  const auto unit = seconds < 0.001 ? 1e6 : seconds < 1 ? 1e3 : 1;
  return format_duration(micros(static_cast<std::int64_t>(std::round(seconds * unit) * (1e6 / unit))));
}

std::uint64_t unread_by(const lane_figures& l, const std::string& receiver) {
  const auto held = l.held_by.find(receiver);
  return held == l.held_by.end() ? 0 : held->second;
}

std::uint64_t held_by_window(const figures& f, const std::string& window, const std::string& to) {
  std::uint64_t out = 0;
  for (const auto& s : f.shards) {
    std::uint64_t most = 0;
    if (s.window == window)
      for (const auto& [receiver, bytes] : s.held_by)
        most = stage_of_actor(receiver) == to ? std::max(most, bytes) : most;
    out += most;
  }
  return out;
}

holder holder_of(const figures& f, const std::string& window) {
  std::set<std::string> stages;
  for (const auto& s : f.shards)
    if (s.window == window)
      for (const auto& [receiver, _] : s.held_by)
        stages.insert(stage_of_actor(receiver));
  holder out;
  for (const auto& stage : stages)
    if (const auto bytes = held_by_window(f, window, stage); bytes > out.bytes)
      out = {stage, bytes};
  return out;
}

}  // namespace millrace::observe
