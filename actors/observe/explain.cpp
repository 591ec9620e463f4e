#include "actors/observe/explain.hpp"

#include "actors/observe/graph.hpp"
#include "actors/observe/topology_walk.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <utility>

namespace millrace::observe {
namespace {

using config::stage_kind;

/// More would not be read; the first ones hold the others up.
constexpr std::size_t most_causes = 8;
/// A sink that has committed rows as lately is not waiting.
constexpr double lately_seconds = 10;

std::string seconds_text(double seconds) {
  const auto whole = seconds < 1 ? micros(static_cast<std::int64_t>(seconds * 1e6))
                                 : micros(static_cast<std::int64_t>(std::round(seconds)) * 1'000'000);
  return format_duration(whole);
}

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

const config::parser_plan* parsing(const config::topology& t, const std::string& parser) {
  const auto* const s = t.find(parser);
  return s == nullptr ? nullptr : std::get_if<config::parser_plan>(&s->plan);
}

/// Gathers the causes of one stage, and of those that it waits for.
class explainer {
public:
  explainer(const config::topology& t, const figures& f) : t_(t), f_(f) {}

  /// First of all: what does not live gives nothing, and no stage downstream gets anything from it.
  void crashes(const std::string& stage, explanation& out) const {
    std::vector<cause> first;
    for (const auto& c : f_.crashes) {
      first.push_back({"crashes", c.stage, c.text, {}, remedy_of(c.stage)});
      if (c.is_waiting && c.stage == stage)
        sum_up(out, true, c.text + ".");
    }
    out.causes.insert(out.causes.begin(), first.begin(), first.end());
  }
  void source(const config::stage& s, explanation& out) {
    std::uint64_t records = 0;
    bool runs_dry = true;
    bool any = false;
    bool over = true;
    for (const auto& l : f_.lanes) {
      if (l.source != s.name)
        continue;
      any = true;
      records += l.records;
      for (const auto& p : l.partitions)
        runs_dry = runs_dry && p.is_caught_up;
      over = over && all_ended(l);
    }
    if (!any)
      return starting(s, out);
    if (over)
      return sum_up(out, false, fmt::format("{} has been read to its end.", s.name));
    lanes_of(
        out, [&](const lane_figures& l) { return l.source == s.name; }, std::nullopt);
    for (const auto& x : f_.sources)
      if (x.name == s.name && x.is_spool_full.value_or(false))
        out.causes.push_back({"spool_full",
                              s.name,
                              fmt::format("the spool of {} is full, so nothing is received", s.name),
                              {},
                              "what holds up the stages downstream goes first; a larger spool gives time"});
    const bool waits = has_real(out);
    sum_up(out, waits,
           waits      ? fmt::format("{} is not read: {}.", s.name, out.causes.front().text)
           : runs_dry ? fmt::format("{} has nothing more to read at present; {} so far.", s.name,
                                    plural(records, "record"))
                      : fmt::format("{} is being read; {} so far.", s.name, plural(records, "record")));
  }

  void parser(const config::stage& s, explanation& out) {
    const auto is_mine = [&](const lane_figures& l) { return l.parser == s.name; };
    if (std::ranges::none_of(f_.lanes, is_mine))
      return starting(s, out);
    std::uint64_t records = 0;
    for (const auto& l : f_.lanes)
      records += is_mine(l) ? l.records : 0;
    lanes_of(out, is_mine, std::nullopt);
    losses_of(s, out);
    const bool waits = has_real(out);
    sum_up(out, waits,
           waits ? fmt::format("{} gives nothing: {}.", s.name, out.causes.front().text)
                 : fmt::format("{} has read {}.", s.name, plural(records, "record")));
  }

