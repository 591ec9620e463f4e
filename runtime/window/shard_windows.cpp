#include "runtime/window/partials.hpp"
#include "runtime/window/running_totals.hpp"
#include "runtime/window/shard_state.hpp"
#include "runtime/window/slices.hpp"
#include "runtime/window/window_rows.hpp"

#include <numeric>

namespace millrace::window {

struct shard_windows::impl {
  explicit impl(const definition& d)
      : window(d), state(std::make_shared<const layout>(d.aggregates)), merged(state.rows) {
    if (running_totals::worthwhile(d))
      totals.emplace(d, state.rows);
  }

  /// The next window end above `over` that has rows.
  [[nodiscard]] std::optional<event_micros> next_end(event_micros over) const;
  [[nodiscard]] fired_window form(event_micros end);
  [[nodiscard]] fired_window form_by_totals(event_micros end);
  void drop(event_micros over);

  definition window;
  shard_state state;
  keyed_table merged;  // of the window that is being fired, when it has several slices
  std::optional<running_totals> totals;
  std::vector<std::uint32_t> found, from;
};

shard_windows::shard_windows(const definition& d) : impl_(std::make_unique<impl>(d)) {}
shard_windows::~shard_windows() = default;
shard_windows::shard_windows(shard_windows&&) noexcept = default;
shard_windows& shard_windows::operator=(shard_windows&&) noexcept = default;

std::uint64_t shard_windows::absorb(const partials& p, event_micros fired) {
  const auto& d = impl_->window;
  const auto over = horizon(d, fired);
  std::uint64_t missed = 0;
  for (const auto& g : p.groups()) {
    const auto first = std::max<__int128>(g.at.eligible, first_end(d, g.at.slice, over));
    if (first > last_end(d, g.at.slice) || over == end_of_time) {
      missed += g.records;
      continue;
    }
    auto& t = impl_->state.at({g.at.slice, static_cast<event_micros>(first)});
    if (t.in_totals)  // only if `fired` is below what has fired already
      impl_->totals->remove(t, impl_->state.tables);
    t.table.locate(p.keys(g), impl_->found);
    impl_->from.resize(g.count);
    std::iota(impl_->from.begin(), impl_->from.end(), g.first);
    t.table.store().merge(impl_->found, p.rows(), impl_->from);
    t.touch(impl_->found);
  }
  return missed;
}

std::optional<event_micros> shard_windows::impl::next_end(event_micros over) const {
  std::optional<event_micros> next;
  for (const auto& [k, t] : state.tables) {
    if (next && plus(k.slice, window.slide) >= *next)
      break;  // this slice and all behind it end later
    const auto end = std::max<__int128>(k.eligible, first_end(window, k.slice, over));
    if (end <= last_end(window, k.slice) && (!next || end < *next))
      next = static_cast<event_micros>(end);
  }
  return next;
}

fired_window shard_windows::impl::form_by_totals(event_micros end) {
  const auto start = plus(end, -window.size);
  for (auto& [k, t] : state.tables) {
    if (k.slice >= end)
      break;
    const bool belongs = k.slice >= start && k.eligible <= end;
    if (t.in_totals && !belongs)
      totals->remove(t, state.tables);
    else if (!t.in_totals && belongs)
      totals->add(t);
  }
  return totals->form(window, end);
}

fired_window shard_windows::impl::form(event_micros end) {
  if (totals)
    return form_by_totals(end);
  std::vector<const keyed_table*> parts;
  for (auto i = state.tables.lower_bound({plus(end, -window.size), no_watermark});
       i != state.tables.end() && i->first.slice < end; ++i)
    if (i->first.eligible <= end)
      parts.push_back(&i->second.table);
  const auto* whole = parts.size() == 1 ? parts.front() : &merged;
  if (parts.size() > 1) {
    merged.clear();
    for (const auto* part : parts) {
      found.clear();
      from.clear();
      part->each([&](std::uint32_t tag, std::uint32_t row) {
        found.push_back(merged.locate(part->store().key(row), tag));
        from.push_back(row);
      });
      merged.store().merge(found, part->store(), from);
    }
  }
  std::vector<std::uint32_t> order(whole->size());
  std::iota(order.begin(), order.end(), 0U);
  sort_by_key(whole->store(), order);
  return form_rows(window, whole->store(), order, end);
}

void shard_windows::impl::drop(event_micros over) {
  auto& tables = state.tables;
  while (!tables.empty() && last_end(window, tables.begin()->first.slice) <= over) {
    if (auto& t = tables.begin()->second; t.in_totals)
      totals->remove(t, tables);
    state.drop(tables.begin());
  }
}

std::vector<fired_window> shard_windows::fire(event_micros fired, event_micros watermark) {
  const auto to = horizon(impl_->window, watermark);
  std::vector<fired_window> windows;
  auto over = horizon(impl_->window, fired);
  for (auto end = impl_->next_end(over); end && *end <= to; end = impl_->next_end(over)) {
    windows.push_back(impl_->form(*end));
    over = *end;
    impl_->drop(over);
  }
  impl_->drop(to);
  return windows;
}

void shard_windows::capture_all(wire::writer& out) { window::capture_all(impl_->state, out); }
void shard_windows::capture_changes(wire::writer& out) { window::capture_changes(impl_->state, out); }
expected<void> shard_windows::apply(wire::reader& in) {
  if (impl_->totals) {  // they follow from the slices at the next firing
    impl_->totals->clear();
    for (auto& [k, t] : impl_->state.tables)
      t.in_totals = false;
  }
  return window::apply(impl_->window, impl_->state, in);
}

std::size_t shard_windows::windows_open() const {
  std::vector<std::pair<event_micros, event_micros>> ends;  // first and last of each table
  for (const auto& [k, t] : impl_->state.tables)
    ends.emplace_back(k.eligible, last_end(impl_->window, k.slice));
  std::sort(ends.begin(), ends.end());
  std::size_t n = 0;
  auto counted = no_watermark;  // ends up to here
  for (auto [first, last] : ends) {
    if (counted >= first)
      first = plus(counted, impl_->window.slide);
    if (first > last)
      continue;
    n += static_cast<std::size_t>((last - first) / impl_->window.slide.count()) + 1;
    counted = last;
  }
  return n;
}

std::size_t shard_windows::keys() const {
  std::size_t n = 0;
  for (const auto& [k, t] : impl_->state.tables)
    n += t.table.size();
  return n;
}

std::size_t shard_windows::byte_size() const {
  std::size_t n = impl_->merged.byte_size() + (impl_->totals ? impl_->totals->byte_size() : 0);
  for (const auto& [k, t] : impl_->state.tables)
    n += t.table.byte_size() + t.touched.capacity() * sizeof(std::uint32_t) + sizeof t;
  return n;
}

}  // namespace millrace::window
