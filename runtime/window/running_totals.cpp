#include "runtime/window/running_totals.hpp"

#include "runtime/window/key_order.hpp"
#include "runtime/window/window_rows.hpp"

#include <algorithm>

namespace millrace::window {
namespace {

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

running_totals::running_totals(const definition& d, layout_ptr l)
    : totals_(l), rest_(d, *l), by_window_(reads_bounds(d)), scratch_(std::move(l)) {}

void running_totals::change(std::uint32_t row) {
  if (!keys_[row].changed) {
    keys_[row].changed = true;
    changed_.push_back(row);
  }
}

void running_totals::add(event_micros slice, slice_table& t, const keyed_table* only) {
  into_.clear();
  from_.clear();
  tags_.clear();
  each_of(t.table, only, [&](std::uint32_t tag, std::uint32_t row) {
    const auto into = totals_.locate(t.table.store().key(row), tag);
    if (into == keys_.size())
      keys_.emplace_back();
    alive_ += keys_[into].slices++ == 0 ? 1 : 0;
    change(into);
    into_.push_back(into);
    from_.push_back(row);
    tags_.push_back(tag);
  });
  totals_.store().merge(into_, t.table.store(), from_);
  rest_.add(slice, t, from_, tags_);
  t.in_totals = true;
}

void running_totals::remove(event_micros slice, slice_table& t, const keyed_table* only,
                            const std::map<slice_key, slice_table>& others) {
  rest_.leave(slice);
  t.in_totals = false;
  into_.clear();
  from_.clear();
  tags_.clear();
  each_of(t.table, only, [&](std::uint32_t tag, std::uint32_t row) {
    const auto into = totals_.find(t.table.store().key(row), tag);
    alive_ -= --keys_[into].slices == 0 ? 1 : 0;
    change(into);
    into_.push_back(into);
    from_.push_back(row);
    tags_.push_back(tag);
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
