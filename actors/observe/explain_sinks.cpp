// Explains why a sink commits no rows.
#include "actors/observe/explainer.hpp"
#include "actors/observe/graph.hpp"
#include "actors/observe/topology_walk.hpp"
#include "runtime/base/pace.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace millrace::observe {
namespace {

/// A sink that has committed rows as lately is not waiting.
constexpr double lately_seconds = 10;
/// A call that is quicker than this need not be told.
constexpr double told_seconds = 1;

std::string commit_text(const sink_figures& s, std::uint64_t held) {
  std::string out = s.newest.empty() ? fmt::format("{} has {} to commit", s.name, bytes_text(held))
                                     : fmt::format("{} commits: the last commit had {} and took {}", s.name,
                                                   plural(s.newest.back().rows, "row"),
                                                   seconds_text(s.newest.back().commit_seconds));
  if (s.under_way_seconds.value_or(0) >= told_seconds)
    out += fmt::format("; the one under way has taken {} so far", seconds_text(*s.under_way_seconds));
  if (held != 0 && !s.newest.empty())
    out += fmt::format("; {} wait for theirs", bytes_text(held));
  return out + ".";
}

}  // namespace

void explainer::sink(const config::stage& s, explanation& out) {
  const auto me = std::ranges::find(f_.sinks, s.name, &sink_figures::name);
  if (me == f_.sinks.end())
    return starting(s, out);
  if (target(*me, out))
    return sum_up(out, true, fmt::format("{} commits nothing: {}.", s.name, out.causes.front().text));
  const auto held = held_for(s.name);
  const double quiet = me->newest.empty() || f_.at.at == no_watermark
                           ? lately_seconds
                           : static_cast<double>(f_.at.at - me->newest.back().at.at) / 1e6;
  if (quiet < lately_seconds || held != 0)
    return sum_up(out, false, commit_text(*me, held));
  if (!f_.is_running)
    return sum_up(out, false,
                  fmt::format("{} has committed all that came: {}.", s.name, plural(me->rows, "row")));
  input_of(s, out, std::nullopt);
  losses_of(s, out);
  sum_up(out, true,
         out.causes.empty() ? fmt::format("{} has nothing to commit; it has committed {} so far.", s.name,
                                          plural(me->rows, "row"))
                            : fmt::format("{} has nothing to commit: {}.", s.name, out.causes.front().text));
}

bool explainer::target(const sink_figures& s, explanation& out) {
  if (!s.is_reached && !is_late(s))
    add_once(out, {"target_away_at_start",
                   s.name,
                   fmt::format("the target of {} has not answered yet", s.name),
                   {},
                   "millrace waits for it; the log has its last error"});
  else if (s.is_reached && s.is_away)
    add_once(out, {"target_away",
                   s.name,
                   fmt::format("the target of {} does not answer", s.name),
                   {},
                   "millrace waits for it and loses nothing; the log has its last error"});
  else if (is_late(s))
    add_once(out, {"target_" + s.pace, s.name, under_way_text(s), s.under_way_seconds,
                   "look for a server that hangs, a lock that somebody holds, or a reader that does not "
                   "read; nothing is lost"});
  return !s.is_reached || s.is_away || is_late(s);
}

std::uint64_t explainer::held_for(const std::string& sink) const {
  std::uint64_t out = 0;
  for (const auto& s : f_.shards)
    if (const auto held = s.held_by.find(sink); held != s.held_by.end())
      out += held->second;
  return out;
}

}  // namespace millrace::observe
