#include "actors/observe/silence_watch.hpp"

#include "actors/observe/explainer.hpp"
#include "actors/observe/later_rows.hpp"
#include "runtime/base/shard_name.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace millrace::observe {
namespace {

/// A partition is silent after so many times its usual pause.
constexpr double silent_pauses = 20;
/// A process that stood still has not seen what came meanwhile.
constexpr micros longest_step = std::chrono::seconds(5);

/// One parser's partitions of one source, as all processes tell of them.
struct whole_parser {
  read_partitions sum;  // without `behind`
  bool is_cut = false;  // processes have not told all that are quiet
  struct behind {
    const std::string* node;
    const quiet_partition* partition;
  };
  std::vector<behind> all;
};

struct whole_silence {
  std::map<feed, whole_parser> parsers;
  std::vector<unfired_window> open;
};

void add(unfired_window& to, const unfired_window& more) {
  to.fires_at = std::min(to.fires_at, more.fires_at);
  to.later_rows = std::max(to.later_rows, more.later_rows);
  to.record_for = std::max(to.record_for, more.record_for);
  for (const auto& name : more.waits_for)
    if (std::ranges::find(to.waits_for, name) == to.waits_for.end())
      to.waits_for.push_back(name);
}

whole_silence whole_of(const std::map<std::string, silence>& told, const std::set<std::string>& running) {
  whole_silence out;
  for (const auto& [node, s] : told) {
    for (const auto& r : s.read) {
      if (!running.contains(r.topology))
        continue;
      auto& p = out.parsers[{r.topology, r.parser, r.source}];
      p.sum.topology = r.topology;
      p.sum.parser = r.parser;
      p.sum.source = r.source;
      p.sum.is_decided = r.is_decided;
      p.sum.open += r.open;
      p.sum.idle += r.idle;
      p.sum.ended += r.ended;
      p.sum.quiet += r.quiet;
      p.sum.furthest = std::max(p.sum.furthest, r.furthest);
      p.sum.furthest_giving = std::max(p.sum.furthest_giving, r.furthest_giving);
      p.is_cut = p.is_cut || r.quiet + r.idle > r.behind.size();
      for (const auto& b : r.behind)
        p.all.push_back({&node, &b});
    }
    for (const auto& w : s.open) {
      if (!running.contains(w.topology))
        continue;
      const auto known = std::ranges::find_if(
          out.open, [&](const auto& o) { return o.topology == w.topology && o.window == w.window; });
      if (known == out.open.end())
        out.open.push_back(w);
      else
        add(*known, w);
    }
  }
  return out;
}

feed feed_of(const whole_parser& p) { return {p.sum.topology, p.sum.parser, p.sum.source}; }

/// "waits for partition 2 of in, which gives no records, ...", with the remedy. `left_has_ended`: the last rows of the left side wait.
std::string waiting_text(const unfired_window& w, const whole_parser& p,
                         const std::vector<whole_parser::behind>& silent, bool left_has_ended) {
  std::vector<std::string> names;
  for (const auto& s : silent)
    names.push_back(s.partition->name);
  const bool one = names.size() == 1;
  const bool have_given = std::ranges::any_of(silent, [](const auto& s) { return s.partition->has_given(); });
  const auto remedy =
      left_has_ended
          ? fmt::format("a later record of {}, or {} end, lets the last rows out (`explain` has the time)",
                        one ? "it" : "them", one ? "its" : "their")
      : std::ranges::any_of(silent, [&](const auto& s) { return s.partition->watermark < w.later_rows; })
          ? "the targets have rows of a later state: " + ways_on(names.size(), w.record_for)
      : p.sum.is_decided
          ? fmt::format("idle_timeout of {} is off", p.sum.parser)
          : fmt::format(
                "with \"idle_timeout\" of {}, such as \"1 minute\", windows do not wait for {} ({} later "
                "records for them are late)",
                p.sum.parser, one ? "it" : "them", one ? "its" : "their");
  return fmt::format("waits for {} of {}, which {} {}, while {}; {}",
                     partitions_text(std::move(names), p.is_cut), p.sum.source, one ? "gives" : "give",
                     have_given ? "no more records" : "no records",
                     left_has_ended ? "the left side has ended" : "others are ahead", remedy);
}

std::string stopped_text(const whole_parser& p) {
  const bool have_given = std::ranges::any_of(p.all, [](const auto& b) { return b.partition->has_given(); });
  return fmt::format("{}: none of its {} partitions gives records{}",
                     name_in_logs(p.sum.topology, p.sum.source), p.sum.open, have_given ? " any more" : "");
}

/// It is quiet for longer than its pauses explain.
bool is_beyond_its_pauses(const quiet_partition& p) {
  return !p.quiet_seconds || *p.quiet_seconds >= p.usual_seconds * silent_pauses;
}

/// None of several partitions gives records, nor has given any for longer than its pauses explain.
bool has_stopped(const whole_parser& p) {
  return p.sum.open > 1 && p.sum.quiet == p.sum.open &&
         std::ranges::all_of(p.all, [](const auto& b) { return is_beyond_its_pauses(*b.partition); });
}

/// A window, what it waits for of one feed, and whether its other partitions go on meanwhile.
struct held_window {
  const unfired_window* window;
  const whole_parser* parser;
  std::vector<whole_parser::behind> behind;
  bool others_give = false;
  bool left_has_ended = false;
};

bool has_ended(const whole_silence& all, const std::string& topology, const std::string& parser) {
  bool any = false;
  for (const auto& [name, p] : all.parsers) {
    if (p.sum.topology != topology || p.sum.parser != parser)
      continue;
    if (p.sum.open + p.sum.idle != 0)
      return false;
    any = any || p.sum.ended != 0;
  }
  return any;
}

std::vector<held_window> held_windows(const whole_silence& all) {
  std::vector<held_window> out;
  for (const auto& w : all.open) {
    std::vector<const whole_parser*> from;
    for (const auto& [name, p] : all.parsers)
      if (p.sum.topology == w.topology && std::ranges::find(w.parsers, p.sum.parser) != w.parsers.end())
        from.push_back(&p);
    const auto has_come = [&](event_time read_partitions::*to) {
      return std::ranges::any_of(from, [&](const auto* p) { return p->sum.*to >= w.fires_at; });
    };
    const bool left_has_ended = !w.left.empty() && std::ranges::all_of(w.left, [&](const auto& parser) {
      return has_ended(all, w.topology, parser);
    });
    if (!left_has_ended && !has_come(&read_partitions::furthest))
      continue;
    // While one is open, nothing waits for those that are idle.
    const bool all_idle = std::ranges::all_of(from, [](const auto* p) { return p->sum.open == 0; });
    for (const auto* p : from) {
      held_window one{
          &w, p, {}, left_has_ended || has_come(&read_partitions::furthest_giving), left_has_ended};
      std::ranges::copy_if(p->all, std::back_inserter(one.behind), [&](const auto& b) {
        return b.partition->watermark < w.fires_at && (!b.partition->is_idle || (left_has_ended && all_idle));
      });
      if (!one.behind.empty())
        out.push_back(std::move(one));
    }
  }
  return out;
}

/// Lets the time pass for what windows wait for, and forgets the rest. Returns the feeds for which it has passed.
std::set<feed> wait_on(std::map<quiet_partition_of, micros>& waited, const std::vector<held_window>& held,
                       micros step) {
  const auto before = std::exchange(waited, {});
  std::set<quiet_partition_of> passed;
  std::set<feed> out;
  for (const auto& h : held)
    for (const auto& b : h.behind) {
      const quiet_partition_of key{feed_of(*h.parser), b.partition->name};
      const auto known = before.find(key);
      const auto at = waited.try_emplace(key, known == before.end() ? micros(0) : known->second).first;
      if (b.partition->has_given() && !h.others_give)
        continue;
      out.insert(key.first);
      if (passed.insert(key).second)
        at->second += step;
    }
  return out;
}

}  // namespace

