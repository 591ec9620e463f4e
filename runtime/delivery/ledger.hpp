// The ledger: counters by stage that are part of a receiver's state, so that a replay counts nothing twice.
#pragma once

#include "runtime/base/error.hpp"
#include "runtime/delivery/frame.hpp"
#include "runtime/wire/bytes.hpp"

#include <map>
#include <vector>

namespace millrace::delivery {

/// Keys in a ledger beside the stages' own, for the rows that a window gave where its own entry is about the
/// records that it took: rows that could not be formed, and what its output columns made of the others.
[[nodiscard]] constexpr std::uint32_t unformed_rows_of(std::uint32_t window) { return window | 1U << 30; }
[[nodiscard]] constexpr std::uint32_t output_columns_of(std::uint32_t window) { return window | 1U << 31; }

/// By stage index in the topology.
class ledger {
public:
  void add(const std::vector<counted>& counts) {
    for (const auto& c : counts)
      by_stage_[c.stage] += c.counts;
  }
  void add(const ledger& other) {
    for (const auto& [stage, counts] : other.by_stage_)
      by_stage_[stage] += counts;
  }
  [[nodiscard]] stage_counts& operator[](std::uint32_t stage) { return by_stage_[stage]; }
  [[nodiscard]] const std::map<std::uint32_t, stage_counts>& stages() const { return by_stage_; }

  void encode(wire::writer& out) const;
  [[nodiscard]] expected<void> decode(wire::reader& in);

private:
  std::map<std::uint32_t, stage_counts> by_stage_;
};

}  // namespace millrace::delivery
