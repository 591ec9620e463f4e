// Joins by time of a shard (docs/design/joins.md): a left row waits until the mark has come past it, and is then
// paired with the right rows of its key that lie within its reach, or with the newest of them at its time. A right row is
// kept until no left row that may still come can meet it. Dedup is such a join with the rows that have come out.
//
// Bytes of the state (docs/development/formats.md), whole or the rows that have come since:
//   head (state_bytes.hpp) | svarint over
//   varint n, rows: string key | u8 side | svarint time | svarint eligible | string bytes | varint value_at | varint count
#include "runtime/data/key_encoding.hpp"
#include "runtime/window/added_rows.hpp"
#include "runtime/window/collected.hpp"
#include "runtime/window/key_order.hpp"
#include "runtime/window/keyed_entries.hpp"
#include "runtime/window/mark_queue.hpp"
#include "runtime/window/pairs.hpp"
#include "runtime/window/partials.hpp"
#include "runtime/window/shard_windows.hpp"
#include "runtime/window/slices.hpp"
#include "runtime/window/state_bytes.hpp"
#include "runtime/window/timed_rows.hpp"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace millrace::window {
namespace {

/// Rows that no capture has are not captured apart where they take so many bytes, and more than twice what is left.
constexpr std::size_t least_rewritten = std::size_t{1} << 12;

class interval_join final : public shard_windows {
  // Keys ahead of the one whose row is put in or taken out: enough to hide a miss of the last cache.
  static constexpr std::size_t slots_ahead = 24;
  static constexpr std::size_t entries_ahead = 12;
  static constexpr std::size_t rows_ahead = 6;

public:
  interval_join(const definition& d, form_partials upstream)
      : shard_windows(std::move(upstream)), join_(d), layout_(std::make_shared<const layout>(d.aggregates)) {}

  std::uint64_t absorb_partials(const partials& p, event_micros fired) override;
  std::optional<delivery::fired_window> fire_next(event_micros& fired, event_micros watermark) override;
  bool changes(std::size_t, std::vector<delivery::fired_window>&) override { return true; }
  [[nodiscard]] bool has_changes() const override { return false; }
  void capture_all(wire::writer& out) override;
  void capture_changes(wire::writer& out) override;
  void to_be_applied(event_micros fired) override { to_come_ = horizon(join_, fired); }
  expected<void> apply(wire::reader& in) override;
  [[nodiscard]] delivery::window_size size() const override;
  [[nodiscard]] std::optional<event_micros> next_end(event_micros) const override;
  [[nodiscard]] delivery::open_windows look_up(std::string_view key, event_micros fired,
                                               std::size_t most) const override;

private:
  struct entry {
    std::string key;
    std::uint32_t tag = 0;
    std::uint32_t dues = 0;          // how many places it has in due_
    event_micros due = end_of_time;  // the one that was taken last
    timed_rows sides[2];
  };

  void add(entry& to, std::size_t side, timed_row r);
  void put(entry& to, std::size_t side, timed_row r);
  void drop(entry& of, std::size_t side, std::size_t rows);
  void drop_before(entry& of, std::size_t side, event_micros time) {
    drop(of, side, of.sides[side].between(no_watermark, time).size());
  }
  [[nodiscard]] event_micros due_of(const timed_rows& right) const;
  [[nodiscard]] std::size_t hidden(const timed_rows& right, event_micros over) const;
  /// The end of the last left row that a right one of this time may meet.
  [[nodiscard]] event_micros last_met(event_micros time) const {
    return last_end(join_, reach_of(join_, time, 1).last);
  }
  void set_due(entry& of);
  /// A walk has come to `of[i]`, and has the memory of entries that follow soon on its way.
  [[gnu::always_inline]] void prefetch_ahead(const std::vector<entry*>& of, std::size_t i) const {
    if (i + entries_ahead < of.size())
      keyed_entries<entry>::prefetch(of[i + entries_ahead]);
    if (i + rows_ahead >= of.size())
      return;
    const auto& soon = *of[i + rows_ahead];
    keys_.prefetch_slot(soon.tag);  // it may go
    for (const auto& side : soon.sides)
      side.prefetch();
  }
  [[nodiscard]] std::vector<entry*> take_waiting();
  void clear();
  [[nodiscard]] met_rows rows_at(const entry& of, event_micros end) const;
  /// Has the values of rows that are given soon on their way.
  [[gnu::always_inline]] void prefetch_values(const met_rows& m) const {
    __builtin_prefetch(m.left.front().what.bytes.data() + m.left.front().what.value_at);
    if (!m.right.empty() && !join_.join->first)
      __builtin_prefetch(m.right.back().what.bytes.data() + m.right.back().what.value_at);
  }
  void forget(event_micros over);
  [[nodiscard]] event_micros gone_with(std::size_t side, event_micros time) const;
  [[nodiscard]] std::size_t bytes_added() const { return added_[0].byte_size() + added_[1].byte_size(); }
  static void put_row(wire::writer& out, std::string_view key, std::size_t side, const timed_row& r);
  [[nodiscard]] expected<void> apply_row(wire::reader& in, event_micros over);

