// The simulated process gets these instead of the real things: its topology without a file of the user's, a
// wall clock that jumps, a parser that a record can break.
#pragma once

#include "actors/deployment/pipeline.hpp"
#include "tests/simulation/scenario.hpp"

#include <caf/scheduler/test_coordinator.hpp>

#include <memory>

namespace millrace::simulation {

/// Throws where the topology of the scenario is refused: that is a bug of the generator.
[[nodiscard]] std::shared_ptr<const config::topology> plan(const scenario& s);

class simulated_clock final : public wall_clock {
public:
  explicit simulated_clock(caf::scheduler::test_coordinator& scheduler) : scheduler_(scheduler) {}
  [[nodiscard]] event_micros now() const override;
  event_micros jumped = 0;

private:
  caf::scheduler::test_coordinator& scheduler_;
};

/// A parser that fails on some records, as by a bug.
[[nodiscard]] std::unique_ptr<parser::record_parser> poisoned(std::unique_ptr<parser::record_parser> real);

}  // namespace millrace::simulation
