// The table that records are grouped in: open addressing over 8-byte slots (tag, row), rows in a row_store.
// Looks up many keys at a time, so that the memory of the next keys is on its way while one is compared.
// Lanes group a frame's records in one, a shard keeps one a slice.
#pragma once

#include "runtime/window/row_store.hpp"

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace millrace::window {

/// Encoded keys, one after the other, with the tags to find them by.
struct key_list {
  const char* bytes = nullptr;
  std::span<const std::uint32_t> ends;  // the end of key i; it begins at the end of key i - 1
  std::span<const std::uint32_t> tags;
  std::uint32_t begin = 0;  // the beginning of key 0

  [[nodiscard]] std::size_t size() const { return ends.size(); }
  [[nodiscard]] std::string_view key(std::size_t i) const {
    const auto from = i == 0 ? begin : ends[i - 1];
    return {bytes + from, ends[i] - from};
  }
};

/// The part of a key's hash that tables use. Its lower bits choose the shard, and so say nothing within one.
[[nodiscard]] inline std::uint32_t tag_of(std::uint64_t key_hash) {
  return static_cast<std::uint32_t>(key_hash >> 32);
}

class keyed_table {
public:
  explicit keyed_table(layout_ptr l) : rows_(std::move(l)) {}

  /// The row of each key, in `found`; new keys get new rows.
  void locate(const key_list& keys, std::vector<std::uint32_t>& found);
  std::uint32_t locate(std::string_view key, std::uint32_t tag);
  /// A new row, for a key that there is none of yet, as in another table.
  std::uint32_t copy(const row_store& other, std::uint32_t row, std::uint32_t tag);
  /// The row of a key, or `none`.
  static constexpr std::uint32_t none = ~0U;
  [[nodiscard]] std::uint32_t find(std::string_view key, std::uint32_t tag) const;

  /// Calls f(tag, row) for every row, in no order.
  template<class F>
  void each(F&& f) const {
    for (const auto s : slots_)
      if (s != 0)
        f(static_cast<std::uint32_t>(s >> 32), static_cast<std::uint32_t>(s) - 1);
  }

  [[nodiscard]] row_store& store() { return rows_; }
  [[nodiscard]] const row_store& store() const { return rows_; }
  [[nodiscard]] std::size_t size() const { return rows_.size(); }
  /// Room for so many rows in all, so that they come without the table's growing on the way.
  void reserve(std::size_t rows);
  /// Empties the table, and keeps memory for about as many rows as there were.
  void clear();
  [[nodiscard]] std::size_t byte_size() const {
    return sizeof *this + rows_.byte_size() + slots_.capacity() * sizeof(std::uint64_t);
  }

private:
  /// Locates keys from i on until rows run out; where it stopped.
  template<bool Prefetch>
  std::size_t locate_while_room(const key_list& keys, std::size_t i, std::uint32_t* found);
  void grow();
  void resize(std::size_t slots);

  row_store rows_;
  std::vector<std::uint64_t> slots_;  // tag << 32 | row + 1; 0 is free
  std::size_t room_ = 0;              // rows that the slots are enough for
};

}  // namespace millrace::window