  void window(const config::stage& s, explanation& out) {
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
    if (!any)
      return starting(s, out);
    if (out.next_end.at != no_watermark)
      out.waits_for = plus(out.next_end, plan.definition.allowed_lateness);
    if (stalled(s, out))
      return;
    if (fired.at == end_of_time)
      return sum_up(out, false, fmt::format("{} has come to its end: all its windows have fired.", s.name));
    if (open == 0) {
      input_of(s, out, std::nullopt);
      losses_of(s, out);
      return sum_up(
          out, true,
          out.causes.empty()
              ? fmt::format("{} has no open window: no record that it takes has come since {} fired.", s.name,
                            time_text(fired))
              : fmt::format("{} has no open window: {}.", s.name, out.causes.front().text));
    }
    if (plan.definition.updates)
      return updating(s, plan, open, out);
    input_of(s, out, out.waits_for);
    const auto silent = silence_of(s);
    if (out.causes.empty() && !idle(silent, out))
      out.causes.push_back(
          {"on_its_way", s.name, "what its partitions have given is on its way to its shards", {}, {}});
    const bool by_all = silent.idle == 0 || out.waits_for.at == end_of_time;
    sum_up(out, true,
           out.waits_for.at == no_watermark
               ? fmt::format("{} waits: {}.", s.name, out.causes.front().text)
               : fmt::format("{}: the window that ends at {} fires when {} has come to {}; {}.", s.name,
                             time_text(out.next_end),
                             by_all             ? "every partition"
                             : silent.goes_on() ? "every partition that is not idle"
                                                : "a partition",
                             time_text(out.waits_for), out.causes.front().text));
  }

  void sink(const config::stage& s, explanation& out) {
    const auto me = std::ranges::find(f_.sinks, s.name, &sink_figures::name);
    if (me == f_.sinks.end())
      return starting(s, out);
    if (target(*me, out))
      return sum_up(out, true, fmt::format("{} commits nothing: {}.", s.name, out.causes.front().text));
    const auto held = held_for(s.name);
    const double quiet = me->newest.empty() || f_.at.at == no_watermark
                             ? lately_seconds
                             : static_cast<double>(f_.at.at - me->newest.back().at.at) / 1e6;
    if (quiet < lately_seconds || held != 0) {
      const auto& newest = me->newest;
      return sum_up(
          out, false,
          newest.empty()
              ? fmt::format("{} has {} to commit.", s.name, bytes_text(held))
              : fmt::format("{} commits: the last commit had {} and took {}{}.", s.name,
                            plural(newest.back().rows, "row"), seconds_text(newest.back().commit_seconds),
                            held == 0 ? "" : fmt::format("; {} wait for theirs", bytes_text(held))));
    }
    if (!f_.is_running)
      return sum_up(out, false,
                    fmt::format("{} has committed all that came: {}.", s.name, plural(me->rows, "row")));
    input_of(s, out, std::nullopt);
    losses_of(s, out);
    sum_up(out, true,
           out.causes.empty()
               ? fmt::format("{} has nothing to commit; it has committed {} so far.", s.name,
                             plural(me->rows, "row"))
               : fmt::format("{} has nothing to commit: {}.", s.name, out.causes.front().text));
  }

  void transform(const config::stage& s, explanation& out) {
    input_of(s, out, std::nullopt);
    losses_of(s, out);
    const bool waits = has_real(out);
    sum_up(out, waits,
           waits ? fmt::format("{} gives nothing: {}.", s.name, out.causes.front().text)
                 : fmt::format("{} passes on what comes.", s.name));
  }

private:
  static void sum_up(explanation& out, bool waits, std::string words) {
    out.is_waiting = waits;
    out.summary = std::move(words);
    if (out.causes.size() > most_causes)
      out.causes.resize(most_causes);
  }
  /// Lost records hold nothing up by themselves.
  static bool has_real(const explanation& out) {
    return std::ranges::any_of(out.causes,
                               [](const cause& c) { return c.code != "late" && c.code != "dead_letters"; });
  }

  void starting(const config::stage& s, explanation& out) {
    if (!f_.missing.empty())
      out.causes.push_back({"node_away",
                            s.name,
                            fmt::format("no answer came from {}", fmt::join(f_.missing, ", ")),
                            {},
                            "millrace nodes shows whether they are up"});
    else if (f_.is_running)
      out.causes.push_back({"starts",
                            s.name,
                            "the sources have not answered yet",
                            {},
                            "the log names the one that is waited for"});
    sum_up(out, f_.is_running,
           out.causes.empty() ? fmt::format("{} does not run.", s.name)
                              : fmt::format("{} has not begun: {}.", s.name, out.causes.front().text));
  }

