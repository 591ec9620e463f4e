#include "runtime/data/key_encoding.hpp"
#include "runtime/window/key_order.hpp"
#include "runtime/window/partials.hpp"
#include "runtime/window/running_totals.hpp"
#include "runtime/window/shard_state.hpp"
#include "runtime/window/shard_windows.hpp"
#include "runtime/window/slices.hpp"
#include "runtime/window/window_rows.hpp"

#include <algorithm>
#include <cassert>
#include <numeric>
#include <set>

namespace millrace::window {
namespace {

class aligned_windows final : public shard_windows {
public:
  aligned_windows(const definition& d, form_partials upstream)
      : shard_windows(std::move(upstream)), window_(d), state_(std::make_shared<const layout>(d.aggregates)),
        merged_(state_.rows), given_(state_.rows) {
    if (running_totals::worthwhile(d))
      totals_.emplace(d, state_.rows);
  }

  std::uint64_t absorb_partials(const partials& p, event_micros fired) override;
  std::optional<delivery::fired_window> fire_next(event_micros& fired, event_micros watermark) override;
  bool changes(std::size_t turn, std::vector<delivery::fired_window>& into) override;
  [[nodiscard]] bool has_changes() const override;
  void capture_all(wire::writer& out) override { window::capture_all(window_, state_, out); }
  void capture_changes(wire::writer& out) override { window::capture_changes(window_, state_, out); }
  expected<void> apply(wire::reader& in) override;
  [[nodiscard]] delivery::window_size size() const override { return {windows_open(), keys(), byte_size()}; }
  [[nodiscard]] std::optional<event_micros> next_end(event_micros fired) const override {
    const auto end = window_.updates ? std::nullopt : next_end_above(horizon(window_, fired));
    return end == end_of_time ? std::nullopt : end;
  }
  [[nodiscard]] delivery::open_windows look_up(std::string_view key, event_micros fired,
                                               std::size_t most) const override;

private:
  [[nodiscard]] std::size_t windows_open() const;
  [[nodiscard]] std::size_t keys() const;
  [[nodiscard]] std::size_t byte_size() const;
  /// The keys that have changed since the last tick, and in which slices.
  struct changed_keys {
    keyed_table keys{std::make_shared<const layout>(std::vector<aggregate>{})};
    std::vector<std::uint32_t> tags;                           // one a key
    std::vector<std::uint32_t> order;                          // the order of the keys
    std::vector<int> changes;                                  // one a key: slices of the window, at present
    std::map<slice_key, std::vector<std::uint32_t>> by_slice;  // rows of keys
    std::vector<std::pair<event_micros, event_micros>> windows;  // first and last end of each slice
    std::size_t at = 0;                                          // the window to go on with, amid a tick
    event_micros given = no_watermark;                           // ends up to here, amid a tick
    struct judgement {
      event_micros end;
      std::string key;
      bool given;
    };
    std::vector<judgement> judged;  // those that differ from what was given before

    void count(const slice_key& k, int by) {
      if (const auto at = by_slice.find(k); at != by_slice.end())
        for (const auto key : at->second)
          changes[key] += by;
    }
  };

  [[nodiscard]] event_micros start_of(event_micros end) const {
    return window_.kind == shape::global ? no_watermark : window_start(window_, end);
  }
  /// Makes the totals those of the window that ends here, of `only` these keys where there are such. Ends ascend.
  /// Calls moved(slice, 1) for what enters, and with -1 for what leaves.
  template<class F>
  void slide_to(event_micros end, const keyed_table* only, F&& moved) {
    const auto start = start_of(end);
    auto& tables = state_.tables;
    for (auto i = tables.lower_bound({slid_to_, no_watermark}); i != tables.end() && i->first.slice < start;
         ++i)
      if (i->second.in_totals) {
        totals_->remove(i->first.slice, i->second, only, tables);
        moved(i->first, -1);
      }
    slid_to_ = start;
    for (; !waiting_.empty() && waiting_.begin()->first <= end; waiting_.erase(waiting_.begin()))
      if (const slice_key k{waiting_.begin()->second, waiting_.begin()->first}; k.slice >= start) {
        totals_->add(k.slice, tables.at(k), only);
        moved(k, 1);
      }
  }
  /// The next window end above `over` that has rows.
  [[nodiscard]] std::optional<event_micros> next_end_above(event_micros over) const;
  [[nodiscard]] delivery::fired_window form(event_micros end);
  [[nodiscard]] delivery::fired_window form_by_totals(event_micros end);
  [[nodiscard]] changed_keys find_changes() const;
  [[nodiscard]] std::optional<event_micros> next_changed_end();
  void give_changes(event_micros end);
  void form_changes(std::vector<delivery::fired_window>& into);
  void take_back(const judged_rows& now, std::vector<delivery::fired_window>& into);
  void end_tick();
  void forget_totals();
  void drop(event_micros over);

