#include "actors/observe/explain.hpp"

#include "actors/observe/explainer.hpp"
#include "actors/observe/graph.hpp"
#include "actors/observe/topology_walk.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

namespace millrace::observe {
namespace {

using config::stage_kind;

/// More would not be read; the first ones hold the others up.
constexpr std::size_t most_causes = 8;

/// Lost records hold nothing up by themselves, nor does a large key.
constexpr std::array<std::string_view, 3> lost{"late", "dead_letters", "hot_key"};
/// A partition is in order where one of these is the cause, and others may give. They may, too, where actors upstream
/// have no node.
constexpr std::array<std::string_view, 3> silent{"quiet_partition", "no_record_yet", "idle"};
constexpr std::string_view unplaced = "not_placed";

std::optional<double> seconds_since(event_time since, event_time now) {
  if (since.at == no_watermark || now.at == no_watermark || now < since)
    return std::nullopt;
  return static_cast<double>(now.at - since.at) / 1e6;
}

bool is_one_of(const auto& codes, const cause& c) { return std::ranges::find(codes, c.code) != codes.end(); }

}  // namespace

std::string time_text(event_time t) {
  if (t.at == no_watermark)
    return "nothing";
  return t.at == end_of_time ? "the end" : format_timestamp(t.at);
}

event_time plus(event_time t, micros more) {
  if (t.at == no_watermark || t.at == end_of_time)
    return t;
  return {t.at > end_of_time - more.count() ? end_of_time : t.at + more.count()};
}

const config::parser_plan* explainer::parsing(const std::string& parser) const {
  const auto* const s = t_.find(parser);
  return s == nullptr ? nullptr : std::get_if<config::parser_plan>(&s->plan);
}

void explainer::crashes(const std::string& stage, explanation& out) const {
  std::vector<cause> first;
  for (const auto& c : f_.crashes) {
    first.push_back({"crashes", c.stage, c.text, seconds_since(c.since, f_.at), remedy_of_crash(c.stage)});
    if (c.is_waiting && c.stage == stage)
      sum_up(out, true, c.text + ".");
  }
  out.causes.insert(out.causes.begin(), first.begin(), first.end());
}

std::string explainer::remedy_of_crash(const std::string& stage) const {
  const std::string see = "the log and core dump of that node say why its process ended";
  return parsing(stage) == nullptr
             ? see
             : see +
                   "; with on_crash \"dead_letter\" such a record becomes a dead letter after three crashes";
}

void explainer::sum_up(explanation& out, bool waits, std::string words) {
  out.is_waiting = waits;
  out.summary = std::move(words);
  if (out.causes.size() > most_causes)
    out.causes.resize(most_causes);
}

const cause* explainer::holds_up(const explanation& out) const {
  const cause* quiet = nullptr;
  for (const auto& c : out.causes) {
    if (is_one_of(lost, c))
      continue;
    const bool is_elsewhere = c.code == unplaced && !waits_itself(out.stage);
    if (!is_one_of(silent, c) && !is_elsewhere)
      return &c;
    if (!gives_ && quiet == nullptr)
      quiet = &c;
  }
  return quiet;
}

void explainer::add_once(explanation& out, cause c) {
  if (std::ranges::find(out.causes, c) == out.causes.end())
    out.causes.push_back(std::move(c));
}

bool explainer::feeds(const config::stage& s, const std::string& other) const {
  std::set<std::string> seen;
  std::vector<const config::stage*> left{&s};
  while (!left.empty()) {
    const auto* const one = left.back();
    left.pop_back();
    if (one->name == other)
      return true;
    for (const auto& from : one->from)
      if (const auto* const up = t_.find(from.stage); up != nullptr && seen.insert(up->name).second)
        left.push_back(up);
  }
  return false;
}

bool explainer::waits_itself(const std::string& stage) const {
  return std::ranges::any_of(f_.not_placed, [&](const unplaced_figures& x) {
    return std::ranges::any_of(x.stages, [&](const std::string& name) {
      const auto* const p = parsing(name) == nullptr ? nullptr : t_.find(name);
      return name == stage || (p != nullptr && p->from.front().stage == stage);  // the lanes of a source
    });
  });
}

bool explainer::not_placed_where(explanation& out,
                                 const std::function<bool(const config::stage&)>& is_meant) const {
  bool any = false;
  for (const auto& x : f_.not_placed)
    if (std::ranges::any_of(x.stages, [&](const std::string& name) {
          const auto* const s = t_.find(name);
          return s != nullptr && is_meant(*s);
        })) {
      any = true;
      add_once(out,
               {std::string(unplaced), x.stages.front(), x.text, seconds_since(x.since, f_.at), x.remedy});
    }
  return any;
}

void explainer::not_placed(const config::stage& s, explanation& out) const {
  not_placed_where(out, [&](const config::stage& of) {
    return feeds(s, of.name) || (of.kind == stage_kind::parser && of.from.front().stage == s.name);
  });
}

void explainer::transform(const config::stage& s, explanation& out) {
  input_of(s, out, std::nullopt);
  losses_of(s, out);
  const auto* const by = holds_up(out);
  sum_up(out, by != nullptr,
         by != nullptr ? fmt::format("{} gives nothing: {}.", s.name, by->text)
                       : fmt::format("{} passes on what comes.", s.name));
}

void explainer::node_away(const config::stage& s, explanation& out) const {
  out.causes.push_back({"node_away",
                        s.name,
                        fmt::format("no answer came from {}", fmt::join(f_.missing, ", ")),
                        {},
                        "millrace nodes shows whether they are up"});
}

void explainer::starting(const config::stage& s, explanation& out) {
  not_placed(s, out);
  if (!out.causes.empty())
    return sum_up(out, true, fmt::format("{} stands still: {}.", s.name, out.causes.front().text));
  if (!f_.missing.empty())
    node_away(s, out);
  else if (f_.is_running)
    out.causes.push_back({"starts",
                          s.name,
                          "the sources have not answered yet",
                          {},
                          "the log names the one that is waited for"});
  const auto ended = how_it_ended(f_);
  sum_up(out, f_.is_running,
         out.causes.empty() ? fmt::format("{} does not run{}.", s.name,
                                          ended.empty() ? std::string() : ": the topology" + ended.substr(2))
                            : fmt::format("{} has not begun: {}.", s.name, out.causes.front().text));
}

void explainer::losses_of(const config::stage& s, explanation& out) const {
  std::set<std::string> names{s.name};
  const auto from = feeders_of(t_, s);
  names.insert(from.parsers.begin(), from.parsers.end());
  for (const auto& name : from.parsers)
    if (const auto* const p = parsing(name); p != nullptr && !p->timed_select.empty())
      names.insert(p->timed_select);
  for (const auto& name : names) {
    const auto l = observe::losses_of(f_, name);
    if (l.gaps != 0)
      out.causes.push_back(
          {"gaps",
           name,
           fmt::format("{} of the log of {}: lines were lost before they were read, or may have been",
                       plural(l.gaps, "gap"), name),
           {},
           "the log of the process names each; rotate by rename, or leave the copy beside the file"});
    if (l.late != 0)
      out.causes.push_back(
          {"late",
           name,
           fmt::format("{} came too late for {}", plural(l.late, "record"), name),
           {},
           (has_versions(t_, name)
                ? "late_versions of the join says how late a version may be; a longer watermark_delay of the "
                  "parser, "
                  "or allowed_lateness of the join, takes rows of both sides"
                : "a longer watermark_delay of the parser, or allowed_lateness of the window, takes them") +
               remedy_of_files(t_, name)});
    if (l.dead_letters != 0)
      out.causes.push_back(
          {"dead_letters",
           name,
           fmt::format("{} of {} are dead letters", plural(l.dead_letters, "record"), name),
           {},
           "each dead letter has its error; millrace replay sends corrected ones through again"});
  }
}

expected<explanation> explain(const config::topology& t, const figures& f, const std::string& stage) {
  ASSIGN_OR_RETURN(const auto found, find_stage(t, stage));
  const auto* const s = found;
  explanation out{stage, std::string(config::to_string(s->kind)), false, {}, {}, {}, {}, f.missing};
  explainer e(t, f);
  switch (s->kind) {
  case stage_kind::source:
    e.source(*s, out);
    break;
  case stage_kind::parser:
    e.parser(*s, out);
    break;
  case stage_kind::transform:
    e.transform(*s, out);
    break;
  case stage_kind::window:
  case stage_kind::join:
    e.window(*s, out);
    e.hot_key(s->name, out);
    break;
  case stage_kind::sink:
    e.sink(*s, out);
    break;
  }
  e.crashes(stage, out);
  return out;
}

}  // namespace millrace::observe
