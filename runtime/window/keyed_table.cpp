#include "runtime/window/keyed_table.hpp"

#include <algorithm>
#include <stdexcept>

namespace millrace::window {
namespace {

constexpr std::size_t least_slots = 16;
// Keys ahead of the one that is compared: enough to hide a miss of the last cache for slots, then rows.
constexpr std::size_t slots_ahead = 24;
constexpr std::size_t rows_ahead = 12;
constexpr std::size_t keys_ahead = 6;

// A smaller table lies in the second cache anyway.
constexpr std::size_t slots_worth_prefetching = 1 << 13;

/// Returns 11/16 of the slots, the most that are used: a search for a new key still ends within a cache line,
/// and a key takes 16 bytes of slots on average.
constexpr std::size_t fill(std::size_t slots) { return slots / 16 * 11; }

}  // namespace

std::uint32_t keyed_table::locate(std::string_view key, std::uint32_t tag) {
  if (rows_.size() == room_)
    grow();
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

std::uint32_t keyed_table::copy(const row_store& other, std::uint32_t row, std::uint32_t tag) {
  if (rows_.size() == room_)
    grow();
  const auto mask = slots_.size() - 1;
  auto at = tag & mask;
  while (slots_[at] != 0)
    at = (at + 1) & mask;
  const auto copied = rows_.append_copy(other.key(row), other, row);
  slots_[at] = static_cast<std::uint64_t>(tag) << 32 | (copied + 1);
  return copied;
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
  found.resize(keys.size());
  for (std::size_t i = 0; i < keys.size();) {
    if (rows_.size() == room_)
      grow();
    i = slots_.size() < slots_worth_prefetching ? locate_while_room<false>(keys, i, found.data())
                                                : locate_while_room<true>(keys, i, found.data());
  }
}

template<bool Prefetch>
std::size_t keyed_table::locate_while_room(const key_list& keys, std::size_t i, std::uint32_t* found) {
  const auto n = keys.size();
  auto* const slots = slots_.data();
  const auto mask = slots_.size() - 1;
  const auto row_of = [](std::uint64_t s) { return static_cast<std::uint32_t>(s) - 1; };
  for (; i < n && rows_.size() < room_; ++i) {
    if constexpr (Prefetch) {
      if (i + slots_ahead < n)
        __builtin_prefetch(&slots[keys.tags[i + slots_ahead] & mask]);
      if (i + rows_ahead < n)
        if (const auto s = slots[keys.tags[i + rows_ahead] & mask]; s != 0)
          rows_.prefetch(row_of(s));
      if (i + keys_ahead < n)
        if (const auto s = slots[keys.tags[i + keys_ahead] & mask]; s != 0)
          rows_.prefetch_key(row_of(s));
    }
    const auto key = keys.key(i);
    const auto tag = keys.tags[i];
    for (auto at = tag & mask;; at = (at + 1) & mask) {
      const auto s = slots[at];
      if (s == 0) {
        const auto row = rows_.append(key);
        slots[at] = static_cast<std::uint64_t>(tag) << 32 | (row + 1);
        found[i] = row;
        break;
      }
      if (s >> 32 == tag && rows_.has_key(row_of(s), key)) {
        found[i] = row_of(s);
        break;
      }
    }
  }
  return i;
}

void keyed_table::reserve(std::size_t rows) {
  auto slots = std::max(least_slots, slots_.size());
  while (fill(slots) < rows)
    slots *= 2;
  if (slots > slots_.size())
    resize(slots);
}

void keyed_table::grow() { resize(std::max(least_slots, slots_.size() * 2)); }

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
  room_ = fill(slots);
}

void keyed_table::clear() {
  auto wanted = least_slots;
  while (fill(wanted) < rows_.size())
    wanted *= 2;
  if (wanted * 2 < slots_.size()) {  // it was larger once: clearing must not go on costing that
    slots_ = std::vector<std::uint64_t>(wanted);
    room_ = fill(wanted);
  } else {
    std::fill(slots_.begin(), slots_.end(), 0);
  }
  rows_.clear();
}

}  // namespace millrace::window
