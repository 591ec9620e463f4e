// Holds what a fixed-width state row cannot: long accumulators, texts (of min, max, first and last), sets of
// distinct values and collections of all values. A state row refers to them by index, from 1; 0 is none.
// Belongs to the rows beside which it lies.
#pragma once

#include "runtime/window/collection.hpp"

#include <array>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace millrace::window {

/// All that doubles can sum up to: bit 0 weighs 2^-1106, which is 32 bits below the smallest double (so that
/// common magnitudes share a limb), and 64 bits above the largest one are left for carries.
struct wide_sum {
  static constexpr std::size_t size = 35;
  std::array<std::uint64_t, size> limbs{};  // two's complement, least significant first
  std::uint64_t nans = 0;
  std::uint64_t positive_infinities = 0;
  std::uint64_t negative_infinities = 0;
};

class side_store {
public:
  [[nodiscard]] std::uint32_t add_wide() {
    wides_.emplace_back();
    return static_cast<std::uint32_t>(wides_.size());
  }
  [[nodiscard]] wide_sum& wide(std::uint32_t i) { return wides_[i - 1]; }
  [[nodiscard]] const wide_sum& wide(std::uint32_t i) const { return wides_[i - 1]; }

  /// `text` may lie in this store.
  [[nodiscard]] std::uint32_t add_text(std::string_view text) {
    text_bytes_ += text.size();
    texts_.push_back(std::string(text));
    return static_cast<std::uint32_t>(texts_.size());
  }
  void set_text(std::uint32_t i, std::string_view text) {
    text_bytes_ += text.size() - texts_[i - 1].size();
    texts_[i - 1].assign(text);
  }
  [[nodiscard]] std::string_view text(std::uint32_t i) const { return texts_[i - 1]; }

  /// Sets of encoded values (data/key_encoding.hpp), with how often each was inserted.
  using value_set = std::unordered_map<std::string, std::uint64_t>;
  [[nodiscard]] std::uint32_t add_set() {
    sets_.emplace_back();
    return static_cast<std::uint32_t>(sets_.size());
  }
  [[nodiscard]] const value_set& set(std::uint32_t i) const { return sets_[i - 1]; }
  void insert(std::uint32_t i, const std::string& value) {
    const auto [at, fresh] = sets_[i - 1].try_emplace(value, 0);
    ++at->second;
    if (fresh)
      set_bytes_ += value.size() + entry_bytes;
  }
  /// Undoes one insert().
  void take_out(std::uint32_t i, const std::string& value) {
    auto& set = sets_[i - 1];
    const auto at = set.find(value);
    assert(at != set.end());
    if (--at->second != 0)
      return;
    set_bytes_ -= value.size() + entry_bytes;
    set.erase(at);
  }
  void clear_set(std::uint32_t i) {
    for (const auto& [value, times] : sets_[i - 1])
      set_bytes_ -= value.size() + entry_bytes;
    sets_[i - 1].clear();
  }

  [[nodiscard]] std::uint32_t add_collection() {
    collections_.emplace_back();
    return static_cast<std::uint32_t>(collections_.size());
  }
  /// Valid until the next add_collection().
  [[nodiscard]] const collection& collected(std::uint32_t i) const { return collections_[i - 1]; }
  /// Changes a collection by f(it).
  template<class F>
  void change(std::uint32_t i, F&& f) {
    auto& c = collections_[i - 1];
    collected_bytes_ -= c.byte_size();
    f(c);
    collected_bytes_ += c.byte_size();
  }

  void clear() {
    wides_.clear();
    texts_.clear();
    text_bytes_ = 0;
    sets_.clear();
    set_bytes_ = 0;
    collections_.clear();
    collected_bytes_ = 0;
  }
  [[nodiscard]] std::size_t byte_size() const {
    return wides_.capacity() * sizeof(wide_sum) + texts_.capacity() * sizeof(std::string) + text_bytes_ +
           sets_.capacity() * sizeof(value_set) + set_bytes_ + collections_.capacity() * sizeof(collection) +
           collected_bytes_;
  }

private:
  static constexpr std::size_t entry_bytes =
      sizeof(value_set::value_type) + 3 * sizeof(void*);  // the cost of an element of a set, about

  std::vector<wide_sum> wides_;
  std::vector<std::string> texts_;
  std::size_t text_bytes_ = 0;
  std::vector<value_set> sets_;
  std::size_t set_bytes_ = 0;
  std::vector<collection> collections_;
  std::size_t collected_bytes_ = 0;
};

}  // namespace millrace::window
