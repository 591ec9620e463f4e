#include "runtime/window/stretches.hpp"

#include "runtime/window/slices.hpp"

#include <algorithm>

namespace millrace::window {
namespace {

/// Slices of a stretch: a level costs a copy, and a key is looked up in at most this many tables of each.
constexpr std::int64_t per_stretch = 64;

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

}  // namespace millrace::window
