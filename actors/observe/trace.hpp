// Follows one given record: which stages it goes through, which expression takes it out, in which windows it
// counts, and whether it would be late now. The steps are those of a lane, run on this one record. Pure.
#pragma once

#include "actors/observe/figures.hpp"
#include "actors/stream/source/written_record.hpp"
#include "config/plan.hpp"
#include "runtime/base/error.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::observe {

/// A partition on which a record of this time would be late if it came now.
struct late_partition {
  std::string name;
  event_time watermark;
  double late_seconds = 0;
  friend bool operator==(const late_partition&, const late_partition&) = default;
};
void members(auto& c, wire::like<late_partition> auto& p) {
  c("partition", "its name, as the source has it", p.name);
  c("watermark", "its watermark", p.watermark);
  c("late_seconds", "by how many seconds the record would be late", p.late_seconds);
}

/// The place of one row of the record in a window stage.
struct traced_row {
  api::json_object key;
  std::string shard;
  std::uint64_t windows = 0;
  std::uint64_t fired = 0;
  event_time first_start;
  event_time first_end;
  event_time last_end;
  event_time fires_at;
  std::vector<late_partition> late_on;
  bool is_late_everywhere = false;
  friend bool operator==(const traced_row&, const traced_row&) = default;
};
void members(auto& c, wire::like<traced_row> auto& r) {
  c("key", "the key, by column", r.key);
  c("shard", "the shard that has the key", r.shard);
  c("windows", "how many windows its time lies in; 1 for sessions and global windows", r.windows);
  c("fired", "how many of these have fired at the shard", r.fired);
  c("first_start",
    "the start of the first of them; for a session the time of the record; null: a global window",
    r.first_start);
  c("first_end", "the end of the first of them; null: sessions and global windows", r.first_end);
  c("last_end", "the end of the last of them; null: sessions and global windows", r.last_end);
  c("fires_at",
    "the watermark at which the first window that has not fired does; null: none, or rows come at ticks",
    r.fires_at);
  c("late_on", "the partitions, at most 20, on which the record would be late if it came now", r.late_on);
  c("late_everywhere", "whether it would be late on all partitions that are read", r.is_late_everywhere);
}

struct trace_step {
  std::string stage;
  std::string kind;
  std::string from;
  std::string code;
  std::string text;
  std::string expression;
  std::string error;
  std::uint64_t rows = 0;
  std::optional<api::json_object> row;
  std::vector<traced_row> windows;
  friend bool operator==(const trace_step&, const trace_step&) = default;
};
void members(auto& c, wire::like<trace_step> auto& s) {
  c("stage", "its name", s.stage);
  c("kind", "parser, transform, window or sink", s.kind);
  c("from", "the stage that its rows come from; WINDOW.late: they come as late rows", s.from);
  c("code",
    "parsed, blank, dead_letter, passed, filtered, counted, late, late_at_shard (its windows have fired) or "
    "given "
    "(to a sink)",
    s.code);
  c("text", "the same in words", s.text);
  c("expression", "the expression that filters it out", s.expression);
  c("error", "the error of the dead letter", s.error);
  c("rows", "how many rows go on", s.rows);
  c("row", "the first of them, with the columns that any stage reads; null: there is none", s.row);
  c("windows", "for a window: where the rows belong, at most 20", s.windows);
}

struct trace {
  std::string stage;
  event_time time;
  std::vector<trace_step> steps;
  std::string summary;
  std::vector<std::string> missing;
  friend bool operator==(const trace&, const trace&) = default;
};
void members(auto& c, wire::like<trace> auto& t) {
  c("stage", "the source or parser that was asked for", t.stage);
  c("time", "the record's event time; null: it has none", t.time);
  c("steps", "what each stage does with it, in the order of the data flow", t.steps);
  c("summary", "the answer in one sentence", t.summary);
  c("missing", "nodes that have actors of the topology and did not answer", t.missing);
}

/// The record that is asked about.
struct traced_record {
  source::written_record record;
  std::string partition;              // empty: it may be any
  std::optional<std::string> header;  // the line that names the columns of a CSV file
};
/// Reads {"record": TEXT, ...}, where a record that is JSON may stand as it is, or {"base64": TEXT, ...} of a record of bytes. User
/// errors name the member.
[[nodiscard]] expected<traced_record> read_traced_record(std::string_view json);

/// `stage` is a source, or a parser with one source. ec::not_found and ec::invalid_argument, with what was expected.
/// `now`: what the function now() gives.
[[nodiscard]] expected<trace> trace_of(const config::topology& t, const figures& f, const std::string& stage,
                                       const traced_record& r, event_micros now);

}  // namespace millrace::observe