  definition window_;
  shard_state state_;
  keyed_table merged_;  // the window that is being formed, when it has several slices
  std::optional<running_totals> totals_;
  std::set<std::pair<event_micros, event_micros>> waiting_;  // (eligible, slice) of what is not in the totals
  event_micros slid_to_ = no_watermark;                      // no earlier slice is in the totals
  std::optional<changed_keys> changed_;                      // set amid a tick
  row_store given_;  // rows that changes() gives, with the bounds of their windows
  std::vector<event_micros> starts_, ends_;
  event_micros over_ = no_watermark;  // windows up to here have closed
  std::vector<std::uint32_t> found_, from_;
};

std::uint64_t aligned_windows::absorb_partials(const partials& p, event_micros fired) {
  assert(!changed_ && "nothing is absorbed amid a tick");
  const auto& d = window_;
  const auto over = horizon(d, fired);
  std::uint64_t missed = 0;
  for (const auto& g : p.groups()) {
    const auto first = std::max(g.at.eligible, first_end(d, g.at.slice, over));
    if (first > last_end(d, g.at.slice) || over == end_of_time) {
      missed += g.records;
      continue;
    }
    auto& t = state_.at({g.at.slice, first});
    if (t.in_totals)  // only if `fired` is below what has fired already
      totals_->remove(g.at.slice, t, nullptr, state_.tables);
    if (totals_)
      waiting_.emplace(first, g.at.slice);
    t.table.locate(p.keys(g), found_);
    from_.resize(g.count);
    std::iota(from_.begin(), from_.end(), g.first);
    t.table.store().merge(found_, p.rows(), from_);
    t.touch(found_);
    if (window_.updates)
      t.mark_unsent(found_);
  }
  return missed;
}

std::optional<event_micros> aligned_windows::next_end_above(event_micros over) const {
  std::optional<event_micros> next;
  const bool any_above = window_.kind == shape::aligned && over != no_watermark;
  const auto least = any_above ? bound_above(window_, over) : no_watermark;
  for (const auto& [k, t] : state_.tables) {
    if (next && (*next <= least || next_bound(window_, k.slice) >= *next))
      break;  // no end is earlier; or this slice and all later ones end later
    const auto end = std::max(k.eligible, first_end(window_, k.slice, over));
    if (end <= last_end(window_, k.slice) && (!next || end < *next))
      next = end;
  }
  return next;
}

delivery::fired_window aligned_windows::form_by_totals(event_micros end) {
  slide_to(end, nullptr, [](const slice_key&, int) {});
  return totals_->form(window_, end);
}

delivery::fired_window aligned_windows::form(event_micros end) {
  if (totals_)
    return form_by_totals(end);
  std::vector<const keyed_table*> parts;
  for (auto i = state_.tables.lower_bound({start_of(end), no_watermark});
       i != state_.tables.end() && i->first.slice < end; ++i)
    if (i->first.eligible <= end)
      parts.push_back(&i->second.table);
  const auto* whole = parts.size() == 1 ? parts.front() : &merged_;
  if (parts.size() > 1) {
    merged_.clear();
    for (const auto* part : parts) {
      found_.clear();
      from_.clear();
      part->each([&](std::uint32_t tag, std::uint32_t row) {
        found_.push_back(merged_.locate(part->store().key(row), tag));
        from_.push_back(row);
      });
      merged_.store().merge(found_, part->store(), from_);
    }
  }
  std::vector<std::uint32_t> order(whole->size());
  std::iota(order.begin(), order.end(), 0U);
  drop_turned_down(window_, whole->store(), order);
  sort_by_key(whole->store(), order);
  return form_window(window_, whole->store(), order, end);
}

/// Tables that no later window needs, nor one whose changes `updates` has yet to give.
void aligned_windows::drop(event_micros over) {
  auto& tables = state_.tables;
  if (window_.updates)
    for (const auto& [k, t] : tables)
      if (!t.unsent.empty() && k.eligible <= over)
        over = k.eligible - 1;
  while (!tables.empty() && last_end(window_, tables.begin()->first.slice) <= over) {
    const auto [slice, eligible] = tables.begin()->first;
    if (auto& t = tables.begin()->second; t.in_totals)
      totals_->remove(slice, t, nullptr, tables);
    waiting_.erase({eligible, slice});
    state_.drop(tables.begin());
  }
  if (window_.takes_back())
    state_.given.drop(over);
}

std::optional<delivery::fired_window> aligned_windows::fire_next(event_micros& fired,
                                                                 event_micros watermark) {
  const auto to = horizon(window_, watermark);
  const auto end = window_.updates ? std::nullopt : next_end_above(horizon(window_, fired));
  if (!end || *end > to) {
    over_ = to;
    drop(to);
    fired = watermark;
    return std::nullopt;
  }
  auto window = form(*end);
  drop(*end);
  fired = fired_with(window_, *end, watermark);
  return window;
}

bool aligned_windows::has_changes() const {
  return std::any_of(state_.tables.begin(), state_.tables.end(),
                     [](const auto& entry) { return !entry.second.unsent.empty(); });
}

aligned_windows::changed_keys aligned_windows::find_changes() const {
  changed_keys out;
  for (const auto& [k, t] : state_.tables) {
    if (t.unsent.empty())
      continue;
    out.windows.emplace_back(k.eligible, last_end(window_, k.slice));
    auto& rows = out.by_slice[k];
    for (const auto r : t.unsent) {
      const auto key = t.table.store().key(r);
      const auto tag = tag_of(data::hash_key(key));
      rows.push_back(out.keys.locate(key, tag));
      if (rows.back() == out.tags.size())
        out.tags.push_back(tag);
    }
  }
  out.changes.resize(out.tags.size());
  out.order.resize(out.tags.size());
  std::iota(out.order.begin(), out.order.end(), 0U);
  sort_by_key(out.keys.store(), out.order);
  std::ranges::sort(out.windows);
  return out;
}

/// The next window with a row of the tick.
std::optional<event_micros> aligned_windows::next_changed_end() {
  auto& c = *changed_;
  for (; c.at < c.windows.size(); ++c.at) {
    const auto [first, last] = c.windows[c.at];
    if (c.given < last)
      return c.given < first ? first : next_bound(window_, c.given);
  }
  return std::nullopt;
}

/// The rows of the window which ends here whose keys have changed in one of its slices.
void aligned_windows::give_changes(event_micros end) {
  auto& of = *changed_;
  slide_to(end, &of.keys, [&](const slice_key& k, int by) { of.count(k, by); });
  for (const auto key : of.order) {
    if (of.changes[key] == 0)
      continue;
    const auto text = of.keys.store().key(key);
    given_.append_copy(text, totals_->store(), totals_->find(text, of.tags[key]));
    starts_.push_back(start_of(end));
    ends_.push_back(end);
  }
  of.given = end;
}

bool aligned_windows::changes(std::size_t turn, std::vector<delivery::fired_window>& into) {
  if (!changed_)
    changed_ = find_changes();
  given_.clear();
  starts_.clear();
  ends_.clear();
  std::size_t looked_at = 0;
  auto end = next_changed_end();
  for (; end && looked_at < turn; end = next_changed_end()) {
    give_changes(*end);
    looked_at += changed_->order.size();
  }
  if (given_.size() != 0)
    form_changes(into);
  if (!end)
    end_tick();
  return !end;
}

void aligned_windows::form_changes(std::vector<delivery::fired_window>& into) {
  std::vector<std::uint32_t> order(given_.size());
  std::iota(order.begin(), order.end(), 0U);
  judged_rows judged;
  into.push_back(form_rows(window_, given_, order, {starts_, ends_}, &judged));
  if (!window_.takes_back())
    return;
  add_removed_column(into.back(), false);
  take_back(judged, into);
}

/// The rows of this turn that were given and do not pass any more.
void aligned_windows::take_back(const judged_rows& now, std::vector<delivery::fired_window>& into) {
  std::vector<std::uint32_t> removed;
  std::vector<event_micros> starts, ends;
  const auto passes = passing(now, given_.size());
  for (std::uint32_t row = 0; row < given_.size(); ++row) {
    const auto key = given_.key(row);
    const bool was_given = state_.given.has(ends_[row], key);
    if (passes[row] == was_given)
      continue;
    changed_->judged.push_back({ends_[row], std::string(key), passes[row]});
    if (passes[row])
      continue;
    removed.push_back(row);
    starts.push_back(starts_[row]);
    ends.push_back(ends_[row]);
  }
  if (!removed.empty())
    into.push_back(form_removed(window_, given_, removed, {starts, ends}));
}

void aligned_windows::end_tick() {
  const bool any = !changed_->windows.empty();
  for (const auto& j : changed_->judged)
    state_.given.set(j.end, j.key, j.given);
  changed_.reset();
  if (!any)
    return;
  state_.sent = true;
  forget_totals();
  for (auto& [k, t] : state_.tables)
    t.mark_sent();
  drop(over_);
}

delivery::open_windows aligned_windows::look_up(std::string_view key, event_micros fired,
                                                std::size_t most) const {
  struct part {
    slice_key at;
    const row_store* store;
    std::uint32_t row;
  };
  const auto over = horizon(window_, fired);
  const auto tag = tag_of(data::hash_key(key));
  std::vector<part> parts;
  std::set<event_micros> ends;  // the first of those that the key has, one more than are given
  for (const auto& [k, t] : state_.tables) {
    const auto row = t.table.find(key, tag);
    const auto first = std::max(k.eligible, first_end(window_, k.slice, over));
    if (row == keyed_table::none || over == end_of_time || first > last_end(window_, k.slice))
      continue;
    parts.push_back({k, &t.table.store(), row});
    for (auto end = first; end <= last_end(window_, k.slice); end = next_bound(window_, end)) {
      if (ends.size() > most && end > *ends.rbegin())
        break;
      ends.insert(end);
      if (ends.size() > most + 1)
        ends.erase(std::prev(ends.end()));
      if (end == end_of_time)
        break;
    }
  }
  const bool are_all = ends.size() <= most;
  if (!are_all)
    ends.erase(std::prev(ends.end()));
  row_store found(state_.rows);
  std::vector<event_micros> starts, bounds(ends.begin(), ends.end());
  std::vector<std::uint32_t> order;
  for (const auto end : bounds) {
    const auto start = start_of(end);
    starts.push_back(start);
    order.push_back(found.append(key));
    for (const auto& p : parts)
      if (p.at.slice >= start && p.at.slice < end && p.at.eligible <= end)
        found.merge(rows(&order.back(), 1), *p.store, rows(&p.row, 1));
  }
  auto out = form_open(window_, found, order, {starts, bounds});
  out.are_all = are_all;
  return out;
}

/// They follow from the slices at the next firing, or tick.
void aligned_windows::forget_totals() {
  totals_->clear();
  waiting_.clear();
  slid_to_ = no_watermark;
  for (auto& [k, t] : state_.tables) {
    t.in_totals = false;
    waiting_.emplace(k.eligible, k.slice);
  }
}

expected<void> aligned_windows::apply(wire::reader& in) {
  auto applied = window::apply(window_, state_, in);
  if (totals_)
    forget_totals();
  return applied;
}

std::size_t aligned_windows::windows_open() const {
  if (window_.kind == shape::global)
    return state_.tables.size();
  std::vector<std::pair<event_micros, event_micros>> ends;  // first and last of each table
  for (const auto& [k, t] : state_.tables)
    ends.emplace_back(k.eligible, last_end(window_, k.slice));
  std::sort(ends.begin(), ends.end());
  std::size_t n = 0;
  auto counted = no_watermark;  // ends up to here
  for (auto [first, last] : ends) {
    if (counted >= first)
      first = next_bound(window_, counted);
    if (first > last)
      continue;
    n += bounds_between(window_, first, last);
    counted = last;
  }
  return n;
}

std::size_t aligned_windows::keys() const {
  std::size_t n = 0;
  for (const auto& [k, t] : state_.tables)
    n += t.table.size();
  return n;
}

std::size_t aligned_windows::byte_size() const {
  std::size_t n = merged_.byte_size() + (totals_ ? totals_->byte_size() : 0) + state_.given.byte_size();
  for (const auto& [k, t] : state_.tables)
    n += t.table.byte_size() + t.touched.capacity() * sizeof(std::uint32_t) + sizeof t;
  return n;
}

}  // namespace

std::unique_ptr<shard_windows> make_aligned_windows(const definition& d, form_partials upstream) {
  return std::make_unique<aligned_windows>(d, std::move(upstream));
}

}  // namespace millrace::window
