#include "actors/observe/troubles.hpp"

#include "actors/api/trouble_line.hpp"
#include "actors/observe/graph.hpp"
#include "actors/observe/topology_walk.hpp"
#include "runtime/base/pace.hpp"
#include "runtime/base/shard_name.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <initializer_list>
#include <map>
#include <optional>
#include <set>
#include <utility>

namespace millrace::observe {
namespace {

using clock = flow_meter::clock;
using code = trouble_code;

constexpr std::chrono::seconds between{10};

bool is_same(const trouble& a, const trouble& b) { return a.code == b.code && a.stage == b.stage; }

class finder {
public:
  finder(const watched& t, clock::time_point now) : t_(t), now_(now) {}

  std::vector<trouble> all() {
    if (!t_.is_prepared)
      add(code::source_unreached, {}, "waiting for its sources at the start: " + sources());
    add_lanes();
    for (const auto& [name, g] : t_.gauges.feeds->gauges())
      if (g->spool_full && is_read_here(t_.gauges, name))
        add(code::spool_full, name, fmt::format("the spool of {} is full", name));
    for (const auto& [name, g] : t_.gauges.shards)
      if (g->stalled && has_here(t_.gauges, name))
        add(code::window_stalled, stage_of_actor(lasting_name(name)),
            fmt::format("{} takes no input until a sink takes its output", lasting_name(name)));
    add_if_slow({}, "a value of the state", *t_.gauges.keeping);
    for (const auto& [name, g] : t_.gauges.shards)
      if (has_here(t_.gauges, name))
        add_if_slow(stage_of_actor(lasting_name(name)), "a snapshot of " + lasting_name(name), g->snapshot);
    for (const auto& [name, g] : t_.gauges.sinks)
      if (has_here(t_.gauges, name))
        add_sink(name, *g);
    return std::move(out_);
  }

private:
  void add(code what, std::string stage, std::string text, std::string error = {}) {
    add_to(out_, {t_.topology.name, what, std::move(stage), {}, std::move(text), std::move(error), {}});
  }
  /// Shards of one window, or lanes of one source, have one trouble: a metric has one series of these labels.
  static void add_to(std::vector<trouble>& all, trouble one) {
    const auto known = std::ranges::find_if(all, [&](const auto& o) { return is_same(o, one); });
    if (known == all.end())
      all.push_back(std::move(one));
    else
      known->text += "; " + one.text;
  }

  /// The log says which of them has not answered yet.
  [[nodiscard]] std::string sources() const {
    std::string out;
    for (const auto& s : t_.topology.stages)
      if (s.kind == config::stage_kind::source)
        out += fmt::format("{}{} ({})", out.empty() ? "" : ", ", s.name, s.type);
    return out;
  }

  void add_lanes() {
    std::set<std::string> said;
    for (const auto& [name, g] : t_.gauges.lanes) {
      if (!has_here(t_.gauges, name))
        continue;
      const auto awaited = g->awaited->now();
      if ((awaited || g->away) && said.insert(g->source).second)
        add(code::source_away, g->source,
            awaited ? "waiting for " + awaited->what : fmt::format("waiting for the source {}", g->source),
            awaited ? awaited->why : g->why_away.now());
    }
  }

  void add_if_slow(std::string stage, const std::string& what, const timed_calls& calls) {
    const auto age = calls.now.age(now_).value_or(micros(0));
    if (pace_of(age, calls.takes.mean()) != pace::usual)
      add(code::state_slow, std::move(stage),
          fmt::format("{} has not been written for {}", what,
                      seconds_text(static_cast<double>(age.count()) / 1e6)));
  }

  void add_sink(const std::string& name, const sink::sink_gauges& g) {
    const auto held = held_for(name);
    const auto waits = held == 0 ? std::string() : fmt::format("; {} wait for it", bytes_text(held));
    const auto pace = g.pace_at(now_);
    if (!g.reached)
      add(code::target_unreached, name,
          fmt::format("waiting for the target of {} at the start", name) + waits,
          g.away ? g.why_away.now() : std::string());
    else if (g.away)
      add(code::target_away, name, fmt::format("waiting for the target of {}", name) + waits,
          g.why_away.now());
    else if (pace != pace::usual)
      add(pace == pace::slow ? code::target_slow : code::target_stalled, name,
          fmt::format("{} is {}: its target has not answered a call for {}", name, to_string(pace),
                      seconds_text(static_cast<double>(g.call.age(now_).value_or(micros(0)).count()) / 1e6)) +
              waits);
  }

  /// Returns what this process holds for the sink, in bytes.
  [[nodiscard]] std::uint64_t held_for(const std::string& sink) const {
    std::uint64_t out = 0;
    for (const auto& [_, g] : t_.gauges.shards)
      if (const auto held = g->held_by.find(sink); held != g->held_by.end())
        out += held->second;
    for (const auto& [_, g] : t_.gauges.lanes)
      for (std::size_t r = 0; r < g->held.size(); ++r)
        out += g->receivers[r] == sink ? g->held[r].load() : 0;
    return out;
  }

