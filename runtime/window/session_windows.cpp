#include "runtime/window/session_windows.hpp"

#include "runtime/data/key_encoding.hpp"
#include "runtime/window/key_order.hpp"
#include "runtime/window/partials.hpp"
#include "runtime/window/slices.hpp"
#include "runtime/window/window_rows.hpp"

#include <algorithm>
#include <cassert>
#include <iterator>
#include <numeric>
#include <span>

namespace millrace::window {
namespace {

constexpr std::size_t least_compacted = 1024;

layout_ptr no_states() { return std::make_shared<const layout>(std::vector<aggregate>{}); }

}  // namespace

session_windows::session_windows(const definition& d, form_partials upstream)
    : shard_windows(std::move(upstream)), window_(d), layout_(std::make_shared<const layout>(d.aggregates)),
      rows_(layout_), keys_(no_states()) {}

event_micros session_windows::end_of(const session& s) const { return plus(s.last, window_.gap); }

std::uint32_t session_windows::add(std::string_view key, std::uint32_t key_row, const session& of) {
  const auto row = rows_.append(key);
  auto s = of;
  s.key = key_row;
  s.next = std::exchange(heads_[key_row], row);
  by_end_.emplace(end_of(s), row);
  sessions_.push_back(s);
  return row;
}

void session_windows::remove(std::uint32_t row) {
  auto& s = sessions_[row];
  by_end_.erase({end_of(s), row});
  auto* link = &heads_[s.key];
  while (*link != row)
    link = &sessions_[*link].next;
  *link = s.next;
  if (s.captured)
    dropped_.emplace_back(rows_.key(row), *s.captured);
  s.alive = false;
  ++dead_;
}

void session_windows::changed(std::uint32_t row) {
  if (rows_.touch(row))
    touched_.push_back(row);
  if (window_.updates && rows_.mark_unsent(row))
    unsent_.push_back(row);
}

/// Where sessions have no bounds, the rows of both stand under their key alone: they are one.
void session_windows::take_over(std::uint32_t into, std::uint32_t row) {
  auto& whole = sessions_[into];
  const auto& part = sessions_[row];
  if (!part.is_given())
    return;
  if (!whole.is_given()) {
    whole.given_start = part.given_start;
    whole.given_end = part.given_end;
  } else if (window_.bounded) {
    outdated_.push_back({std::string(rows_.key(row)), part.given_start, part.given_end});
  }
}

void session_windows::absorb_one(std::string_view key, std::uint32_t tag, event_micros time,
                                 event_micros open_from, const row_store& from, std::uint32_t row) {
  const auto key_row = keys_.locate(key, tag);
  if (key_row == heads_.size())
    heads_.push_back(none);
  auto into = none;
  for (auto i = heads_[key_row]; i != none;) {
    auto& s = sessions_[i];
    const auto next = s.next;
    const bool touches = open_from < end_of(s) && plus(time, window_.gap) > s.open_from;
    if (touches && into == none) {
      into = i;
      by_end_.erase({end_of(s), i});
      s.start = std::min(s.start, time);
      s.last = std::max(s.last, time);
      s.open_from = std::min(s.open_from, open_from);
    } else if (touches) {  // the record joins two sessions
      auto& joined = sessions_[into];
      joined.start = std::min(joined.start, s.start);
      joined.last = std::max(joined.last, s.last);
      joined.open_from = std::min(joined.open_from, s.open_from);
      rows_.merge(rows(&into, 1), rows_, rows(&i, 1));
      take_over(into, i);
      remove(i);
    }
    i = next;
  }
  if (into == none) {
    session fresh;
    fresh.start = fresh.last = time;
    fresh.open_from = open_from;
    into = add(key, key_row, fresh);
  } else {
    by_end_.emplace(end_of(sessions_[into]), into);
  }
  rows_.merge(rows(&into, 1), from, rows(&row, 1));
  changed(into);
}

std::uint64_t session_windows::absorb_partials(const partials& p, event_micros fired) {
  assert(!tick_ && "nothing is absorbed amid a tick");
  const auto over = horizon(window_, fired);
  std::uint64_t missed = 0;
  for (const auto& g : p.groups()) {
    const auto open_from = std::max(g.at.eligible, over);
    if (open_from >= last_end(window_, g.at.slice)) {
      missed += g.records;
      continue;
    }
    const auto keys = p.keys(g);
    for (std::uint32_t i = 0; i < g.count; ++i)
      absorb_one(keys.key(i), keys.tags[i], g.at.slice, open_from, p.rows(), g.first + i);
  }
  compact();
  return missed;
}

delivery::fired_window session_windows::form(const std::vector<std::uint32_t>& sessions, event_micros end) {
  auto given = sessions;
  drop_turned_down(window_, rows_, given);
  sort_by_key(rows_, given);
  std::vector<event_micros> starts;
  for (const auto row : given)
    starts.push_back(sessions_[row].start);
  auto window = form_rows(window_, rows_, given, {starts, std::span(&end, 1)});
  window.end = end;
  return window;
}

/// Fires one window; with `updates`, closes all sessions that are over.
std::optional<delivery::fired_window> session_windows::fire_next(event_micros& fired,
                                                                 event_micros watermark) {
  const auto to = horizon(window_, watermark);
  std::optional<delivery::fired_window> window;
  fired = watermark;
  while (!window && !by_end_.empty() && by_end_.begin()->first <= to) {
    const auto end = by_end_.begin()->first;
    std::vector<std::uint32_t> order;
    for (auto i = by_end_.begin(); i != by_end_.end() && i->first == end; ++i)
      order.push_back(i->second);
    if (!window_.updates) {
      window = form(order, end);
      fired = fired_with(window_, end, watermark);
    }
    for (const auto row : order) {
      if (rows_.is_unsent(row)) {
        sessions_[row].closed = true;
        closed_.push_back(row);
        by_end_.erase({end, row});
      } else {
        remove(row);
      }
    }
  }
  compact();
  return window;
}

bool session_windows::has_changes() const {
  return !outdated_.empty() ||
         std::any_of(unsent_.begin(), unsent_.end(), [&](auto row) { return sessions_[row].alive; });
}

std::vector<std::uint32_t> session_windows::changed_sessions() const {
  std::vector<std::uint32_t> order;
  std::ranges::copy_if(unsent_, std::back_inserter(order), [&](auto row) { return sessions_[row].alive; });
  sort_by_key(rows_, order);
  std::stable_sort(order.begin(), order.end(), [&](auto a, auto b) {
    const auto& x = sessions_[a];
    const auto& y = sessions_[b];
    return std::pair(x.last, x.start) < std::pair(y.last, y.start);
  });
  return order;
}

bool session_windows::changes(std::size_t turn, std::vector<delivery::fired_window>& into) {
  if (!tick_)
    tick_ = tick{changed_sessions(), 0, {}};
  const auto outdated = std::min(turn, outdated_.size() - tick_->outdated);
  if (outdated != 0)
    give_outdated(outdated, into);
  give_sessions(turn - outdated, into);
  if (tick_->outdated < outdated_.size() || tick_->passes.size() < tick_->sessions.size())
    return false;
  end_tick();
  return true;
}

void session_windows::give_outdated(std::size_t count, std::vector<delivery::fired_window>& into) {
  row_store keys(no_states());
  std::vector<std::uint32_t> order;
  std::vector<event_micros> starts, ends;
  for (auto& i = tick_->outdated; order.size() < count; ++i) {
    order.push_back(keys.append(outdated_[i].key));
    starts.push_back(outdated_[i].start);
    ends.push_back(outdated_[i].end);
  }
  into.push_back(form_removed(window_, keys, order, {starts, ends}));
}

void session_windows::give_sessions(std::size_t turn, std::vector<delivery::fired_window>& into) {
  const auto rest = std::span<const std::uint32_t>(tick_->sessions).subspan(tick_->passes.size());
  const auto part = rest.first(std::min(turn, rest.size()));
  if (part.empty())
    return;
  std::vector<event_micros> starts, ends;
  for (const auto row : part) {
    starts.push_back(sessions_[row].start);
    ends.push_back(end_of(sessions_[row]));
  }
  judged_rows judged;
  auto formed = form_rows(window_, rows_, part, {starts, ends}, &judged);
  add_removed_column(formed, false);
  std::vector<std::uint32_t> outdated;
  starts.clear();
  ends.clear();
  const auto passes = passing(judged, part.size());
  for (std::uint32_t i = 0; i < part.size(); ++i) {
    tick_->passes.push_back(passes[i]);
    if (const auto& s = sessions_[part[i]]; is_outdated(s, passes[i])) {
      outdated.push_back(part[i]);
      starts.push_back(s.given_start);
      ends.push_back(s.given_end);
    }
  }
  if (!outdated.empty())
    into.push_back(form_removed(window_, rows_, outdated, {starts, ends}));
  into.push_back(std::move(formed));
}

/// Returns whether the row that was given of it does not hold any more, and none takes its place.
bool session_windows::is_outdated(const session& s, bool passes) const {
  return s.is_given() &&
         (!passes || (window_.bounded && (s.given_start != s.start || s.given_end != end_of(s))));
}

void session_windows::set_given(std::uint32_t row, bool passes) {
  auto& s = sessions_[row];
  s.given_start = passes ? s.start : no_watermark;
  s.given_end = passes ? end_of(s) : no_watermark;
}

/// A later life takes all that was unsent for given: what `having` has turned down is told to it.
void session_windows::end_tick() {
  for (std::size_t i = 0; i < tick_->sessions.size(); ++i) {
    const auto row = tick_->sessions[i];
    set_given(row, tick_->passes[i]);
    if (!tick_->passes[i] && rows_.touch(row))
      touched_.push_back(row);
  }
  sent_ = sent_ || !tick_->sessions.empty() || !outdated_.empty();
  for (const auto row : unsent_)
    rows_.mark_sent(row);
  unsent_.clear();
  outdated_.clear();
  captured_outdated_ = 0;
  tick_.reset();
  for (const auto row : closed_)
    remove(row);
  closed_.clear();
  compact();
}

void session_windows::compact() {
  if (dead_ < std::max(least_compacted, sessions_.size() - dead_))
    return;
  row_store rows(layout_);
  std::vector<session> sessions;
  keyed_table keys(keys_.store().shared_layout());
  std::vector<std::uint32_t> heads;
  std::vector<std::uint32_t> moved(sessions_.size(), none);
  for (std::uint32_t row = 0; row < sessions_.size(); ++row) {
    if (!sessions_[row].alive)
      continue;
    const auto key = rows_.key(row);
    moved[row] = rows.append_copy(key, rows_, row);
    if (rows_.is_unsent(row))
      rows.mark_unsent(moved[row]);
    auto s = sessions_[row];
    s.key = keys.locate(key, tag_of(data::hash_key(key)));
    if (s.key == heads.size())
      heads.push_back(none);
    s.next = std::exchange(heads[s.key], moved[row]);
    sessions.push_back(s);
  }
  const auto move_all = [&](std::vector<std::uint32_t>& of) {
    for (auto& row : of)
      row = moved[row];
    std::erase(of, none);
  };
  move_all(touched_);
  move_all(unsent_);
  move_all(closed_);
  for (const auto row : touched_)
    rows.touch(row);
  by_end_.clear();
  for (std::uint32_t row = 0; row < sessions.size(); ++row)
    if (!sessions[row].closed)
      by_end_.emplace(end_of(sessions[row]), row);
  rows_ = std::move(rows);
  sessions_ = std::move(sessions);
  keys_ = std::move(keys);
  heads_ = std::move(heads);
  dead_ = 0;
}

delivery::window_size session_windows::size() const {
  constexpr std::size_t tree_node = 64;  // bytes of a node of by_end_, about
  constexpr std::size_t outdated_row_bytes = 80;
  const auto bytes = rows_.byte_size() + keys_.byte_size() + sessions_.capacity() * sizeof(session) +
                     outdated_.size() * outdated_row_bytes +
                     (heads_.capacity() + touched_.capacity() + unsent_.capacity()) * sizeof(std::uint32_t) +
                     by_end_.size() * tree_node;
  return {by_end_.size(), keys(), bytes};
}

/// It may end later: a record of its key can prolong it.
std::optional<event_micros> session_windows::next_end(event_micros) const {
  if (window_.updates || by_end_.empty() || !window_.bounded)
    return std::nullopt;
  return by_end_.begin()->first;
}

delivery::open_windows session_windows::look_up(std::string_view key, event_micros, std::size_t most) const {
  std::vector<std::uint32_t> order;
  const auto key_row = keys_.find(key, tag_of(data::hash_key(key)));
  for (auto i = key_row == none ? none : heads_[key_row]; i != none; i = sessions_[i].next)
    if (!sessions_[i].closed)
      order.push_back(i);
  std::ranges::sort(order, {}, [&](std::uint32_t row) { return sessions_[row].last; });
  const bool are_all = order.size() <= most;
  order.resize(std::min(order.size(), most));
  std::vector<event_micros> starts, ends;
  for (const auto row : order) {
    starts.push_back(sessions_[row].start);
    ends.push_back(end_of(sessions_[row]));
  }
  auto out = form_open(window_, rows_, order, {starts, ends});
  out.are_all = are_all;
  return out;
}

std::unique_ptr<shard_windows> make_session_windows(const definition& d, form_partials upstream) {
  return std::make_unique<session_windows>(d, std::move(upstream));
}

}  // namespace millrace::window
