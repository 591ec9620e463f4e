#include "runtime/window/running_totals.hpp"

#include "runtime/window/key_order.hpp"
#include "runtime/window/slices.hpp"
#include "runtime/window/window_rows.hpp"

#include <algorithm>

namespace millrace::window {
namespace {

/// Slices of a stretch: a level costs a copy, and a key is looked up in at most this many tables of each.
constexpr std::int64_t per_stretch = 64;

// Keys that left keep their row until there are as many of them as of the others.
constexpr std::size_t least_compacted = 1024;

/// Returns whether a row may pass in one window and not in the next though its aggregates are the same.
bool reads_bounds(const definition& d) {
  if (!d.having)
    return false;
  const auto start = d.output->size() - 2;  // window_start, window_end are the last two
  const auto keys = d.keys.size();          // columns before the bounds that formulas see
  const auto any = [](const expression::bound& e, std::size_t first) {
    return std::ranges::any_of(e.columns, [&](std::size_t c) { return c == first || c == first + 1; });
  };
  return any(*d.having, start) ||
         std::ranges::any_of(d.formulas, [&](const auto& f) { return any(f, keys); });
}

/// Calls f(tag, row) for each row, of `only` these keys where there are such.
template<class F>
void each_of(const keyed_table& t, const keyed_table* only, F&& f) {
  if (only == nullptr)
    t.each(f);
  else if (only->size() < t.size())
    only->each([&](std::uint32_t tag, std::uint32_t key) {
      if (const auto row = t.find(only->store().key(key), tag); row != keyed_table::none)
        f(tag, row);
    });
  else
    t.each([&](std::uint32_t tag, std::uint32_t row) {
      if (only->find(t.store().key(row), tag) != keyed_table::none)
        f(tag, row);
    });
}

}  // namespace

stretches::stretches(const definition& d, const layout& all) : columns_(all.slots.size()) {
  std::vector<aggregate> kept;
  for (std::size_t a = 0; a < all.slots.size(); ++a)
    if (all.slots[a].ops->rests_on != nullptr) {
      columns_[a] = kept.size();
      aggregates_.push_back(a);
      kept.push_back(d.aggregates[a]);
    }
  layout_ = std::make_shared<const layout>(kept);
  if (!kept.empty())
    for (auto width = d.slide * per_stretch; width < d.size; width *= per_stretch)
      levels_.push_back({width, {}});
}

event_micros stretches::begin_of(const level& l, event_micros slice) {
  return saturating(floor_to(slice, l.width));
}

event_micros stretches::first_whole(const level& l) const { return plus(begin_of(l, left_), l.width); }

void stretches::add(event_micros slice, const slice_table& t, rows from,
                    std::span<const std::uint32_t> tags) {
  for (auto& l : levels_) {
    const auto begin = begin_of(l, slice);
    if (begin <= left_)
      continue;
    auto& to = l.tables.try_emplace(begin, layout_).first->second;
    into_.clear();
    for (std::size_t i = 0; i < from.size(); ++i)
      into_.push_back(to.locate(t.table.store().key(from[i]), tags[i]));
    for (const auto a : aggregates_)
      layout_->slots[columns_[a]].ops->merge(to.store().column(columns_[a]), into_, t.table.store().column(a),
                                             from);
  }
}

void stretches::leave(event_micros slice) {
  left_ = std::max(left_, slice);
  for (auto& l : levels_)
    while (!l.tables.empty() && l.tables.begin()->first <= left_)
      l.tables.erase(l.tables.begin());
}

void stretches::clear() {
  for (auto& l : levels_)
    l.tables.clear();
  left_ = no_watermark;
}

void stretches::merge_rest(const states& to, std::string_view key, std::uint32_t tag, std::size_t aggregate,
                           const std::map<slice_key, slice_table>& slices) const {
  const std::uint32_t first_row = 0;
  const auto& ops = *layout_->slots[columns_[aggregate]].ops;
  const auto take = [&](const keyed_table& from, std::size_t column) {
    if (const auto row = from.find(key, tag); row != keyed_table::none)
      ops.merge(to, rows(&first_row, 1), from.store().column(column), rows(&row, 1));
  };
  const auto until = levels_.empty() ? end_of_time : first_whole(levels_.front());
  for (auto i = slices.begin(); i != slices.end() && i->first.slice < until; ++i)
    if (i->second.in_totals)
      take(i->second.table, aggregate);
  for (auto l = levels_.begin(); l != levels_.end(); ++l) {
    const auto end = l + 1 == levels_.end() ? end_of_time : first_whole(*(l + 1));
    for (const auto& [begin, table] : l->tables) {
      if (begin >= end)
        break;
      take(table, columns_[aggregate]);
    }
  }
}

std::size_t stretches::byte_size() const {
  std::size_t n = 0;
  for (const auto& l : levels_)
    for (const auto& [begin, table] : l.tables)
      n += table.byte_size();
  return n;
}

running_totals::running_totals(const definition& d, layout_ptr l)
    : totals_(l), rest_(d, *l), by_window_(reads_bounds(d)), scratch_(std::move(l)) {}

void running_totals::change(std::uint32_t row) {
  if (!keys_[row].changed) {
    keys_[row].changed = true;
    changed_.push_back(row);
  }
}

template<class TotalOf>
void running_totals::take_rows(const keyed_table& t, const keyed_table* only, TotalOf total_of) {
  const auto most = only == nullptr ? t.size() : std::min(t.size(), only->size());
  into_.resize(most);
  from_.resize(most);
  tags_.resize(most);
  std::size_t n = 0;
  each_of(t, only, [&](std::uint32_t tag, std::uint32_t row) {
    const auto into = total_of(t.store().key(row), tag);
    change(into);
    into_[n] = into;
    from_[n] = row;
    tags_[n++] = tag;
  });
  into_.resize(n);
  from_.resize(n);
  tags_.resize(n);
}

void running_totals::add(event_micros slice, slice_table& t, const keyed_table* only) {
  take_rows(t.table, only, [&](std::string_view key, std::uint32_t tag) {
    const auto into = totals_.locate(key, tag);
    if (into == keys_.size())
      keys_.emplace_back();
    alive_ += keys_[into].slices++ == 0 ? 1 : 0;
    return into;
  });
  totals_.store().merge(into_, t.table.store(), from_);
  rest_.add(slice, t, from_, tags_);
  t.in_totals = true;
}

void running_totals::remove(event_micros slice, slice_table& t, const keyed_table* only,
                            const std::map<slice_key, slice_table>& others) {
  rest_.leave(slice);
  t.in_totals = false;
  take_rows(t.table, only, [&](std::string_view key, std::uint32_t tag) {
    const auto into = totals_.find(key, tag);
    alive_ -= --keys_[into].slices == 0 ? 1 : 0;
    return into;
  });
  const auto& slots = totals_.store().layout().slots;
  for (std::size_t a = 0; a < slots.size(); ++a) {
    const auto to = totals_.store().column(a);
    const auto part = t.table.store().column(a);
    const auto& ops = *slots[a].ops;
    if (ops.rests_on == nullptr) {
      ops.unmerge(to, into_, part, from_);
      continue;
    }
    undone_into_.clear();
    undone_from_.clear();
    for (std::size_t i = 0; i < into_.size(); ++i)
      if (ops.rests_on(to, into_[i], part, from_[i])) {
        form_again(into_[i], t.table.store().key(from_[i]), tags_[i], a, others);
      } else {
        undone_into_.push_back(into_[i]);
        undone_from_.push_back(from_[i]);
      }
    if (ops.unmerge != nullptr)
      ops.unmerge(to, undone_into_, part, undone_from_);
  }
}

void running_totals::form_again(std::uint32_t row, std::string_view key, std::uint32_t tag,
                                std::size_t aggregate, const std::map<slice_key, slice_table>& others) {
  const auto& ops = *totals_.store().layout().slots[aggregate].ops;
  scratch_.clear();
  const std::uint32_t only = scratch_.append({});
  const auto state = scratch_.column(aggregate);
  if (keys_[row].slices != 0)
    rest_.merge_rest(state, key, tag, aggregate, others);
  wire::writer bytes;  // the way in which a state takes another's value, side storage and all
  ops.encode(bytes, state, only);
  wire::reader in(bytes.bytes());
  ops.decode(in, totals_.store().column(aggregate), row);
}

delivery::fired_window running_totals::form(const definition& d, event_micros end) {
  if (by_window_)
    for (std::uint32_t row = 0; row < keys_.size(); ++row)
      if (keys_[row].slices != 0 && !keys_[row].shown)
        change(row);
  const auto& store = totals_.store();
  std::vector<std::uint32_t> fresh, order;
  for (const auto row : changed_) {
    auto& k = keys_[row];
    k.changed = false;
    if (k.slices != 0 && !k.shown)
      fresh.push_back(row);
  }
  changed_.clear();
  std::erase_if(shown_, [&](std::uint32_t row) {
    const bool left = keys_[row].slices == 0;
    keys_[row].shown = !left;
    return left;
  });
  drop_turned_down(d, store, fresh);
  sort_by_key(store, fresh);
  order.resize(shown_.size() + fresh.size());
  std::merge(shown_.begin(), shown_.end(), fresh.begin(), fresh.end(), order.begin(),
             [&](std::uint32_t a, std::uint32_t b) { return store.key(a) < store.key(b); });

  judged_rows judged;
  auto window = form_window(d, store, order, end, &judged);
  for (const auto row : shown_)
    keys_[row].shown = false;
  std::vector<std::uint32_t> positions(judged.passed.size() + judged.failed.size());
  std::merge(judged.passed.begin(), judged.passed.end(), judged.failed.begin(), judged.failed.end(),
             positions.begin());
  shown_.clear();
  for (const auto p : positions) {
    shown_.push_back(order[p]);
    keys_[order[p]].shown = true;
  }
  if (keys_.size() > std::max(least_compacted, alive_ * 2))
    compact();
  return window;
}

void running_totals::compact() {
  keyed_table smaller(scratch_.shared_layout());
  std::vector<key_info> keys;
  std::vector<std::uint32_t> moved(keys_.size(), keyed_table::none);
  totals_.each([&](std::uint32_t tag, std::uint32_t row) {
    if (keys_[row].slices == 0)
      return;
    moved[row] = smaller.copy(totals_.store(), row, tag);
    keys.push_back(keys_[row]);
  });
  for (auto& row : shown_)
    row = moved[row];
  totals_ = std::move(smaller);
  keys_ = std::move(keys);
}

void running_totals::clear() {
  totals_.clear();
  rest_.clear();
  keys_.clear();
  changed_.clear();
  shown_.clear();
  alive_ = 0;
}

}  // namespace millrace::window