  definition join_;
  layout_ptr layout_, keys_alone_ = std::make_shared<const layout>(std::vector<aggregate>{});
  keyed_entries<entry> keys_;
  mark_queue<entry*> waiting_;  // the ends of left rows, one a row
  mark_queue<entry*> due_;      // when right rows of a key go, at the earliest; a key stays while it is there
  std::size_t bytes_ = 0;       // of the rows
  event_micros over_ = no_watermark;     // ends up to here have fired
  event_micros to_come_ = no_watermark;  // up to here they have in the last capture that is applied
  added_rows added_[2];                  // since the last capture
};

/// Puts a row that no capture has.
void interval_join::add(entry& to, std::size_t side, timed_row r) {
  constexpr std::size_t most_around = 64;  // bytes of the numbers in a row
  added_[side].add(to.key.size() + r.what.bytes.size() + most_around, gone_with(side, r.time),
                   [&](wire::writer& out) { put_row(out, to.key, side, r); });
  put(to, side, std::move(r));
}

void interval_join::put(entry& to, std::size_t side, timed_row r) {
  auto& rows = to.sides[side];
  if (side == 0)
    waiting_.add(next_bound(join_, r.time), &to);
  bytes_ -= rows.byte_size();
  rows.add(std::move(r));
  bytes_ += rows.byte_size();
  if (side == 1)
    set_due(to);
}

/// A key without rows goes, and `of` with it, unless it is in due_.
void interval_join::drop(entry& of, std::size_t side, std::size_t rows) {
  auto& from = of.sides[side];
  bytes_ -= from.byte_size();
  from.drop(rows);
  bytes_ += from.byte_size();
  if (side == 1)
    set_due(of);
  if (const auto& [left, right] = of.sides; left.size() == 0 && right.size() == 0 && of.dues == 0) {
    bytes_ -= left.byte_size() + right.byte_size();
    keys_.erase(of);
  }
}

/// The mark from which on the oldest right row is met by no left row that is to come: they lie beyond its reach, or a
/// newer one hides it. A deletion goes once an older row than it would be late.
event_micros interval_join::due_of(const timed_rows& right) const {
  if (right.size() == 0)
    return end_of_time;
  if (!join_.join->newest)
    return last_met(right.first_time());
  const auto all = right.all();
  if (all.size() > 1)
    return all[1].eligible - 1;
  return join_.join->deletes && all[0].is_deletion() ? last_met(all[0].time) : end_of_time;
}

/// Counts the oldest rows that newer ones hide from every left row above the mark.
std::size_t interval_join::hidden(const timed_rows& right, event_micros over) const {
  const auto all = right.all();
  auto newest = all.size();
  while (newest > 0 && all[newest - 1].eligible - 1 > over)
    --newest;
  if (newest == 0)
    return 0;
  const auto& r = all[newest - 1];
  return join_.join->deletes && r.is_deletion() && last_met(r.time) <= over ? newest : newest - 1;
}

/// The mark with which a row goes at the latest; of a version that a newer one may hide it says nothing.
event_micros interval_join::gone_with(std::size_t side, event_micros time) const {
  if (side == 0)
    return next_bound(join_, time);
  return join_.join->newest ? end_of_time : last_met(time);
}

/// A mark that has become later is found out when the earlier one has come.
void interval_join::set_due(entry& of) {
  const auto now = due_of(of.sides[1]);
  if (now >= of.due)
    return;
  due_.add(now, &of);
  of.due = now;
  ++of.dues;
}

/// The keys with left rows of the first end, in their order; they wait no more.
std::vector<interval_join::entry*> interval_join::take_waiting() {
  const auto taken = waiting_.take_least();
  row_store keys(keys_alone_);
  std::vector<std::uint32_t> order;
  for (std::size_t i = 0; i < taken.size(); ++i) {
    prefetch_ahead(taken, i);
    order.push_back(keys.append(taken[i]->key));
  }
  sort_by_key(keys, order);
  std::vector<entry*> out;
  for (const auto i : order)
    out.push_back(taken[i]);
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

void interval_join::clear() {
  keys_.clear();
  waiting_ = {};
  due_ = {};
  bytes_ = 0;
}

std::uint64_t interval_join::absorb_partials(const partials& p, event_micros fired) {
  const auto over = horizon(join_, fired);
  std::uint64_t missed = 0;
  const auto absorb = [&](std::string_view key, std::uint32_t tag, std::size_t side, const slice_key& k,
                          std::uint32_t row) {
    const auto* const all = collected::entries(p.rows().column(side), row);
    if (all != nullptr && all->empty())
      return;
    const auto reach = reach_of(join_, k.slice, side);
    const auto eligible = std::max(k.eligible, first_end(join_, reach.first, over));
    const bool is_late = eligible > last_end(join_, reach.last) || over == end_of_time;
    if (is_late && all != nullptr)
      missed += collected::count(*all);
    if (is_late)
      return;
    auto& to = keys_.at(key, tag);
    if (all == nullptr)
      return add(to, side, {k.slice, eligible, {}});
    for (const auto& e : *all)
      add(to, side, {k.slice, eligible, e});
  };
  const auto keys = p.keys({{}, 0, 0, static_cast<std::uint32_t>(p.rows().size())});  // of all groups
  for (const auto& g : p.groups())
    for (auto i = g.first; i < g.first + g.count; ++i) {
      if (i + slots_ahead < keys.size())
        keys_.prefetch_slot(keys.tags[i + slots_ahead]);
      if (i + entries_ahead < keys.size())
        keys_.prefetch_entry(keys.tags[i + entries_ahead]);
      for (std::size_t side = 0; side < 2; ++side)
        absorb(keys.key(i), keys.tags[i], side, g.at, i);
    }
  return missed;
}

/// The left rows of a key whose end this is, with the right rows that they reach.
met_rows interval_join::rows_at(const entry& of, event_micros end) const {
  const auto time = end - 1;
  const auto& join = *join_.join;
  const auto& [left, right] = of.sides;
  return {of.key, left.between(time, end),
          right.between(join.newest ? no_watermark : plus(time, -join.before),
                        plus(plus(time, join.after), micros(1)))};
}

std::optional<delivery::fired_window> interval_join::fire_next(event_micros& fired, event_micros watermark) {
  // Ends that give no rows take as long as others; the shard hears what else is said to it after some of them.
  constexpr int most_without_rows = 1024;
  const auto to = horizon(join_, watermark);
  std::optional<delivery::fired_window> out;
  fired = watermark;
  for (int n = 0; !out && !waiting_.empty() && waiting_.least() <= to; ++n) {
    const auto end = waiting_.least();
    const auto of = take_waiting();
    std::vector<met_rows> met;
    for (std::size_t i = 0; i < of.size(); ++i) {
      prefetch_ahead(of, i);
      met.push_back(rows_at(*of[i], end));
      prefetch_values(met.back());
    }
    auto formed = form_met(join_, met, end);
    for (std::size_t i = 0; i < of.size(); ++i) {
      if (join_.join->first && met[i].right.empty())
        add(*of[i], 1, {end - 1, end, {}});
      drop_before(*of[i], 0, end);
    }
    if (!formed.rows && n < most_without_rows)
      continue;
    formed.end = end;
    out = std::move(formed);
    fired = fired_with(join_, end, watermark);
  }
  forget(horizon(join_, fired));
  return out;
}

/// Right rows go once no left row that is still to come meets them.
void interval_join::forget(event_micros over) {
  over_ = over;
  if (over == end_of_time)
    clear();
  while (due_.least() <= over && !due_.empty()) {
    const auto all = due_.take_least();
    for (std::size_t i = 0; i < all.size(); ++i) {
      prefetch_ahead(all, i);
      auto* const of = all[i];
      --of->dues;
      of->due = end_of_time;  // another place may be there yet: it finds nothing to do
      if (join_.join->newest)
        drop(*of, 1, hidden(of->sides[1], over));
      else
        drop_before(*of, 1, plus(over, -join_.join->before));
    }
  }
  for (auto& side : added_)
    side.forget(over);
}

void interval_join::put_row(wire::writer& out, std::string_view key, std::size_t side, const timed_row& r) {
  out.string(key);
  out.fixed(static_cast<std::uint8_t>(side));
  out.svarint(r.time);
  out.svarint(r.eligible);
  out.string(r.what.bytes);
  out.varint(r.what.value_at);
  out.varint(r.what.count);
}

void interval_join::capture_all(wire::writer& out) {
  put_head(out, *layout_, captured::all);
  out.svarint(over_);
  std::uint64_t n = 0;
  keys_.each([&](const entry& of) { n += of.sides[0].size() + of.sides[1].size(); });
  out.varint(n);
  keys_.each([&](const entry& of) {
    for (std::size_t side = 0; side < 2; ++side)
      for (const auto& r : of.sides[side].all())
        put_row(out, of.key, side, r);
  });
  for (auto& side : added_)
    side.clear();
}

void interval_join::capture_changes(wire::writer& out) {
  if (bytes_added() > least_rewritten && bytes_added() > 2 * bytes_)
    return capture_all(out);
  put_head(out, *layout_, captured::changes);
  out.svarint(over_);
  out.varint(added_[0].rows() + added_[1].rows());
  out.expect(bytes_added());
  for (auto& side : added_) {
    side.append_to(out);
    side.clear();
  }
}

/// Rows that have gone by the mark `over` are not put in.
expected<void> interval_join::apply_row(wire::reader& in, event_micros over) {
  const auto key = in.string();
  const auto side = in.fixed<std::uint8_t>();
  timed_row r;
  r.time = in.svarint();
  r.eligible = in.svarint();
  const auto bytes = in.string();
  r.what.value_at = static_cast<std::uint32_t>(in.varint());
  r.what.count = in.varint();
  if (!in.ok() || side > 1 || !is_slice(join_, {r.time, r.eligible}) || r.what.value_at > bytes.size() ||
      r.what.count == 0)
    return damaged("a row of a join");
  if (gone_with(side, r.time) <= over)
    return {};
  if (!valid_key(join_, key))
    return damaged("a key of a join");
  r.what.bytes = bytes;
  put(keys_.at(key, tag_of(data::hash_key(key))), side, std::move(r));
  return {};
}

expected<void> interval_join::apply(wire::reader& in) {
  ASSIGN_OR_RETURN(const auto what, read_head(in, *layout_, true));
  if (what == captured::all)
    clear();
  const auto over = in.svarint();
  for (auto n = in.varint(); n > 0 && in.ok(); --n)
    RETURN_IF_ERROR(apply_row(in, std::max(over, to_come_)));
  if (!in.ok())
    return damaged("cut off");
  while (!waiting_.empty() && waiting_.least() <= over) {
    const auto end = waiting_.least();
    for (auto* const of : take_waiting())
      drop_before(*of, 0, end);
  }
  forget(over);
  return {};
}

delivery::window_size interval_join::size() const {
  constexpr std::size_t key_bytes =
      sizeof(entry) + 80;  // with its places in the table and both queues, about
  return {waiting_.size(), keys_.size(), bytes_ + bytes_added() + keys_.size() * key_bytes};
}

std::optional<event_micros> interval_join::next_end(event_micros) const {
  return waiting_.empty() ? std::nullopt : std::optional(waiting_.least());
}

delivery::open_windows interval_join::look_up(std::string_view key, event_micros, std::size_t most) const {
  std::vector<met_rows> met;
  const auto* const found = keys_.find(key, tag_of(data::hash_key(key)));
  bool are_all = true;
  if (found != nullptr)
    for (const auto& r : found->sides[0].all()) {
      if (!met.empty() && met.back().left.front().time == r.time)
        continue;
      are_all = met.size() < most;
      if (!are_all)
        break;
      met.push_back(rows_at(*found, next_bound(join_, r.time)));
    }
  auto out = form_open_met(join_, met);
  out.are_all = are_all;
  return out;
}

}  // namespace

std::unique_ptr<shard_windows> make_interval_join(const definition& d, form_partials upstream) {
  return std::make_unique<interval_join>(d, std::move(upstream));
}

}  // namespace millrace::window
