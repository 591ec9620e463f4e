// All the values of a group, for aggregates that need them: entries in the order of their bytes, equal ones
// counted. The aggregate gives an entry's bytes their meaning. A group that collects more than the limit
// keeps only the fact, in any order of the entries.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace millrace::window {

class collection {
public:
  struct entry {
    std::string bytes;
    std::uint32_t value_at = 0;  // where in them the value begins, after what it is ordered by
    std::uint64_t count = 1;
  };
  /// Bounds the distinct entries, with entry_bytes for each; 147,000 different numbers fit.
  static constexpr std::size_t most_bytes = std::size_t{8} << 20;
  static constexpr std::size_t entry_bytes = sizeof(entry);

  void add(entry e);
  void merge(const collection& other);
  /// Takes out what merge() has added; none of the two has overflowed, nor changed in between.
  void unmerge(collection& other);
  /// Returns whether there were too many.
  [[nodiscard]] bool overflowed();
  void overflow();
  [[nodiscard]] bool empty() const { return !overflowed_ && entries_.empty(); }
  /// Returns the entries, ascending, each once; none after an overflow.
  [[nodiscard]] const std::vector<entry>& sorted();
  [[nodiscard]] std::size_t byte_size() const {
    return bytes_ + (entries_.capacity() - entries_.size()) * entry_bytes;
  }

private:
  void settle();

  std::vector<entry> entries_;  // sorted up to ordered_
  std::size_t ordered_ = 0;
  std::size_t bytes_ = 0;  // bytes of entries_
  bool overflowed_ = false;
};

}  // namespace millrace::window
