// Sums a run up in four numbers: for its last line, and for --fail-on. Counted is a job: everything
// since the state began or, where a bounded topology had ended and got more, since then; a job that
// was killed and resumed is one job. Pure.
#pragma once

#include "config/plan.hpp"
#include "runtime/messages/messages.hpp"

#include <boost/json/object.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace millrace::cli {

struct job_counts {
  std::uint64_t read = 0;          // records of all sources, without blank lines
  std::uint64_t rows_out = 0;      // rows of all sinks, dead letters apart
  std::uint64_t late = 0;          // late records of all windows, also at their shards
  std::uint64_t dead_letters = 0;  // records and rows
  friend bool operator==(const job_counts&, const job_counts&) = default;
};
[[nodiscard]] job_counts operator-(const job_counts& a, const job_counts& b);

/// All that the state has counted.
[[nodiscard]] job_counts counts_of(const config::topology& t,
                                   const std::vector<messages::report_part>& parts);

/// The state keeps it once a topology has ended, and that was told.
struct told_end {
  job_counts all;              // counts since the state began
  job_counts last;             // counts of the job that has ended
  std::uint64_t run = 0;       // the number of its run
  std::uint64_t replayed = 0;  // the batches of replayed records that it has taken in
};
[[nodiscard]] std::string encode(const told_end& e);
[[nodiscard]] expected<told_end> decode_told_end(std::string_view text);

/// "9,000 records read, 12 rows out, none late, 8,988 dead letters in DIR/dead_letters.jsonl". A topology without windows has no late
/// records to tell of.
[[nodiscard]] std::string describe(const config::topology& t, const job_counts& c,
                                   const std::string& letters_lie_in);
[[nodiscard]] boost::json::object members(const job_counts& c, const std::string& letters_lie_in);

/// One rule of --fail-on: more than `percent` of the records read, without it any; or none read (`empty`), by the job or,
/// where that had ended before, by the run that found no more.
struct fail_rule {
  enum class what : std::uint8_t { dead_letters, late, empty } of = what::dead_letters;
  double percent = 0;
  std::string text{};  // the rule as it was given
};
/// "dead_letters", "late=0.5%", "empty", several in one with commas.
[[nodiscard]] expected<std::vector<fail_rule>> parse_fail_on(const std::vector<std::string>& given);
/// Returns why the job fails by these rules; no value where it does not. `had_ended`: the run has found nothing more to do.
[[nodiscard]] std::optional<std::string> failure_by(const std::vector<fail_rule>& rules, const job_counts& c,
                                                    const std::string& letters_lie_in, bool had_ended);

}  // namespace millrace::cli
