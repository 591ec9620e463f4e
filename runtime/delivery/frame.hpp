// The frames that travel on edges. A lane frame covers positions [from, to) of one source partition under a fence; an
// output frame covers the rows of a shard's windows in (since, reached]. Both are values that share immutable
// payloads by pointer; the pure cores beside this file decide what to do with them, actors and tests carry
// them.
#pragma once

#include "runtime/base/attempt.hpp"
#include "runtime/base/life.hpp"
#include "runtime/data/batch.hpp"

#include <compare>
#include <cstdint>
#include <memory>
#include <string>
#include <variant>
#include <vector>

namespace millrace::window {
class partials;
}

namespace millrace::delivery {

/// The answer to "what is your vector for this log?" is the fence: frames carry it, and what is stamped with
/// an older one is dropped. The receiver's life is part of it, so no fence is used twice.
struct fence {
  millrace::life life;
  std::uint64_t number = 0;
  friend auto operator<=>(const fence&, const fence&) = default;
};

struct answer {
  fence stamp;
  mark have;  // the receiver's entry for the log: where to go on, and the watermark there
};

/// A record or row that could not be processed, kept whole.
struct dead_letter {
  std::string stage;
  std::string partition;  // the source's own name of it, or "WINDOW/GENERATION/SHARD"
  position at{};
  std::string error;
  std::string record;  // bytes as they came, or the row as JSON
};

/// Partial aggregates, for a shard.
using partials_ptr = std::shared_ptr<const window::partials>;
/// Rows, for a sink that stands directly downstream of a lane; under the schema of the sink's rows.
using row_batches = std::vector<data::batch>;
using rows_ptr = std::shared_ptr<const row_batches>;
using dead_letters = std::vector<dead_letter>;
using letters_ptr = std::shared_ptr<const dead_letters>;
/// A lane frame carries this beside its positions. Each edge carries one kind.
using content = std::variant<std::monostate, partials_ptr, rows_ptr, letters_ptr>;

[[nodiscard]] std::size_t byte_size(const row_batches& rows);
[[nodiscard]] std::size_t byte_size(const dead_letters& letters);

/// The conservation counters of one stage: in = out + filtered + late + dead (docs/design/ledger.md).
struct stage_counts {
  std::uint64_t in = 0;
  std::uint64_t out = 0;
  std::uint64_t filtered = 0;
  std::uint64_t late = 0;
  std::uint64_t dead = 0;
  friend bool operator==(const stage_counts&, const stage_counts&) = default;
  stage_counts& operator+=(const stage_counts& o);
};
/// Counts what happened at a stage in a frame's positions. The stage stands by its name, or by an entry of the
/// ledger beside those (ledger.hpp): sender and receiver may have topologies of different ages.
struct counted {
  std::string stage;
  stage_counts counts;
};

struct lane_frame {
  log_id log;
  fence stamp;
  position from{};
  position to{};
  event_micros watermark = no_watermark;  // the watermark at `to`
  bool idle = false;                      // from == to: no record has come for the idle time-out
  delivery::content content = {};         // monostate: progress alone
  std::vector<counted> counts;
  std::size_t bytes = 0;  // the credit that it uses
  /// Returns false for a frame of progress alone.
  [[nodiscard]] bool has_content() const { return !std::holds_alternative<std::monostate>(content); }
};

/// Names the records of the frame.
[[nodiscard]] inline attempt records_of(const lane_frame& f) { return {f.log, f.from, f.to}; }

/// The rows of a whole window, the latest of those in one list; or where they begin among the rows of a frame.
struct window_rows {
  event_micros end = 0;
  data::batch_ptr rows;  // some
};
struct window_start {
  event_micros end = 0;
  std::uint32_t first = 0;
  friend bool operator==(const window_start&, const window_start&) = default;
};

/// Rows [begin, end) of a batch, which is a window's, a part of one that begins at its row `base`, or that of several
/// windows, each whole.
struct output_frame {
  log_id log;
  position since{};  // everything up to here was sent before
  /// Everything up to here has now been sent; ordinal `whole`: the window and all before it.
  position reached{};
  data::batch_ptr rows;  // null: progress alone
  std::uint32_t begin = 0;
  std::uint32_t end = 0;
  std::uint32_t base = 0;
  /// Of several windows: where each begins, counted as base + i; both ascend, and the last one ends at `reached`. Empty: all
  /// rows are of the window that ends there.
  std::vector<window_start> windows;
  /// Holds the rows of that window that could not be formed; each `at` lies in the frame.
  std::vector<dead_letter> failed;
  [[nodiscard]] std::size_t byte_size() const;
  /// Row i of the batch.
  [[nodiscard]] position position_of(std::uint32_t i) const;
  /// Rows or failures; without, it is progress alone and needs no credit.
  [[nodiscard]] bool has_content() const { return begin < end || !failed.empty(); }
  /// Drops the rows and failures that stand at or below `at`: frames may be cut anywhere.
  void cut_to_new(position at);
};
/// Names the rows of the frame by their positions.
[[nodiscard]] inline attempt records_of(const output_frame& f) {
  return {f.log, f.since, f.reached, f.end - f.begin};
}
using output_ptr = std::shared_ptr<const output_frame>;

/// A frame whose rows are of one window has them for itself; one with several is cut into such.
[[nodiscard]] std::vector<output_frame> cut_by_window(output_frame f);

/// The event time of a row, for windows downstream: the last microsecond of its window.
[[nodiscard]] constexpr event_micros event_time_at(position row) { return row.major - 1; }

/// Returns the watermark of a shard's output at one of its positions, for a window downstream of it: rows
/// after a whole window lie at its end or above, and while a window is still coming, at its last microsecond.
[[nodiscard]] constexpr event_micros watermark_at(position output) {
  return output.minor == whole ? output.major : output.major - 1;
}

}  // namespace millrace::delivery