  /// The partitions that feed a window, by whether they are idle: idle ones do not hold it back (intake::watermark).
  struct silence {
    std::size_t idle = 0;
    std::size_t others = 0;                   // which have not ended; also windows upstream
    event_time furthest;                      // of the idle ones
    const config::parser_plan* of = nullptr;  // parses the furthest
    std::string source;                       // of the furthest
    [[nodiscard]] bool goes_on() const { return others != 0; }
  };
  silence silence_of(const config::stage& s) const {
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
          out.of = parsing(t_, l.parser);
          out.source = l.source;
        }
      }
    return out;
  }

  /// Whether all partitions are idle, and none of them has come as far as the window waits for.
  static bool idle(const silence& x, explanation& out) {
    if (x.idle == 0 || x.goes_on() || out.waits_for.at == no_watermark || x.furthest >= out.waits_for)
      return false;
    out.causes.push_back(
        {"all_idle",
         x.source,
         fmt::format("all partitions that have not ended are idle, and the furthest of them stands at {}",
                     time_text(x.furthest)),
         {},
         fmt::format("a record at or after {} on any of them releases it",
                     time_text(plus(out.waits_for, x.of == nullptr ? micros(0) : x.of->watermark_delay)))});
    return true;
  }

  /// Why partitions of these lanes stand below `wanted`; without it, why they give nothing.
  template<class F>
  void lanes_of(explanation& out, F&& is_mine, std::optional<event_time> wanted) {
    std::vector<std::pair<const lane_figures*, const partition_figures*>> slow;
    for (const auto& l : f_.lanes) {
      if (!is_mine(l))
        continue;
      if (l.is_paused && !l.partitions.empty() && !all_ended(l)) {
        add_once(out, {"paused",
                       l.parser,
                       fmt::format("{} is paused, and reads nothing", t_.name),
                       {},
                       "`resume` has it read on, from where it stands"});
        continue;
      }
      if (l.is_away) {
        add_once(out, {"source_away",
                       l.source,
                       fmt::format("the source {} does not answer", l.source),
                       {},
                       "it is waited for, and nothing is lost; the log has its last error"});
        continue;
      }
      for (const auto& p : l.partitions)
        if (p.watermark.at != end_of_time && (!p.is_idle || (wanted && wanted->at == end_of_time)) &&
            (!wanted || wanted->at == no_watermark || p.watermark < *wanted))
          slow.emplace_back(&l, &p);
    }
    std::ranges::stable_sort(slow, {}, [](const auto& x) { return x.second->watermark; });
    for (const auto& [l, p] : slow)
      partition(out, *l, *p, wanted);
  }

  void partition(explanation& out, const lane_figures& l, const partition_figures& p,
                 std::optional<event_time> wanted) {
    const auto name = fmt::format("partition {} of {}", p.name, l.source);
    if (!p.is_open)
      return out.causes.push_back(
          {"receivers_away",
           l.parser,
           fmt::format("{} is not read: stages downstream have yet to say where they stand", name),
           {},
           "they are starting; millrace nodes shows where they run"});
    if (!p.held_by.empty())
      return held(out, l, p, name);
    const auto* const plan = parsing(t_, l.parser);
    if (!p.is_caught_up) {
      if (plan != nullptr && plan->max_drift && drifting(out, l, p, *plan->max_drift, name))
        return;
      if (!wanted)
        return;  // it is being read
      const auto rate = rate_of(l.source);
      return out.causes.push_back(
          {"behind",
           l.source,
           l.lag ? fmt::format("{} is still being read, up to {}; {} are behind it", name,
                               time_text(p.watermark), plural(*l.lag, "record"))
                 : fmt::format("{} is still being read, up to {}", name, time_text(p.watermark)),
           {},
           rate ? fmt::format("a higher `rate` of {} ({:g}/s)", l.source, *rate) : std::string()});
    }
    if (wanted && wanted->at == end_of_time)
      return out.causes.push_back(
          {"quiet_partition", l.source,
           fmt::format("{} stands at {} and has not ended", name, time_text(p.watermark)), p.quiet_seconds,
           "the end of its log releases it, and nothing else"});
    const auto at_or_after =
        wanted && wanted->at != no_watermark && plan != nullptr
            ? fmt::format("a record at or after {}", time_text(plus(*wanted, plan->watermark_delay)))
            : std::string("a record");
    const auto idle =
        plan == nullptr || !plan->idle_timeout
            ? fmt::format("idle_timeout of {}, which is not set, would let windows go on without it",
                          l.parser)
            : fmt::format("idle_timeout of {} ({}) lets windows go on without it", l.parser,
                          format_duration(*plan->idle_timeout));
    if (p.watermark.at == no_watermark)
      return out.causes.push_back(
          {"no_record_yet", l.source,
           plan == nullptr || plan->timed_select.empty()
               ? fmt::format("{} has given no record yet", name)
               : fmt::format("{} has given {} no row with an event time yet", name, plan->timed_select),
           p.quiet_seconds, fmt::format("{} releases it; {}", at_or_after, idle)});
    out.causes.push_back({"quiet_partition", l.source,
                          fmt::format("{} stands at {}{}", name, time_text(p.watermark),
                                      p.quiet_seconds ? fmt::format("; its last record came {} ago",
                                                                    seconds_text(*p.quiet_seconds))
                                                      : "; no record has come since this process has it"),
                          p.quiet_seconds, fmt::format("{} releases it; {}", at_or_after, idle)});
  }

