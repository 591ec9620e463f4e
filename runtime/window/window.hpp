// Event-time windows, pure: what a window stage computes, what a record adds to (slices), and partial
// aggregates on the edge from lane to shard. A shard's windows stand in shard_windows.hpp. No I/O, no clock,
// no CAF.
//
// A sliding window is the union of slices as long as the slide; a tumbling one has a single slice. Slices of
// a zone are as long as its clocks have them (slices.hpp). A slice's
// partial aggregates are kept apart by the first window end that they may count for (eligible-from), because
// a record may be late for its first window and not for a later one (docs/design/windows.md; the tests' rule
// `eligible`). Late, by the lane, against the watermark of the record's own partition just before it: the
// last window's end plus allowed_lateness is at or below it.
//
// A session is formed by the shard from single times: records of a key that are less than `gap` apart. A
// record's span is [time, time + gap), as far as it lies above its partition's watermark (less
// allowed_lateness). Spans that overlap are one session, and a record without one is late. So none can touch a
// session that has fired. A global window has one slice that ends with time itself.
#pragma once

#include "runtime/base/ids.hpp"
#include "runtime/base/time.hpp"
#include "runtime/data/batch.hpp"
#include "runtime/expression/expression.hpp"
#include "runtime/window/hot_keys.hpp"

#include <algorithm>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::expression {
class zone;
}

namespace millrace::window {

/// An item of an aggregate's `order by`, or the column beside its argument.
struct ordering {
  data::type type;
  bool descending = false;
  bool nulls_first = false;
};

struct aggregate {
  expression::aggregate_function function{};
  data::type argument;  // unused by count(*)
  data::type result;
  std::vector<ordering>
      order{};            // the order of array_agg, string_agg; a percentile's is its argument's; x of a pair
  bool distinct = false;  // used by array_agg, string_agg, sum, avg, variances, bit_xor
  std::string delimiter{};  // used by string_agg
  double fraction = 0;      // used by percentiles
  std::string stands_in{};  // the column or option whose it is, for messages
  /// Set in a join: it collects the rows of a side, with these columns; `function` and `argument` are unused.
  std::optional<std::vector<data::field>> row{};
};

/// Which rows a join gives without a partner; `anti`: those of the left side, and no pairs.
enum class join_kind : std::uint8_t { inner, left, right, full, anti };
inline constexpr std::string_view join_kinds[] = {"inner", "left", "right", "full", "anti"};
[[nodiscard]] constexpr std::string_view to_string(join_kind k) {
  return join_kinds[static_cast<std::size_t>(k)];
}
struct joining {
  join_kind how = join_kind::inner;
  std::uint64_t max_pairs = 0;  // of a key in a window; in an interval join of a left row
  /// An interval join pairs a left row with the right ones of [time - before, time + after]; one may be negative.
  micros before{0}, after{0};
  /// As of a time: a left row meets the newest right one at or before it, however old that is. `before` is then how far a
  /// right row may lie behind its partition's mark and still count; `after` is 0.
  bool newest = false;
  bool deletes =
      false;  // newest: the argument of the right side's rows tells which say that their key is gone
  /// Dedup: it has a left side alone, and the right rows are those that have come out: a row comes out where it meets none,
  /// of several at one time the first. `how` is anti, `before` a microsecond less than the time to live; nulls are keys.
  bool first = false;

  /// How much later than its time a left row fires, so that every right row in its reach has come.
  [[nodiscard]] micros waits() const { return std::max(micros{0}, after); }
};

/// An interval join has a window of a microsecond for each time of a left row.
enum class shape : std::uint8_t { aligned, session, global, interval };

/// A validated window stage.
struct definition {
  shape kind = shape::aligned;
  micros
      size{};  // aligned: both positive; size is a multiple of slide (tumbling: equal); interval: both 1 us
  micros slide{};
  /// Aligned: a slice begins here, and others whole slides before and after. Since 1970, of UTC or by the
  /// clocks of the zone.
  micros anchor{};
  const expression::zone* zone = nullptr;  // aligned: by whose clocks size and slide are; null: elapsed time
  micros gap{};                            // session: positive
  bool bounded = true;   // false: window_start and window_end are null (global, also where it has sessions)
  bool updates = false;  // rows are asked for by changes(), not fired
  micros allowed_lateness{0};  // interval: with joining::waits()
  std::vector<data::field> keys;
  std::vector<data::field> aggregate_fields;  // names and result types, in declared order
  /// The aggregates of a group's records: one a field, then the extra ones of `having`; where there are
  /// formulas, in any order.
  std::vector<aggregate> aggregates;
  /// Empty, or one a field: its value, over group_columns() and then all aggregates.
  std::vector<expression::bound> formulas;
  std::optional<expression::bound> having;  // reads output columns, then aggregates from first_hidden() on
  /// Set: the window joins two sides, or is a dedup. Its aggregates are the rows of the left one and those of the right
  /// one; the fields are the columns of both.
  std::optional<joining> join;
  std::uint32_t shards = 1;
  data::schema_ptr output;  // keys, aggregates, window_start, window_end

