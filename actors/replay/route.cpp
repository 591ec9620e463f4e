#include "actors/replay/route.hpp"

#include "actors/deployment/layout.hpp"
#include "actors/stream/replay/replay_format.hpp"
#include "actors/stream/sink/rejected_log.hpp"
#include "config/text/report.hpp"
#include "runtime/base/shard_name.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace millrace::replay {
namespace {

bool holds(const lane::lane_plan& plan, const std::string& stage) {
  return plan.parser->name == stage ||
         lane::ways_to(plan.roots, lane::stage_index(*plan.topology, stage)) != 0;
}

/// Says whether it is the log of a window's rows.
bool is_window_log(const config::topology& t, std::string_view partition) {
  const auto shard = parse_shard_name(partition);
  const auto* const stage = shard ? t.find(shard->window) : nullptr;
  return stage != nullptr && config::has_shards(stage->kind);
}

/// Gives the nodes that read the select of that stage; null where there is none.
const std::vector<lane::node>* behind(const std::vector<lane::node>& nodes, std::uint32_t stage) {
  for (const auto& n : nodes)
    if (const auto* select = std::get_if<lane::select_node>(&n.what)) {
      if (select->stage == stage)
        return &select->next;
      if (const auto* found = behind(select->next, stage))
        return found;
    }
  return nullptr;
}

/// Routes a record that was replayed before, to `towards`, and failed at `failed`. No stage on the way there
/// has got it; downstream of `towards`, the stages beside `failed` have.
std::string next_target(const lane::lane_plan& plan, const std::string& towards, const std::string& failed) {
  if (!plan.topology->find(towards) || towards == plan.parser->name)
    return failed;
  const auto* const next = behind(plan.roots, lane::stage_index(*plan.topology, towards));
  const bool is_behind = next && failed != plan.parser->name &&
                         lane::ways_to(*next, lane::stage_index(*plan.topology, failed)) != 0;
  return is_behind ? failed : towards;
}

}  // namespace

bool is_bounded(const config::topology& t, const std::string& into) {
  const auto* const stage = t.find(into);
  const auto of = [&](const std::string& source) { return config::traits_of(*t.find(source)).bounded; };
  if (stage->kind != config::stage_kind::parser)
    return of(into);
  return std::ranges::any_of(stage->from, [&](const auto& edge) { return of(edge.stage); });
}

expected<void> check_into(const config::topology& t, const std::string& into, std::string_view what) {
  std::vector<std::string> names;
  for (const auto& s : t.stages)
    if (s.kind == config::stage_kind::source || s.kind == config::stage_kind::parser)
      names.push_back(s.name);
  if (std::find(names.begin(), names.end(), into) != names.end())
    return {};
  if (t.find(into))
    return user_error(ec::invalid_argument, fmt::format("{} {}: records enter at a source or a parser, and "
                                                        "go on to the stage that they failed at; expected {}",
                                                        what, into, config::one_of(names)));
  return user_error(ec::invalid_argument,
                    fmt::format("{} {}: topology '{}' has no such stage; expected {}{}", what, into, t.name,
                                config::one_of(names), config::did_you_mean(into, names)));
}

bool reaches_windows_only(const route& r) {
  const auto only_windows = [](const auto& self, const std::vector<lane::node>& nodes) -> bool {
    return std::all_of(nodes.begin(), nodes.end(), [&](const lane::node& n) {
      const auto* const select = std::get_if<lane::select_node>(&n.what);
      return select ? self(self, select->next) : std::holds_alternative<lane::window_node>(n.what);
    });
  };
  return only_windows(only_windows, lane::nodes_towards(*r.plan, r.stage));
}

tl::expected<route, no_route> route_of(const letter& l, const plans& all, const std::string& into) {
  const auto refused = [](std::string why) { return tl::make_unexpected(no_route{false, std::move(why)}); };
  const auto& t = *all.front()->topology;
  const auto* const stage = t.find(l.stage);
  if (!stage)
    return refused(fmt::format("of stage \"{}\", which topology '{}' does not have", l.stage, t.name));
  if (l.partition == sink::rejected_log(l.stage) || is_window_log(t, l.partition))
    return refused(
        fmt::format("of stage \"{}\", which are its rows and not records of a source: the records they were "
                    "made of have been processed; correct the target and insert them there",
                    l.stage));
  plans through;
  bool elsewhere = false;
  for (const auto& plan : all) {
    if (!holds(*plan, l.stage))
      continue;
    if (plan->parser->from.size() > 1 && !l.partition.starts_with(plan->source->name + ":"))
      continue;
    if (plan->parser->name == into || plan->source->name == into)
      through.push_back(plan);
    else
      elsewhere = true;
  }
  if (through.empty() && (elsewhere || stage->kind == config::stage_kind::parser))
    return tl::make_unexpected(
        no_route{true, fmt::format("of stage \"{}\", which is not downstream of \"{}\"", l.stage, into)});
  if (through.empty())
    return refused(
        fmt::format("of stage \"{}\", which takes rows of windows, or late ones: their records have been "
                    "processed",
                    l.stage));
  if (elsewhere || through.size() > 1)
    return refused(fmt::format(
        "of stage \"{}\", which takes rows of several parsers: it is not known whose record it was",
        l.stage));
  route out{through.front(), l.stage, l.partition};
  if (out.plan->parser->from.size() > 1)
    out.partition.erase(0, out.plan->source->name.size() + 1);
  if (l.stage != out.plan->parser->name && lane::ways_to(out.plan->roots, lane::stage_index(t, l.stage)) > 1)
    return refused(fmt::format("of stage \"{}\", which its parser's rows reach by several ways: it is not "
                               "known on which of them they failed",
                               l.stage));
  if (const auto before = parse_partition_name(out.partition))
    out.stage = next_target(*out.plan, std::string(before->stage), l.stage);
  return out;
}

}  // namespace millrace::replay
