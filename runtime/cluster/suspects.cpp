#include "runtime/cluster/suspects.hpp"

#include <algorithm>

namespace millrace::cluster {
namespace {

bool overlap(const attempt& a, const attempt& b) { return a.log == b.log && a.from < b.to && b.from < a.to; }

bool is_evidence(const actor_state& a, const crash& c) {
  return c.signal != 0 || (a.unexplained && a.unexplained->process != c.process && a.unexplained->records &&
                           c.records && overlap(*a.unexplained->records, *c.records));
}

bool is_recent(const actor_state& a, event_micros now) {
  return !a.crashes.empty() &&
         now - a.crashes.back().at <= (crashes_count_for + wait_after(a.crashes.size())).count();
}

}  // namespace

void note_crash(actor_state& a, const crash& c) {
  const bool counts = is_evidence(a, c);
  if (c.signal == 0)
    a.unexplained = c;
  if (!counts)
    return;
  if (!is_recent(a, c.at))
    a.crashes.clear();
  a.crashes.push_back(c);
  if (a.crashes.size() > most_crashes)
    a.crashes.erase(a.crashes.begin());
}

void forget_crashes_at(actor_state& a, const log_id& log, position record) {
  std::erase_if(a.crashes, [&](const crash& c) {
    return c.records && c.records->log == log && c.records->from <= record && record < c.records->to;
  });
}

void note_death(actor_state& a, event_micros at) {
  a.has_died_again = a.died_at && at - *a.died_at < soon.count();
  a.died_at = at;
}

void note_death(node_state& n, event_micros at) {
  std::erase_if(n.deaths, [&](event_micros before) { return at - before >= flapping_for.count(); });
  n.deaths.push_back(at);
  if (n.deaths.size() > deaths_of_flapping)
    n.deaths.erase(n.deaths.begin());
}

micros wait_after(std::size_t crashes) {
  if (crashes < crashes_before_waiting)
    return micros(0);
  auto wait = first_wait;
  for (auto left = crashes - crashes_before_waiting; left > 0 && wait < longest_wait; --left)
    wait *= 2;
  return std::min(wait, longest_wait);
}

std::optional<event_micros> next_try(const actor_state& a) {
  if (a.crashes.size() < crashes_before_waiting)
    return std::nullopt;
  return a.crashes.back().at + wait_after(a.crashes.size()).count();
}

bool may_begin(const actor_state& a, bool is_node_there, event_micros now) {
  const auto next = next_try(a);
  if (next && now < *next)
    return false;
  return is_node_there || (!is_recent(a, now) && !a.has_died_again) || !a.died_at ||
         now - *a.died_at >= waits_for_node.count();
}

std::string node_at_risk(const actor_state& a, event_micros now) {
  return is_recent(a, now) ? a.crashes.back().node : std::string();
}

bool is_flapping(const node_state& n, event_micros now) {
  return n.deaths.size() >= deaths_of_flapping && now - n.deaths.back() < flapping_for.count() &&
         n.deaths.back() - n.deaths.front() < flapping_for.count();
}

}  // namespace millrace::cluster