  /// Columns of a group that formulas may name: the keys, window_start, window_end.
  [[nodiscard]] std::size_t group_columns() const { return keys.size() + 2; }
  /// Returns whether changes() may take rows back: those of sessions that have grown or grown together, and those
  /// that `having` no longer lets through.
  [[nodiscard]] bool takes_back() const { return updates && (kind == shape::session || having.has_value()); }
  [[nodiscard]] std::size_t first_hidden() const { return formulas.empty() ? aggregate_fields.size() : 0; }
};

/// The column behind those of `output` in the rows of changes(), where takes_back(): true for a row that holds no
/// more. Such a row has its key and its bounds, and null for the rest.
inline constexpr std::string_view removed_column = "_removed";

/// Returns whether the columns of an aggregate's `order` are part of its input, as x of a pair is; those of a
/// percentile are its argument.
[[nodiscard]] inline bool reads_order(expression::aggregate_function f) {
  return f == expression::aggregate_function::array_agg || f == expression::aggregate_function::string_agg ||
         expression::takes_pairs(f);
}
/// Returns whether a row of the window may fail when it is formed: an overflow, a formula, `having`.
[[nodiscard]] bool can_fail(const definition& d);

/// The slice of a record and the first window end it counts for; nothing when the record is late.
struct slice_key {
  event_micros slice =
      0;  // start of the slice, a multiple of slide; of a session, an interval: the record's time
  event_micros eligible = 0;  // end of the first window; of a session: where the record's span begins
  friend auto operator<=>(const slice_key&, const slice_key&) = default;
};
/// `side`: the row's, in a join (0 left, 1 right).
[[nodiscard]] std::optional<slice_key> assign(const definition& d, event_micros time, event_micros watermark,
                                              std::size_t side = 0);

/// Returns whether the start and end of every window that a record of this time may be in are timestamps.
[[nodiscard]] bool is_held(const definition& d, event_micros time);
/// Returns whether it holds of all these times; quicker than to ask for each.
[[nodiscard]] bool are_held(const definition& d, std::span<const event_micros> times);

/// The rows that a lane adds from one batch of one partition, in log order; all columns are equally long.
struct input {
  std::span<const data::column_ptr> keys;       // sorted as the definition has them
  std::span<const data::column_ptr> arguments;  // one an aggregate; null pointer for count(*)
  std::span<const data::column_ptr> filters;    // one an aggregate: boolean, or null pointer for none
  std::span<const event_micros> times;          // event time of each row
  std::span<const event_micros> watermarks;     // each row's partition's, just before the row
  // The places of the rows; only if the definition reads_places().
  std::span<const position> positions = {};
  std::string_view log = {};
  /// Takes the place of `log`, one for each row: downstream of another window, whose shards must not
  /// matter.
  std::span<const std::string_view> logs = {};
  /// One an aggregate: the columns of its `order by`, x of a pair, or those of a join's rows; empty where no aggregate
  /// has one.
  std::span<const std::vector<data::column_ptr>> orders = {};
  /// Set in a join: the aggregate, which is the side, that gets the rows; none: all do.
  std::optional<std::size_t> side = std::nullopt;
};
/// Returns whether an aggregate goes by the places of records (first, last, array_agg, string_agg).
[[nodiscard]] bool reads_places(const definition& d);

/// Partial aggregates of one frame for one shard. Immutable; a shard merges them.
class partials;
using partials_ptr = std::shared_ptr<const partials>;
[[nodiscard]] std::size_t byte_size(const partials& p);
[[nodiscard]] std::uint64_t records_in(const partials& p);

/// Selects this shard alone, for partials_builder.
[[nodiscard]] inline std::vector<bool> only_shard(std::uint32_t shard, std::uint32_t shards) {
  std::vector<bool> only(shards);
  only.at(shard) = true;
  return only;
}

/// Collects what lies in one frame, by shard. Belongs to one lane.
class partials_builder {
public:
  /// `only`, by shard: keeps the rows of these alone (a catch-up reader's). Empty: of all.
  explicit partials_builder(const definition& d, std::vector<bool> only = {});
  ~partials_builder();
  partials_builder(partials_builder&&) noexcept;
  partials_builder& operator=(partials_builder&&) noexcept;

  /// Appends the indices of late rows to `late` (for any `only`: late rows have no shard).
  void add(const input& in, std::vector<std::uint32_t>& late);
  /// Bytes gathered so far, about.
  [[nodiscard]] std::size_t byte_size() const;
  [[nodiscard]] bool empty() const;
  /// The key that has most records in one slice so far, with those of all; none where records were not grouped.
  [[nodiscard]] largest_key largest() const;
  /// One a shard, null pointer where nothing was added. The builder is empty afterwards.
  [[nodiscard]] std::vector<partials_ptr> finish();

private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

}  // namespace millrace::window
