// A chain holds the records of one actor in their order, in a store that fences older lives off. All that the
// actor has to find again stands there. Each life has one object; it belongs to one thread at a time, and
// every call blocks.
#pragma once

#include "runtime/base/error.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace millrace::chain {

/// Holds what counts: the newest base, and what was appended after it.
struct contents {
  std::string base;                     // empty: there is none yet
  std::vector<std::string> increments;  // oldest first
  std::uint64_t sequence = 0;           // the last record's number
  std::uint32_t passed_over = 0;        // damaged files that were left out
  /// Names the record that it ends with, where the one after that was damaged; none where nothing was lost.
  std::optional<std::uint64_t> fell_back_to;
};

/// Returns the records of `c`, oldest first: its base, where there is one, and the increments after it.
[[nodiscard]] inline std::vector<std::string> records_of(contents c) {
  auto records = std::move(c.increments);
  if (!c.base.empty())
    records.insert(records.begin(), std::move(c.base));
  return records;
}

/// Says what a new base would save.
struct weight {
  std::uint64_t base_bytes = 0;
  std::uint64_t increments_bytes = 0;  // bytes since the base, without second copies
  std::uint64_t increments = 0;        // records since the base, openings too
  std::uint64_t runs = 0;              // the runs that hold these
  bool is_base_due = false;            // there is but one generation left
};

class actor_chain {
public:
  virtual ~actor_chain() = default;

  /// Returns what its opening has read; later calls read again. ec::corrupt, with the remedy, where more is
  /// damaged than can be survived; ec::fenced when a higher life has opened.
  [[nodiscard]] virtual expected<contents> read() = 0;
  /// Appends a record, which counts (R3), and is durable, when the call returns its sequence number, which
  /// only rises. `twice`: it is kept in two copies. ec::fenced: a higher life is there, and this one is over.
  /// The record may be there after any other error; the next append voids it, and goes on under a raised
  /// count (R4).
  [[nodiscard]] virtual expected<std::uint64_t> append(std::string_view increment, bool twice) = 0;
  /// Appends what stands for all records so far, reads it back, and trims what lies before the previous base.
  /// False: not now, since an append has failed before. Errors as those of append().
  [[nodiscard]] virtual expected<bool> append_base(std::string_view base) = 0;
  [[nodiscard]] virtual chain::weight size() const = 0;
  /// Returns the bytes in the store.
  [[nodiscard]] virtual std::uint64_t bytes() const = 0;
};

}  // namespace millrace::chain
