// Explains why a source is not read, or a parser gives no rows: where each partition stands, and what it
// waits for.
#include "actors/observe/explainer.hpp"
#include "actors/observe/graph.hpp"
#include "actors/observe/later_rows.hpp"
#include "actors/observe/topology_walk.hpp"
#include "config/core_options.hpp"
#include "runtime/base/pace.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <tuple>
#include <utility>

namespace millrace::observe {
namespace {

micros micros_of(double seconds) { return micros(std::llround(seconds * 1e6)); }

/// The source had more of it than was read, or its records come as they usually do. Silence is judged by the partition's
/// own pace.
bool gives(const partition_figures& p) {
  if (!p.is_open || !p.held_by.empty() || p.is_idle || p.watermark.at == end_of_time)
    return false;
  return !p.is_caught_up ||
         (p.quiet_seconds &&
          pace_of(micros_of(*p.quiet_seconds), p.usual_seconds ? std::optional(micros_of(*p.usual_seconds))
                                                               : std::nullopt) == pace::usual);
}

/// The partition's own pace explains the silence; to pace_of() any silence of a few seconds is usual.
bool comes_at_its_pace(const partition_figures& p) {
  constexpr double soon = 1;
  constexpr double some_times = 3;  // as pace_of() has it
  return p.quiet_seconds && *p.quiet_seconds < std::max(soon, some_times * p.usual_seconds.value_or(0));
}

std::string last_record(const partition_figures& p) {
  if (!p.quiet_seconds)
    return "no record has come since this process has it";
  return fmt::format("its last record came {} ago{}", seconds_text(*p.quiet_seconds),
                     p.usual_seconds
                         ? fmt::format(", where they come every {} else", seconds_text(*p.usual_seconds))
                         : std::string());
}

}  // namespace

std::string explainer::partition_of::name() const {
  return fmt::format("partition {} of {}", partition->name, lane->source);
}

void explainer::source(const config::stage& s, explanation& out) {
  const auto is_mine = [&](const lane_figures& l) { return l.source == s.name; };
  if (std::ranges::none_of(f_.lanes, is_mine))
    return starting(s, out);
  if (std::ranges::all_of(f_.lanes, [&](const auto& l) { return !is_mine(l) || all_ended(l); }))
    return sum_up(out, false, fmt::format("{} has been read to its end.", s.name));
  not_placed(s, out);
  lanes_of(out, is_mine, {});
  for (const auto& x : f_.sources)
    if (x.name == s.name && x.is_spool_full.value_or(false))
      out.causes.push_back({"spool_full",
                            s.name,
                            fmt::format("the spool of {} is full, so nothing is received", s.name),
                            {},
                            "first find what holds up the stages downstream; a larger spool gives time"});
  const auto* const by = holds_up(out);
  if (by == nullptr)
    return sum_up(out, false, standing_of(s.name));
  const bool is_silent = by->code == "quiet_partition" || by->code == "no_record_yet" || by->code == "idle";
  sum_up(out, true,
         fmt::format("{} {}: {}.", s.name, is_silent ? "has nothing more to read at present" : "is not read",
                     by->text));
}

/// Says whether the source lags, or is read as far as it goes.
std::string explainer::standing_of(const std::string& source) const {
  std::uint64_t records = 0;
  std::uint64_t lag = 0;
  bool runs_dry = true;
  for (const auto& l : f_.lanes) {
    if (l.source != source)
      continue;
    records += l.records;
    lag += l.lag.value_or(0);
    for (const auto& p : l.partitions)
      runs_dry = runs_dry && (p.is_caught_up || p.watermark.at == end_of_time);
  }
  records = records_of(f_, source, records);
  if (runs_dry)
    return fmt::format("{} is read as its records come; {} so far.", source, plural(records, "record"));
  return fmt::format("{} is being read; {} so far{}.", source, plural(records, "record"),
                     lag == 0 ? std::string() : fmt::format(", {} to go", lag));
}

void explainer::parser(const config::stage& s, explanation& out) {
  const auto is_mine = [&](const lane_figures& l) { return l.parser == s.name; };
  if (std::ranges::none_of(f_.lanes, is_mine))
    return starting(s, out);
  std::uint64_t records = 0;
  for (const auto& l : f_.lanes)
    records += is_mine(l) ? l.records : 0;
  records = records_of(f_, s.name, records);
  not_placed(s, out);
  lanes_of(out, is_mine, {});
  losses_of(s, out);
  const auto* const by = holds_up(out);
  sum_up(out, by != nullptr,
         by != nullptr ? fmt::format("{} gives nothing: {}.", s.name, by->text)
                       : fmt::format("{} has read {}.", s.name, plural(records, "record")));
}

void explainer::lanes_of(explanation& out, const lanes_in_question& is_mine, asked a) {
  const auto& wanted = a.wanted;
  const bool has_time = wanted && wanted->at != no_watermark;
  std::vector<partition_of> all;
  for (const auto& l : f_.lanes) {
    if (!is_mine(l))
      continue;
    if (l.is_paused && !l.partitions.empty() && !all_ended(l)) {
      add_once(out, {"paused",
                     l.parser,
                     fmt::format("{} is paused, and reads nothing", t_.name),
                     {},
                     "`resume` continues where it stopped"});
      continue;
    }
    if (l.is_away) {
      add_once(out,
               {"source_away",
                l.source,
                l.waits_for.empty()
                    ? fmt::format("the source {} does not answer", l.source)
                    : fmt::format("records of the source {} wait for {}", l.source, l.waits_for),
                {},
                l.waits_for.empty() ? "millrace waits for it and loses nothing; the log has its last error"
                                    : "millrace waits for it and loses nothing; start it, or correct "
                                      "`registry` and its credentials"});
      continue;
    }
    for (const auto& p : l.partitions) {
      if (p.watermark.at == end_of_time)
        continue;
      if (has_time && p.watermark >= *wanted)
        a.others_are_there = a.others_are_there || !p.is_idle;
      else if (!p.is_idle || !wanted || wanted->at == end_of_time)
        all.push_back({&l, &p});
      gives_ = gives_ || gives(p);
    }
  }
  // Partitions that will give more by themselves come last.
  std::ranges::stable_sort(
      all, {}, [](const partition_of& x) { return std::tuple(gives(*x.partition), x.partition->watermark); });
  for (const auto& p : all)
    partition(out, p, a);
}

void explainer::partition(explanation& out, const partition_of& p, const asked& a) {
  const auto& l = *p.lane;
  const auto is_told = [&](const char* code) {
    return std::ranges::any_of(out.causes,
                               [&](const cause& c) { return c.code == code && c.stage == l.parser; });
  };
  if (!p.partition->is_open) {
    const auto is_receiver = [&](const config::stage& of) {
      return feeders_of(t_, of).parsers.contains(l.parser);
    };
    if (!not_placed_where(out, is_receiver) && !is_told("receivers_away"))
      out.causes.push_back(
          {"receivers_away",
           l.parser,
           fmt::format("{} is not read: stages downstream have not said yet from where they need it",
                       p.name()),
           {},
           "they are starting; the log names what fails"});
  } else if (!p.partition->held_by.empty()) {
    held(out, p);
  } else if (p.partition->is_caught_up) {
    caught_up(out, p, a);
  } else if (!drifting(out, p) && a.wanted) {
    behind(out, p);  // it is being read if no time is waited for
  }
}

/// Some sources know their lag by lane alone.
void explainer::behind(explanation& out, const partition_of& p) const {
  const auto& l = *p.lane;
  auto words = fmt::format("{} is still being read, up to {}", p.name(), time_text(p.partition->watermark));
  const bool is_own = p.partition->lag.has_value();
  if (const auto lag = is_own ? p.partition->lag : l.lag; lag.value_or(0) != 0)
    words += fmt::format("; {} {} behind {}", plural(*lag, "record"), *lag == 1 ? "is" : "are",
                         is_own || l.partitions.size() == 1 ? "it" : "the partitions of its lane");
  const auto rate = rate_of(l.source);
  out.causes.push_back(
      {"behind",
       l.source,
       std::move(words),
       {},
       rate ? fmt::format("a higher `rate` of {} ({:g}/s)", l.source, *rate) : std::string()});
}

void explainer::caught_up(explanation& out, const partition_of& p, const asked& a) const {
  const auto& x = *p.partition;
  const auto& source = p.lane->source;
  const bool has_time = x.watermark.at != no_watermark;
  if (x.is_idle && !a.wanted) {
    const auto by = waiting_for_idle(p);
    out.causes.push_back({"idle", source,
                          fmt::format("{} is idle: {}; {}", p.name(), last_record(x),
                                      by.empty() ? "windows do not wait for it"
                                                 : fmt::format("{} waits for it all the same", by)),
                          x.quiet_seconds,
                          by.empty() ? std::string() : fmt::format("`explain {}` says why", by)});
    return;
  }
  if (gives(x) && (has_time || !a.wanted)) {
    if (a.wanted)
      out.causes.push_back(
          {"comes_on",
           source,
           comes_at_its_pace(x)
               ? fmt::format("{} has reached {}, and its records keep coming", p.name(),
                             time_text(x.watermark))
               : fmt::format("{} has reached {}; {}", p.name(), time_text(x.watermark), last_record(x)),
           {},
           releasing_record(p, *a.wanted)});
    return;
  }
  if (!has_time && (a.wanted || !x.quiet_seconds)) {
    const auto* const plan = parsing(p.lane->parser);
    out.causes.push_back(
        {"no_record_yet", source,
         plan != nullptr && !plan->timed_select.empty()
             ? fmt::format("{} has given {} no row with an event time yet", p.name(), plan->timed_select)
         : x.quiet_seconds ? fmt::format("{} has given no record with an event time yet", p.name())
                           : fmt::format("{} has given no record yet", p.name()),
         x.quiet_seconds, releasing(p, a)});
    return;
  }
  out.causes.push_back(
      {"quiet_partition", source,
       has_time ? fmt::format("{} has reached {}; {}", p.name(), time_text(x.watermark), last_record(x))
                : fmt::format("{} is quiet: {}", p.name(), last_record(x)),
       x.quiet_seconds, releasing(p, a)});
}

std::string explainer::waiting_for_idle(const partition_of& p) const {
  const auto name = fmt::format("{} of {}", p.partition->name, p.lane->source);
  for (const auto& x : f_.shards)
    for (const auto& log : x.waits_for)
      if (log.starts_with(p.lane->parser + "/") && partition_of_log(t_, log) == name)
        return x.window;
  return {};
}

std::string explainer::releasing_record(const partition_of& p, event_time wanted) const {
  if (wanted.at == end_of_time)
    return "only the end of its log releases it";
  const auto* const plan = parsing(p.lane->parser);
  return wanted.at == no_watermark || plan == nullptr
             ? std::string("a record releases it")
             : fmt::format("a record at or after {} releases it",
                           time_text(plus(wanted, plan->watermark_delay)));
}

/// Names nothing that would not help: without a window that waits there is nothing to release, and `idle_timeout` lets
/// one go on where other partitions are there already.
std::string explainer::releasing(const partition_of& p, const asked& a) const {
  if (!a.wanted)
    return {};
  auto out = releasing_record(p, *a.wanted);
  if (a.wanted->at == end_of_time || p.partition->watermark < a.later_rows)
    return out;
  const auto& parser = p.lane->parser;
  const auto* const plan = parsing(parser);
  if (plan != nullptr && plan->idle_timeout)
    out += fmt::format("; after idle_timeout of {} ({}) windows do not wait for it", parser,
                       format_duration(*plan->idle_timeout));
  else if (a.others_are_there && plan != nullptr &&
           config::is_written(t_.find(parser)->options, "idle_timeout"))
    out += fmt::format("; idle_timeout of {} is off", parser);
  else if (a.others_are_there)
    out += fmt::format("; with an idle_timeout of {} windows would not wait for it, and its later records "
                       "for them would be late",
                       parser);
  return out;
}

std::optional<double> explainer::rate_of(const std::string& source) const {
  const auto* const s = t_.find(source);
  return s != nullptr && s->options.has("rate") ? std::optional(s->options.rate("rate")) : std::nullopt;
}

bool explainer::drifting(explanation& out, const partition_of& p) const {
  const auto& l = *p.lane;
  const auto* const plan = parsing(l.parser);
  if (plan == nullptr || !plan->max_drift)
    return false;
  const partition_figures* slowest = nullptr;
  for (const auto& other : f_.lanes)
    if (other.parser == l.parser)
      for (const auto& one : other.partitions)
        if (one.is_open && one.watermark.at != end_of_time && !one.is_caught_up &&
            (slowest == nullptr || one.watermark < slowest->watermark))
          slowest = &one;
  if (slowest == nullptr || slowest->watermark.at == no_watermark ||
      p.partition->watermark <= plus(slowest->watermark, *plan->max_drift))
    return false;
  out.causes.push_back(
      {"max_drift",
       l.source,
       fmt::format("{} waits at {} for partition {}, which has reached {}: more than max_drift of {} apart",
                   p.name(), time_text(p.partition->watermark), slowest->name, time_text(slowest->watermark),
                   l.source),
       {},
       fmt::format("partition {} has to catch up; a longer max_drift ({}) takes more memory in windows",
                   slowest->name, format_duration(*plan->max_drift))});
  return true;
}

/// Told once for all partitions that a stage holds.
void explainer::held(explanation& out, const partition_of& p) {
  const auto stage = stage_of_actor(p.partition->held_by);
  if (std::ranges::any_of(out.causes,
                          [&](const cause& c) { return c.code == "no_credit" && c.stage == stage; }))
    return;
  add_once(out, {"no_credit",
                 stage,
                 fmt::format("{} is not read further: {} has yet to take {}", p.name(), p.partition->held_by,
                             bytes_text(unread_by(*p.lane, p.partition->held_by))),
                 {},
                 fmt::format("explain {} says what it waits for", stage)});
  if (const auto* const s = t_.find(stage); s != nullptr && config::has_shards(s->kind))
    stalled(*s, out);
  else if (const auto x = std::ranges::find(f_.sinks, stage, &sink_figures::name); x != f_.sinks.end())
    target(*x, out);
  else
    not_placed_where(out, [&](const config::stage& of) { return of.name == stage; });
}

}  // namespace millrace::observe
