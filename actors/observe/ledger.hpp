// The equation of each stage: what came in went on, was filtered, came late or is a dead letter. Made of a report. Pure.
#pragma once

#include "actors/api/described.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::observe {

using api::json_of;
using api::read_json;

struct ledger_entry {
  std::string stage;
  std::uint64_t in = 0;
  std::uint64_t out = 0;
  std::uint64_t filtered = 0;
  std::uint64_t late = 0;
  std::uint64_t dead_letters = 0;
  std::uint64_t in_flight = 0;
  bool holds = true;
  friend bool operator==(const ledger_entry&, const ledger_entry&) = default;
};
void members(auto& c, wire::like<ledger_entry> auto& e) {
  c("stage", "its name", e.stage);
  c("in", "records or rows that it took", e.in);
  c("out", "that went on", e.out);
  c("filtered", "that its `where` turned down", e.filtered);
  c("late", "that came after their windows had fired", e.late);
  c("dead_letters", "that it could not take", e.dead_letters);
  c("in_flight", "taken and not yet settled; 0 after the end", e.in_flight);
  c("holds", "in = out + filtered + late + dead_letters + in_flight, with nothing in flight after the end",
    e.holds);
}

struct whole_ledger {
  std::string topology;
  bool is_over = false;
  bool holds = true;
  std::vector<ledger_entry> stages;
  friend bool operator==(const whole_ledger&, const whole_ledger&) = default;
};
void members(auto& c, wire::like<whole_ledger> auto& l) {
  c("topology", "its name", l.topology);
  c("ended", "the topology has come to its end", l.is_over);
  c("holds", "the equation of every stage holds", l.holds);
  c("stages", "in data-flow order", l.stages);
}

/// `report`: as `run --report` writes it. Nothing where it is no such text.
[[nodiscard]] std::optional<whole_ledger> ledger_of(std::string_view report);

}  // namespace millrace::observe