std::vector<silence_watch::notice> silence_watch::look(const std::map<std::string, silence>& told,
                                                       const std::set<std::string>& running,
                                                       event_micros wall, clock::time_point now,
                                                       micros limit) {
  const auto passed = last_ ? std::chrono::duration_cast<micros>(now - *last_) : micros(0);
  const auto step = std::clamp(passed, micros(0), longest_step);
  last_ = now;
  const auto is_over = [&](const feed& f) { return !running.contains(std::get<0>(f)); };
  std::erase_if(said_of_partitions_, is_over);
  std::erase_if(said_of_sources_, is_over);
  std::erase_if(said_of_later_rows_, [&](const auto& w) { return !running.contains(w.first); });
  const auto whole = whole_of(told, running);
  const auto held = held_windows(whole);
  const auto waiting = wait_on(waited_, held, step);
  std::vector<notice> out;
  const auto before = std::exchange(since_, {});
  all_.clear();
  for (const auto& h : held) {
    const auto key = feed_of(*h.parser);
    auto silent = h.behind;
    std::erase_if(silent, [&](const auto& b) {
      return waited_.at({key, b.partition->name}) < limit || !is_beyond_its_pauses(*b.partition);
    });
    if (silent.empty() || since_.contains(key))  // another window waits for it, and was told
      continue;
    const auto known = before.find(key);
    since_[key] = known == before.end() ? event_time{wall} : known->second;
    const auto& topology = h.window->topology;
    const auto text = waiting_text(*h.window, *h.parser, silent, h.left_has_ended);
    const auto& node = *silent.front().node;
    const bool on_one = std::ranges::all_of(silent, [&](const auto& b) { return *b.node == node; });
    all_.push_back({topology,
                    api::trouble_code::silent_partition,
                    h.parser->sum.source,
                    on_one ? node : std::string(),
                    h.window->window + " " + text,
                    {},
                    since_[key]});
    if (said_of_partitions_.insert(key).second)
      out.push_back({name_in_logs(topology, h.window->window) + ": " + text});
  }
  look_at_later_rows(whole.open, wall, step, limit, out);
  const auto stood = std::exchange(stopped_, {});
  for (const auto& [key, p] : whole.parsers) {
    if (!has_stopped(p) || waiting.contains(key) || since_.contains(key))
      continue;
    const auto known = stood.find(key);
    const auto lasted = stopped_[key] = step + (known == stood.end() ? micros(0) : known->second);
    if (lasted >= limit && said_of_sources_.insert(key).second)
      out.push_back({stopped_text(p), false});
  }
  return out;
}

void silence_watch::look_at_later_rows(const std::vector<unfired_window>& open, event_micros wall,
                                       micros step, micros limit, std::vector<notice>& out) {
  const auto before = std::exchange(later_rows_, {});
  for (const auto& w : open) {
    if (w.waits_for.empty())
      continue;
    const std::pair key(w.topology, w.window);
    const auto known = before.find(key);
    auto& wait = later_rows_[key] = known == before.end() ? wait_for_idle{} : known->second;
    wait.lasted += step;
    if (wait.lasted < limit)
      continue;
    if (wait.since.at == no_watermark)
      wait.since = {wall};
    const auto text =
        fmt::format("waits for the idle {}, since the targets have rows of a later state, up to {}; {}",
                    partitions_text(w.waits_for, false), time_text(w.later_rows),
                    ways_on(w.waits_for.size(), w.record_for));
    all_.push_back(
        {w.topology, api::trouble_code::targets_ahead, w.window, {}, w.window + " " + text, {}, wait.since});
    if (said_of_later_rows_.insert(key).second)
      out.push_back({name_in_logs(w.topology, w.window) + ": " + text});
  }
}

}  // namespace millrace::observe