  std::optional<double> rate_of(const std::string& source) const {
    const auto* const s = t_.find(source);
    return s != nullptr && s->options.has("rate") ? std::optional(s->options.rate("rate")) : std::nullopt;
  }

  /// Whether `max_drift` has the partition wait for a slower one, as lane::drift_limit decides it.
  bool drifting(explanation& out, const lane_figures& l, const partition_figures& p, micros most,
                const std::string& name) {
    const partition_figures* slowest = nullptr;
    for (const auto& other : f_.lanes)
      if (other.parser == l.parser)
        for (const auto& one : other.partitions)
          if (one.is_open && one.watermark.at != end_of_time && !one.is_caught_up &&
              (slowest == nullptr || one.watermark < slowest->watermark))
            slowest = &one;
    if (slowest == nullptr || slowest->watermark.at == no_watermark ||
        p.watermark <= plus(slowest->watermark, most))
      return false;
    out.causes.push_back(
        {"max_drift",
         l.source,
         fmt::format("{} waits at {} for partition {}, which stands at {}: more than max_drift of {} apart",
                     name, time_text(p.watermark), slowest->name, time_text(slowest->watermark), l.source),
         {},
         fmt::format("partition {} has to come on; a longer max_drift ({}) takes more memory in windows",
                     slowest->name, format_duration(most))});
    return true;
  }

  void held(explanation& out, const lane_figures& l, const partition_figures& p, const std::string& name) {
    const auto stage = stage_of_actor(p.held_by);
    add_once(out, {"no_credit",
                   stage,
                   fmt::format("{} is not read on: {} has yet to take {}", name, p.held_by,
                               bytes_text(unread_by(l, p.held_by))),
                   {},
                   fmt::format("explain {} tells what it waits for", stage)});
    if (const auto* const s = t_.find(stage); s != nullptr && s->kind == stage_kind::window)
      stalled(*s, out);
    else if (const auto x = std::ranges::find(f_.sinks, stage, &sink_figures::name); x != f_.sinks.end())
      target(*x, out);
  }

  /// Whether shards of the window take no input because of what a receiver has not committed.
  bool stalled(const config::stage& s, explanation& out) {
    if (std::ranges::none_of(f_.shards,
                             [&](const shard_figures& x) { return x.window == s.name && x.is_stalled; }))
      return false;
    const auto by = holder_of(f_, s.name);
    const auto stage = stage_of_actor(by.actor);
    add_once(out,
             {"output_held",
              stage,
              by.actor.empty() ? fmt::format("{} takes no input: its output waits for its receivers", s.name)
                               : fmt::format("{} takes no input: {} has yet to commit {} of its output",
                                             s.name, stage, bytes_text(by.bytes)),
              {},
              fmt::format("a faster {}, or more `retain` for {}", stage.empty() ? "sink" : stage, s.name)});
    if (const auto x = std::ranges::find(f_.sinks, stage, &sink_figures::name); x != f_.sinks.end())
      target(*x, out);
    sum_up(out, true, fmt::format("{} stands still: {}.", s.name, out.causes.front().text));
    return true;
  }

