// Rows of (encoded key, aggregate states), one after the other: the content of a keyed table, and what a
// frame carries of it. A row is a head (where the key lies, whether the row was touched) and the states of a
// layout; keys lie in an arena. Rows are added at the end and never removed one by one.
#pragma once

#include "runtime/window/aggregates.hpp"
#include "runtime/window/buffer.hpp"

#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

namespace millrace::window {

/// memcmp(a, b, n) == 0 for the short texts that keys are, without a call.
[[nodiscard]] inline bool equal_bytes(const char* a, const char* b, std::size_t n) {
  const auto word = [](const char* p) {
    std::uint64_t v;
    std::memcpy(&v, p, sizeof v);
    return v;
  };
  if (n < 8 || n > 32)
    return n == 0 || std::memcmp(a, b, n) == 0;
  for (std::size_t i = 0; i + 8 < n; i += 8)
    if (word(a + i) != word(b + i))
      return false;
  return word(a + n - 8) == word(b + n - 8);
}

class row_store {
public:
  explicit row_store(layout_ptr l) : layout_(std::move(l)), stride_(layout_->stride) {}

  /// A new row with empty states.
  std::uint32_t append(std::string_view key) {
    auto* row = rows_.extend(stride_);
    std::memset(row, 0, stride_);
    const std::uint64_t head = keys_.size();
    std::memcpy(row, &head, sizeof head);
    if (auto* to = keys_.extend(key.size()); !key.empty())
      std::memcpy(to, key.data(), key.size());
    return static_cast<std::uint32_t>(size_++);
  }
  /// New rows in an empty store of a layout without side storage. `ends` ascend to the end of `keys`; `states` has
  /// all states but no heads, row by row, bytes_of_states() for each row.
  void append_all(std::string_view keys, std::span<const std::uint32_t> ends, std::string_view states);
  /// Writes the states of rows [first, first + n) to `to` as append_all() takes them.
  void copy_states(std::size_t first, std::size_t n, char* to) const;
  [[nodiscard]] std::size_t bytes_of_states() const { return stride_ - sizeof(std::uint64_t); }
  /// A new row with the states of another store's row.
  std::uint32_t append_copy(std::string_view key, const row_store& other, std::uint32_t row);

  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] std::string_view key(std::uint32_t i) const {
    const auto from = offset(i);
    const auto to = i + 1 < size_ ? offset(i + 1) : keys_.size();
    return {reinterpret_cast<const char*>(keys_.data()) + from, to - from};
  }
  /// Encoded keys end by themselves: none is another's prefix, so a row's key needs no length to be compared.
  [[nodiscard]] bool has_key(std::uint32_t i, std::string_view key) const {
    const auto from = offset(i);
    return keys_.size() - from >= key.size() &&
           equal_bytes(reinterpret_cast<const char*>(keys_.data()) + from, key.data(), key.size());
  }
  [[nodiscard]] states column(std::size_t aggregate) const {
    auto* const first = rows_.data();  // none without a row
    return {first == nullptr ? first : first + layout_->slots[aggregate].offset, stride_, &side_};
  }
  /// Merges rows from[i] of another store into rows into[i].
  void merge(rows into, const row_store& other, rows from);

  /// Marks a row; true if it was not marked.
  bool touch(std::uint32_t i) {
    auto& head = head_of(i);
    const bool first = (head & touched_bit) == 0;
    head |= touched_bit;
    return first;
  }
  void untouch(std::uint32_t i) { head_of(i) &= ~touched_bit; }
  /// The same for rows that `updates` has yet to give.
  bool mark_unsent(std::uint32_t i) {
    auto& head = head_of(i);
    const bool first = (head & unsent_bit) == 0;
    head |= unsent_bit;
    return first;
  }
  void mark_sent(std::uint32_t i) { head_of(i) &= ~unsent_bit; }
  [[nodiscard]] bool is_unsent(std::uint32_t i) const { return (head(i) & unsent_bit) != 0; }
  void prefetch(std::uint32_t i) const { __builtin_prefetch(rows_.data() + i * stride_); }
  void prefetch_key(std::uint32_t i) const { __builtin_prefetch(keys_.data() + offset(i)); }

  /// Prefetches for a walk over rows `of` that has come to i: those that follow soon, wherever they lie;
  /// first the row, which says where its key is.
  void prefetch_ahead(rows of, std::size_t i) const {
    constexpr std::size_t rows_ahead = 16;
    constexpr std::size_t keys_ahead = 8;
    if (i + rows_ahead < of.size())
      prefetch(of[i + rows_ahead]);
    if (i + keys_ahead < of.size())
      prefetch_key(of[i + keys_ahead]);
  }

  void reserve(std::size_t rows, std::size_t key_bytes) {
    rows_.reserve(rows * stride_);
    keys_.reserve(key_bytes);
  }
  void clear();
  [[nodiscard]] const window::layout& layout() const { return *layout_; }
  [[nodiscard]] const layout_ptr& shared_layout() const { return layout_; }
  [[nodiscard]] std::size_t key_bytes() const { return keys_.size(); }
  [[nodiscard]] std::size_t used_bytes() const { return rows_.size() + keys_.size() + side_.byte_size(); }
  [[nodiscard]] std::size_t byte_size() const {
    return rows_.capacity() + keys_.capacity() + side_.byte_size();
  }

private:
  static constexpr std::uint64_t touched_bit = 1ULL << 63;
  static constexpr std::uint64_t unsent_bit = 1ULL << 62;

  std::uint64_t& head_of(std::uint32_t i) {
    return *reinterpret_cast<std::uint64_t*>(rows_.data() + i * stride_);
  }
  [[nodiscard]] std::uint64_t head(std::uint32_t i) const {
    std::uint64_t h;
    std::memcpy(&h, rows_.data() + i * stride_, sizeof h);
    return h;
  }
  [[nodiscard]] std::uint64_t offset(std::uint32_t i) const { return head(i) & ~(touched_bit | unsent_bit); }

  layout_ptr layout_;
  std::size_t stride_;
  std::size_t size_ = 0;
  buffer rows_;
  buffer keys_;
  mutable side_store side_;  // states refer to it, and are handed out to be changed
};

}  // namespace millrace::window
