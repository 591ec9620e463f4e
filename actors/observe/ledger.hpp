// The equation of each stage: what came in went on, was filtered, came late or is a dead letter. Made of a report. Pure.
#pragma once

#include "actors/observe/figures.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
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
  std::optional<bool> holds = true;
  friend bool operator==(const ledger_entry&, const ledger_entry&) = default;
};
void members(auto& c, wire::like<ledger_entry> auto& e) {
  c("stage", "its name", e.stage);
  c("in",
    "records or rows that it took, and those that were sent to it and are still on their way, or are lost",
    e.in);
  c("out", "how many went on", e.out);
  c("filtered",
    "how many its `where` filtered out; for a parser: blank lines, and records without a value that "
    "`on_null` skips",
    e.filtered);
  c("late", "how many came after their windows had fired", e.late);
  c("dead_letters", "how many became dead letters", e.dead_letters);
  c("in_flight", "how many were sent to it and not yet taken, by the counts of both; 0 after the end",
    e.in_flight);
  c("holds",
    "whether in = out + filtered + late + dead_letters + in_flight, with nothing in flight after the end; "
    "null: incomplete",
    e.holds);
}

struct whole_ledger {
  std::string topology;
  bool is_over = false;
  std::optional<bool> holds = true;
  std::vector<std::string> incomplete;
  std::vector<ledger_entry> stages;
  friend bool operator==(const whole_ledger&, const whole_ledger&) = default;
};
void members(auto& c, wire::like<whole_ledger> auto& l) {
  c("topology", "its name", l.topology);
  c("ended", "whether the topology has ended", l.is_over);
  c("holds", "whether the equation of every stage holds; null: counts are missing", l.holds);
  c("incomplete", "who did not answer: \"node b did not answer\"", l.incomplete);
  c("stages", "the stages in data-flow order", l.stages);
}

/// "the equation of every stage holds", "the equation of a stage does not hold", or "incomplete: ...".
[[nodiscard]] std::string verdict_of(const whole_ledger& l);
/// "of 20 rows that it was given 5 are lost", by the stages whose equation does not hold. Empty where counts are missing.
[[nodiscard]] std::vector<std::pair<std::string, std::string>> imbalances_of(const whole_ledger& l);

/// `report`: as `run --report` writes it. No value where it is no such text.
[[nodiscard]] std::optional<whole_ledger> ledger_of(std::string_view report);
/// The counts of a topology that is over, by stage. Empty where it is no such text.
[[nodiscard]] std::map<std::string, count_figures> counted_by(std::string_view report);

}  // namespace millrace::observe