  /// Whether the target of a sink does not answer.
  static bool target(const sink_figures& s, explanation& out) {
    if (!s.is_reached)
      add_once(out, {"target_away_at_start",
                     s.name,
                     fmt::format("the target of {} has not answered yet", s.name),
                     {},
                     "it is waited for; the log has its last error"});
    else if (s.is_away)
      add_once(out, {"target_away",
                     s.name,
                     fmt::format("the target of {} does not answer", s.name),
                     {},
                     "it is waited for, and nothing is lost; the log has its last error"});
    return !s.is_reached || s.is_away;
  }

  void updating(const config::stage& s, const config::window_plan& plan, std::uint64_t open,
                explanation& out) {
    input_of(s, out, std::nullopt);
    const bool waits = has_real(out);
    sum_up(out, waits,
           waits ? fmt::format("{} has nothing new to give: {}.", s.name, out.causes.front().text)
                 : fmt::format("{} gives what has changed every {}; {} open.", s.name,
                               format_duration(plan.every),
                               open == 1 ? "one window is" : plural(open, "window") + " are"));
  }

  /// What the stages upstream lack to come to `wanted`, or to give anything.
  void input_of(const config::stage& s, explanation& out, std::optional<event_time> wanted) {
    const auto from = feeders_of(t_, s);
    lanes_of(
        out, [&](const lane_figures& l) { return from.parsers.contains(l.parser); }, wanted);
    for (const auto& name : from.windows) {
      const auto* const up = t_.find(name);
      if (!seen_.insert(name).second || up == nullptr)
        continue;
      explanation of_it{name, "window", false, {}, {}, {}, {}, {}};
      window(*up, of_it);
      if (of_it.is_waiting)
        out.causes.push_back({"upstream_window",
                              name,
                              of_it.summary.substr(0, of_it.summary.size() - 1),
                              {},
                              fmt::format("explain {} tells more", name)});
      for (auto& c : of_it.causes)
        add_once(out, std::move(c));
    }
  }

  void losses_of(const config::stage& s, explanation& out) {
    std::set<std::string> names{s.name};
    const auto from = feeders_of(t_, s);
    names.insert(from.parsers.begin(), from.parsers.end());
    for (const auto& name : from.parsers)
      if (const auto* const p = parsing(t_, name); p != nullptr && !p->timed_select.empty())
        names.insert(p->timed_select);
    for (const auto& name : names) {
      const auto l = f_.losses.find(name);
      if (l == f_.losses.end())
        continue;
      if (l->second.late != 0)
        out.causes.push_back(
            {"late",
             name,
             fmt::format("{} came too late for {}", plural(l->second.late, "record"), name),
             {},
             "a longer watermark_delay of the parser, or allowed_lateness of the window, takes them"});
      if (l->second.dead_letters != 0)
        out.causes.push_back(
            {"dead_letters",
             name,
             fmt::format("{} of {} are dead letters", plural(l->second.dead_letters, "record"), name),
             {},
             "each dead letter has its error; millrace replay gives mended ones back"});
    }
  }

  std::uint64_t held_for(const std::string& sink) const {
    std::uint64_t out = 0;
    for (const auto& s : f_.shards)
      if (const auto held = s.held_by.find(sink); held != s.held_by.end())
        out += held->second;
    return out;
  }

  [[nodiscard]] std::string remedy_of(const std::string& stage) const {
    const std::string see = "that node's log and core say why its process has ended";
    return parsing(t_, stage) == nullptr
               ? see
               : see + "; with on_crash \"dead_letter\" the parser gives such a record up after three times";
  }

  static void add_once(explanation& out, cause c) {
    if (std::ranges::find(out.causes, c) == out.causes.end())
      out.causes.push_back(std::move(c));
  }

  const config::topology& t_;
  const figures& f_;
  std::set<std::string> seen_;  // windows
};

}  // namespace

expected<explanation> explain(const config::topology& t, const figures& f, const std::string& stage) {
  const auto found = find_stage(t, stage);
  if (!found)
    return unexpected(found.error());
  const auto* const s = *found;
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
    e.window(*s, out);
    break;
  case stage_kind::sink:
    e.sink(*s, out);
    break;
  }
  e.crashes(stage, out);
  return out;
}

}  // namespace millrace::observe