  const watched& t_;
  clock::time_point now_;
  std::vector<trouble> out_;
};

bool is_at_the_start(const trouble& t) {
  return t.code == code::source_unreached || t.code == code::target_unreached;
}

/// A topology with another plan counts anew.
std::uint64_t growth(std::uint64_t now, std::uint64_t then) { return now < then ? now : now - then; }

}  // namespace

std::vector<trouble> troubles_of(const watched& t, clock::time_point now) { return finder(t, now).all(); }

trouble_watch::counts trouble_watch::count(const watched& t) {
  counts out;
  out.lost = t.gauges.losses->all();
  for (const auto& [_, g] : t.gauges.lanes)
    out.records += g->records;
  for (const auto& [_, g] : t.gauges.shards)
    if (g->snapshot_failures != 0) {
      out.snapshot_failures += g->snapshot_failures;
      out.why_no_snapshot = g->why_no_snapshot.now();
    }
  return out;
}

void trouble_watch::add_recent(const watched& t, std::vector<trouble>& out) const {
  const auto now = count(t);
  const auto& then = samples_.front().seen;
  const auto add = [&](code what, const std::string& stage, std::string text, std::string error = {}) {
    out.push_back({t.topology.name, what, stage, {}, std::move(text), std::move(error), {}});
  };
  for (const auto& [stage, lost] : now.lost) {
    const auto known = then.lost.find(stage);
    const auto before = known == then.lost.end() ? stage::losses::counts{} : known->second;
    const auto records = growth(now.records, then.records);
    if (const auto late = growth(lost.late, before.late);
        static_cast<double>(late) > t.limits.late * static_cast<double>(records))
      add(code::late, stage,
          fmt::format("{} of the {} records of the last minutes came too late for {}{}", late, records, stage,
                      observe::has_versions(t.topology, stage)
                          ? "; late_versions of the join says how late a version may be"
                          : ""));
    if (const auto dead = growth(lost.dead_letters, before.dead_letters); dead != 0)
      add(code::dead_letters, stage,
          fmt::format("{} of the last minutes at {}", plural(dead, "dead letter"), stage));
    if (const auto gaps = growth(lost.gaps, before.gaps); gaps != 0)
      add(code::gaps, stage,
          fmt::format("{} of the log of {} in the last minutes: lines were lost, or may have been",
                      plural(gaps, "gap"), stage));
  }
  if (const auto failed = growth(now.snapshot_failures, then.snapshot_failures); failed != 0)
    add(code::snapshots_fail, {},
        fmt::format("{} could not be written in the last minutes", plural(failed, "snapshot")),
        now.why_no_snapshot);
}

void trouble_watch::failed_again(const std::string& actor, std::string why, clock::time_point now) {
  auto& known = failures_[actor];
  ++known.count;
  known.why = std::move(why);
  known.at = now;
}

/// One trouble a stage, with the error that came last.
void trouble_watch::add_restarts(const watched& t, clock::time_point now, std::vector<trouble>& out) {
  std::erase_if(failures_, [&](const auto& f) { return now - f.second.at >= restarts_last; });
  std::map<std::string, clock::time_point> newest;
  for (const auto& [actor, f] : failures_) {
    trouble one{t.topology.name, code::restarts, stage_of_actor(actor), {}, {}, f.why, {}};
    one.text = fmt::format("{} has failed {}, and begins again", actor,
                           f.count == 1 ? "once" : fmt::format("{} times", f.count));
    const auto known = std::ranges::find_if(out, [&](const auto& o) { return is_same(o, one); });
    auto& last = newest[one.stage];
    if (known == out.end()) {
      last = f.at;
      out.push_back(std::move(one));
      continue;
    }
    known->text += "; " + one.text;
    if (last < f.at)
      known->error = one.error;
    last = std::max(last, f.at);
  }
}

void trouble_watch::look(const watched& t, clock::time_point now) {
  if (samples_.empty())
    samples_.push_back({now, {}});  // the counts are those of this process
  if (samples_.size() == 1 || now - samples_.back().at >= between)
    samples_.push_back({now, count(t)});
  while (samples_.size() > 1 && now - samples_[1].at >= t.limits.recently)
    samples_.pop_front();
  auto found = troubles_of(t, now);
  add_recent(t, found);
  add_restarts(t, now, found);
  const auto before = std::exchange(now_, {});
  const auto waited = std::exchange(waiting_, {});
  const auto date = [&](trouble& one, std::initializer_list<const std::vector<trouble>*> known) {
    one.since = {t.wall};
    for (const auto* const some : known)
      if (const auto same = std::ranges::find_if(*some, [&](const auto& b) { return is_same(b, one); });
          same != some->end())
        one.since = same->since;
  };
  for (auto& f : found) {
    date(f, {&before.all, &waited});
    const bool is_young = is_at_the_start(f) && micros(t.wall - f.since.at) < patience;
    (is_young ? waiting_ : now_.all).push_back(std::move(f));
  }
  if (t.is_prepared)
    now_.silence = silence_of(t.topology, t.gauges, t.wall);
}

void add(process_troubles& to, const process_troubles& more) {
  to.all.insert(to.all.end(), more.all.begin(), more.all.end());
  to.silence.read.insert(to.silence.read.end(), more.silence.read.begin(), more.silence.read.end());
  to.silence.open.insert(to.silence.open.end(), more.silence.open.begin(), more.silence.open.end());
}

void add_troubles(api::answers::topologies& to, const std::vector<trouble>& more) {
  for (const auto& x : more)
    for (auto& t : to.all)
      if (t.name == x.topology && t.state == api::topology_state::running) {
        t.troubles.push_back(x);
        t.reason += (t.reason.empty() ? "" : "; ") + api::line_of(x);
      }
}

}  // namespace millrace::observe
