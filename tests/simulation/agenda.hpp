// Tells which of a scenario's faults are due: at a step, or some steps after something has happened.
#pragma once

#include "tests/simulation/scenario.hpp"

#include <optional>
#include <string>
#include <vector>

namespace millrace::simulation {

/// The actor that a fault is for, of these: of all where its group has none.
[[nodiscard]] const std::string& chosen(const std::vector<std::string>& actors, const fault& f);

class agenda {
public:
  explicit agenda(const std::vector<fault>& faults);

  /// Counts for those who wait for it and whose step has come.
  void happened(fault::moment what, std::uint64_t step);
  [[nodiscard]] bool waits_for(fault::moment what, std::uint64_t step) const;
  /// The next one that is due, which leaves the agenda.
  [[nodiscard]] std::optional<fault> take(std::uint64_t step);

private:
  struct entry {
    fault what;
    std::optional<std::uint64_t> due;
  };
  std::vector<entry> entries_;
};

}  // namespace millrace::simulation
