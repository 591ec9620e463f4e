#include "runtime/window/keyed_table.hpp"

#include <bit>
#include <stdexcept>

namespace millrace::window {
namespace {

constexpr std::size_t least_slots = 16;
// Keys ahead of the one that is compared: enough to hide a miss of the last cache for slots, then rows.
constexpr std::size_t slots_ahead = 24;
constexpr std::size_t rows_ahead = 12;
constexpr std::size_t keys_ahead = 6;

/// At most 13/16 full: linear probing stays short and the slots take about 13 bytes a key.
bool too_full(std::size_t rows, std::size_t slots) { return rows * 16 > slots * 13; }

}  // namespace

std::uint32_t keyed_table::locate(std::string_view key, std::uint32_t tag) {
  make_room(1);
  const auto mask = slots_.size() - 1;
  for (auto at = tag & mask;; at = (at + 1) & mask) {
    const auto s = slots_[at];
    if (s == 0) {
      const auto row = rows_.append(key);
      slots_[at] = static_cast<std::uint64_t>(tag) << 32 | (row + 1);
      return row;
    }
    if (s >> 32 == tag && rows_.has_key(static_cast<std::uint32_t>(s) - 1, key))
      return static_cast<std::uint32_t>(s) - 1;
  }
}

std::uint32_t keyed_table::find(std::string_view key, std::uint32_t tag) const {
  if (slots_.empty())
    return none;
  const auto mask = slots_.size() - 1;
  for (auto at = tag & mask;; at = (at + 1) & mask) {
    const auto s = slots_[at];
    if (s == 0)
      return none;
    if (s >> 32 == tag && rows_.has_key(static_cast<std::uint32_t>(s) - 1, key))
      return static_cast<std::uint32_t>(s) - 1;
  }
}

void keyed_table::locate(const key_list& keys, std::vector<std::uint32_t>& found) {
  const auto n = keys.size();
  found.resize(n);
  for (std::size_t i = 0; i < n; ++i) {
    if (slots_.size() != 0) {
      const auto mask = slots_.size() - 1;
      if (i + slots_ahead < n)
        __builtin_prefetch(&slots_[keys.tags[i + slots_ahead] & mask]);
      if (i + rows_ahead < n)
        if (const auto s = slots_[keys.tags[i + rows_ahead] & mask]; s != 0)
          rows_.prefetch(static_cast<std::uint32_t>(s) - 1);
      if (i + keys_ahead < n)
        if (const auto s = slots_[keys.tags[i + keys_ahead] & mask]; s != 0)
          rows_.prefetch_key(static_cast<std::uint32_t>(s) - 1);
    }
    found[i] = locate(keys.key(i), keys.tags[i]);
  }
}

void keyed_table::make_room(std::size_t more) {
  if (slots_.empty() || too_full(rows_.size() + more, slots_.size()))
    resize(std::max(least_slots, slots_.size() * 2));
}

void keyed_table::resize(std::size_t slots) {
  if (slots > std::size_t{1} << 32)
    throw std::length_error("a slice of one shard has more than 3 billion keys");
  std::vector<std::uint64_t> larger(slots);
  const auto mask = slots - 1;
  for (const auto s : slots_) {
    if (s == 0)
      continue;
    auto at = (s >> 32) & mask;
    while (larger[at] != 0)
      at = (at + 1) & mask;
    larger[at] = s;
  }
  slots_ = std::move(larger);
}

void keyed_table::clear() {
  const auto wanted = std::max(least_slots, std::bit_ceil(rows_.size() * 16 / 13 + 1));
  if (wanted * 2 < slots_.size())  // it was larger once: clearing must not go on costing that
    slots_ = std::vector<std::uint64_t>(wanted);
  else
    std::fill(slots_.begin(), slots_.end(), 0);
  rows_.clear();
}

}  // namespace millrace::window
