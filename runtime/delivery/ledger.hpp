// The ledger: counters by stage that are part of a receiver's state, so that a replay counts nothing twice.
// Entries go by name, so that a topology with other stages beside these shifts none of them.
#pragma once

#include "runtime/base/error.hpp"
#include "runtime/delivery/frame.hpp"
#include "runtime/wire/bytes.hpp"

#include <functional>
#include <map>
#include <string>
#include <vector>

namespace millrace::delivery {

/// Entries in a ledger beside the stages' own: no stage has a dot in its name. A window's own entry is about
/// the records that it took; rows that could not be formed have one, and what its output columns made of the
/// others. A select that unnests has one for the rows that it gave, since its own is about those that it
/// took. A sink, and a window that reads windows, have two: of the rows that were given to them, counted where they come
/// from, and of those that they took, before any step of theirs.
[[nodiscard]] inline std::string unformed_rows_of(const std::string& window) { return window + ".unformed"; }
[[nodiscard]] inline std::string output_columns_of(const std::string& window) { return window + ".columns"; }
[[nodiscard]] inline std::string late_rows_of(const std::string& join, std::string_view side) {
  return join + ".late_" + std::string(side);
}
[[nodiscard]] inline std::string unnested_rows_of(const std::string& select) { return select + ".unnested"; }
[[nodiscard]] inline std::string given_to(const std::string& receiver) { return receiver + ".given"; }
[[nodiscard]] inline std::string taken_by(const std::string& receiver) { return receiver + ".taken"; }

class ledger {
public:
  /// The key is the name of a stage, or an entry beside those.
  using entries = std::map<std::string, stage_counts, std::less<>>;

  void add(const std::vector<counted>& counts) {
    for (const auto& c : counts)
      by_stage_[c.stage] += c.counts;
  }
  void add(const ledger& other) {
    for (const auto& [stage, counts] : other.by_stage_)
      by_stage_[stage] += counts;
  }
  [[nodiscard]] stage_counts& operator[](const std::string& stage) { return by_stage_[stage]; }
  void forget(const std::string& stage) { by_stage_.erase(stage); }
  /// Returns zeros where nothing was counted.
  [[nodiscard]] stage_counts of(std::string_view stage) const {
    const auto at = by_stage_.find(stage);
    return at == by_stage_.end() ? stage_counts{} : at->second;
  }
  [[nodiscard]] const entries& stages() const { return by_stage_; }

  void encode(wire::writer& out) const;
  [[nodiscard]] expected<void> decode(wire::reader& in);

private:
  entries by_stage_;
};

}  // namespace millrace::delivery
