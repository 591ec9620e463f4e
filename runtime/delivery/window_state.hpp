// The state of a shard's windows, as the protocol calls it: shard_core owns one, feeds it frames, takes the
// rows of its windows and makes it part of captures. window::shard_windows implements it for windows of all
// shapes; the tests of the protocol have simpler ones.
#pragma once

#include "runtime/base/error.hpp"
#include "runtime/delivery/frame.hpp"
#include "runtime/delivery/ledger.hpp"
#include "runtime/wire/bytes.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::delivery {

/// A row that could not be formed (sum beyond bigint).
struct failed_row {
  std::string record;  // its columns as JSON
  std::string error;
};

/// The rows of one window end of one shard, in key order (encoded keys, data/key_encoding.hpp), after
/// `having`.
struct fired_window {
  event_micros end = 0;
  data::batch_ptr rows;  // rows of the window's output schema
  std::vector<failed_row> failed;
};

/// Says how much a state holds now, for gauges.
struct window_size {
  std::size_t windows = 0;  // open
  std::size_t keys = 0;     // entries over all windows or slices
  std::size_t bytes = 0;    // held in memory, about
};

/// Holds the windows of one key that have not fired, as they stand.
struct open_windows {
  data::batch_ptr rows;            // rows in order of window end and start, before `having`; as those of
                                   // fired_window
  std::vector<bool> passing;       // one a row: `having` lets it pass as it stands
  std::vector<failed_row> failed;  // rows that cannot be represented; they are not in `rows`
  bool are_all = true;             // false: there are more than were asked for
};

/// State is a function of what was absorbed, in any order.
class window_state {
public:
  virtual ~window_state() = default;

  /// Adds a frame's content. Windows with end + allowed_lateness <= fired have fired: what counts for them
  /// has come too late (possible after a firing that left an idle partition out) and is not added to them.
  /// Returns how many records so missed every window.
  virtual std::uint64_t absorb(const lane_frame& frame, event_micros fired) = 0;
  /// Adds the rows of an upstream window, as far as they are this shard's; returns what absorb() returns.
  /// The fate of rows on the way is counted in `counts`, by one shard for each log.
  virtual std::uint64_t absorb_rows(const output_frame& rows, event_micros fired, ledger& counts) = 0;
  /// Gives the first of the windows with fired < end + allowed_lateness <= watermark that have rows, and
  /// moves `fired` on to where it has fired; no value, and `fired` is the watermark, when there is none. A
  /// watermark of end_of_time fires all. Windows fire one by one, since the rows of many may have no room at
  /// once. Drops what no later window needs. It gives no window with `updates`: changed rows are kept until
  /// changes() has given it.
  virtual std::optional<fired_window> fire_next(event_micros& fired, event_micros watermark) = 0;
  /// Takes a turn of a tick of `updates`. Appends the next of the rows that have changed since the last tick,
  /// in order of window end, window start and key (the `end` of what is appended is left 0); none where none
  /// has changed. A turn stops when it has looked at about so many keys. False: more follows by the next
  /// call. The state stays what it was before the tick, also in captures, and no input may be absorbed or
  /// fired, until a call returns true.
  virtual bool changes(std::size_t turn, std::vector<fired_window>& into) = 0;

  /// Appends all state; and what changed since the last capture of either kind.
  virtual void capture_all(wire::writer& out) = 0;
  virtual void capture_changes(wire::writer& out) = 0;
  /// Applies bytes of capture_all (to an empty state) or capture_changes (in order).
  [[nodiscard]] virtual expected<void> apply(wire::reader& in) = 0;

  [[nodiscard]] virtual window_size size() const = 0;
  /// The end of the first window that is open where those up to `fired` have fired. None: no window is open, or
  /// none has an end of its own, or rows go by changes().
  [[nodiscard]] virtual std::optional<event_micros> next_end(event_micros fired) const = 0;
  /// The first `most` windows of a key (encoded, data/key_encoding.hpp) that are open where those up to `fired` have
  /// fired. It is looked up; other keys are not read.
  [[nodiscard]] virtual open_windows look_up(std::string_view key, event_micros fired,
                                             std::size_t most) const = 0;

  /// Says, before captures are applied, up to where windows had fired in the last of them: what has gone by then need not be
  /// put in on the way.
  virtual void to_be_applied(event_micros /*fired*/) {}
};

}  // namespace millrace::delivery
