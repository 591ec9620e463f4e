#include "actors/link/edge_table.hpp"

#include <fmt/format.h>

namespace millrace::link {

using namespace edge_effects;

/// Makes the end that is due, or stops one that is not any more.
void edge_table::settle(edge_id edge, entry& e, edge_effect_list& out) {
  std::optional<lives> due;
  if (open_ && e.local_goes_on && e.remote_goes_on)
    due = lives{*e.local, *e.remote};
  if (e.end) {
    if (!e.end->stopping && e.end->of != due) {
      e.end->stopping = true;
      out.emplace_back(stop{e.end->number});
    }
    return;
  }
  if (!due)
    return;
  e.end = present_end{++last_end_, *due, false, !e.hears_first};
  ends_[last_end_] = edge;
  out.emplace_back(begin{edge, last_end_, *due});
  if (e.end->told_up)
    out.emplace_back(tell_up{edge, last_end_, due->to});
  offer_held(edge, e, out);
}

void edge_table::local_up(edge_id edge, const life& now, bool hears_first, edge_effect_list& out) {
  auto& e = edges_[edge];
  if (e.local && (now < *e.local || (now == *e.local && !e.local_goes_on)))
    return;
  e.local = now;
  e.local_goes_on = true;
  e.hears_first = hears_first;
  settle(edge, e, out);
  offer_held(edge, e, out);
}

void edge_table::local_down(edge_id edge, const life& last, edge_effect_list& out) {
  auto& e = edges_[edge];
  if (e.local && last < *e.local)
    return;
  e.local = last;
  e.local_goes_on = false;
  settle(edge, e, out);
}

void edge_table::remote_up(edge_id edge, const life& now, edge_effect_list& out) {
  auto& e = edges_[edge];
  if (e.remote && now < *e.remote)
    return;
  e.remote = now;
  e.remote_goes_on = true;
  settle(edge, e, out);
}

void edge_table::remote_down(edge_id edge, const life& last, edge_effect_list& out) {
  auto& e = edges_[edge];
  if (e.remote && last < *e.remote)
    return;
  e.remote = last;
  e.remote_goes_on = false;
  settle(edge, e, out);
}

void edge_table::session_opened(edge_effect_list& out) {
  open_ = true;
  for (auto& [edge, e] : edges_)
    settle(edge, e, out);
}

void edge_table::session_ended(edge_effect_list& out) {
  open_ = false;
  for (auto& [edge, e] : edges_) {
    drop_held(e);
    if (e.hears_first)
      e.remote_goes_on = false;  // it asks again in the next session
    settle(edge, e, out);
  }
  std::erase_if(edges_, [](const auto& x) { return !x.second.local && !x.second.remote; });
}

void edge_table::is_over(end_number end, edge_effect_list& out) {
  const auto at = ends_.find(end);
  if (at == ends_.end())
    return;
  const auto edge = at->second;
  ends_.erase(at);
  auto& e = edges_.at(edge);
  if (e.end->told_up)
    out.emplace_back(tell_down{edge, e.end->of.to});
  e.end.reset();
  settle(edge, e, out);
}

bool edge_table::is_current(edge_id edge, end_number end) const {
  const auto at = edges_.find(edge);
  return at != edges_.end() && at->second.end && at->second.end->number == end && !at->second.end->stopping;
}

// --- incoming

edge_table::fate edge_table::offer(edge_id edge, entry& e, const opened_message& m, edge_effect_list& out) {
  const auto& [from, to] = m.of;
  const bool is_for_former = e.local && (to < *e.local || (to == *e.local && !e.local_goes_on));
  if (is_for_former || (e.remote && from < *e.remote))
    return fate::dropped;
  if (!e.local || to > *e.local)
    return fate::held;
  if (e.hears_first && (!e.remote_goes_on || from > *e.remote)) {
    e.remote = from;
    e.remote_goes_on = true;
    settle(edge, e, out);
  }
  if (!is_current(edge, e.end ? e.end->number : 0) || e.end->of != lives{to, from})
    return fate::held;
  out.emplace_back(deliver{e.end->number, m.message});
  return fate::delivered;
}

void edge_table::offer_held(edge_id edge, entry& e, edge_effect_list& out) {
  for (auto waiting = std::exchange(e.held, {}); !waiting.empty(); waiting.pop_front()) {
    auto& bytes = waiting.front();
    if (offer(edge, e, *open_message(bytes), out) == fate::held)
      e.held.push_back(std::move(bytes));
    else
      held_ -= bytes.bytes.size() + limits_.each_message;
  }
}

void edge_table::drop_held(entry& e) {
  for (const auto& bytes : e.held)
    held_ -= bytes.bytes.size() + limits_.each_message;
  e.held.clear();
}

expected<void> edge_table::arrived(edge_id edge, const piece& bytes, edge_effect_list& out) {
  ASSIGN_OR_RETURN(const auto m, open_message(bytes));
  auto& e = edges_[edge];
  if (offer(edge, e, m, out) != fate::held)
    return {};
  // A copy, so that a small message does not keep the packet that it came in.
  e.held.push_back(make_piece(std::string(bytes.bytes)));
  held_ += bytes.bytes.size() + limits_.each_message;
  if (held_ > most_held_)
    return fatal_error(ec::corrupt, fmt::format("messages of {} bytes wait for actors that are not here, the "
                                                "last of them on edge {}",
                                                held_, edge));
  return {};
}

}  // namespace millrace::link
