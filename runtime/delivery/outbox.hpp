// A shard's output as a log: frames are kept until every receiver has acknowledged them, in memory up to a
// bound and beyond it as stubs that say in which segment of spilled output they lie. It knows for each
// receiver what was sent and what it has taken, so it sends to each within a window of bytes, and again from
// any position that one of them names. Pure; belongs to one shard, and is part of its snapshots.
//
// Spilling: begin_spill() gives frames to write, spilled() replaces them by a stub once they are durable;
// wanted() names the segments that a receiver has come to, loaded() brings their frames. A segment's file is
// unneeded() when no good capture can lead back to it.
#pragma once

#include "runtime/base/error.hpp"
#include "runtime/base/life.hpp"
#include "runtime/base/segment_id.hpp"
#include "runtime/delivery/frame.hpp"
#include "runtime/delivery/receiver_cursor.hpp"
#include "runtime/wire/bytes.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace millrace::delivery {

struct outbox_limits {
  /// Rows a frame, at most: bounds what a receiver buffers and what one message carries. Lives may differ in
  /// it, since receivers drop row by row.
  std::uint32_t frame_rows = 8192;
  std::size_t memory = 32U << 20;                  // kept in memory before the oldest frames are spilled
  std::size_t segment = 8U << 20;                  // size of one segment, about
  std::size_t credit = 4U << 20;                   // sent to one receiver and not yet taken
  std::uint64_t retain = std::uint64_t{10} << 30;  // kept in all
  friend bool operator==(const outbox_limits&, const outbox_limits&) = default;
};

class outbox {
public:
  explicit outbox(log_id log = {}, const outbox_limits& limits = {}, const life& now = {})
      : log_(std::move(log)), limits_(limits), term_(now.term), segments_begun_(first_segment_of(now)) {}

  /// Receivers by name. A removed one loses its claim; a new one starts at the present mark.
  void set_receivers(const std::vector<std::string>& names);

  /// Rows of a window, in parts of which any may be null, and its failed ones; then, after the last window, the
  /// watermark that was fired.
  void append_window(event_micros end, const std::vector<data::batch_ptr>& parts,
                     std::vector<dead_letter> failed);
  /// The rows of whole windows, in one frame; fits_one_frame().
  void append_windows(const std::vector<window_rows>& all);
  /// So many windows with so many rows and bytes may share a frame.
  [[nodiscard]] bool fits_one_frame(std::size_t rows, std::size_t bytes) const {
    constexpr std::size_t worth_sharing = 65'536;  // a frame costs little beside so many bytes of rows
    return rows <= limits_.frame_rows && bytes <= std::min({worth_sharing, limits_.segment, limits_.credit});
  }
  void append_mark(event_micros fired);

  /// `receiver` has everything up to `at` durable.
  void acknowledge(const std::string& receiver, position at);
  /// Frames up to `at` have left the queue of the life `of` the receiver.
  void taken(const std::string& receiver, life of, position at);
  /// A newer life of `receiver` than this one has resumed: what this one says of where it stands is old.
  [[nodiscard]] bool knows_newer(const std::string& receiver, life than) const {
    const auto c = cursors_.find(receiver);
    return c != cursors_.end() && than < c->second.life();
  }
  /// A new life of `receiver` stands at `at` (no value: nowhere): from where on next() sends to it. What it
  /// has got by then counts as acknowledged where it is `durable`. A receiver that this outbox did not know
  /// before begins at the mark of then. An error where the receiver has lost what it once acknowledged and
  /// that is no longer kept.
  [[nodiscard]] expected<position> resume(const std::string& receiver, std::optional<position> at, life of,
                                          bool durable = true);
  /// The next frame for `receiver`, counted as sent: none when it has all, has used up its window, waits for
  /// a segment, or the frame reaches beyond `limit`.
  [[nodiscard]] output_ptr next(const std::string& receiver, std::optional<position> limit = std::nullopt);

  /// The oldest frames in memory, when they have outgrown their bound and none are being written.
  struct spill {
    segment_id id;
    std::vector<output_ptr> frames;
  };
  [[nodiscard]] std::optional<spill> begin_spill();
  /// They are durable; or could not be written and stay in memory.
  void spilled();
  void spill_failed() { spilling_.reset(); }
  /// Segments to read for receivers that may be sent what lies in them; each is named once.
  [[nodiscard]] std::vector<segment_id> wanted(std::optional<position> limit = std::nullopt);
  void loaded(const segment_id& id, std::vector<output_ptr> frames);
  /// It could not be read; wanted() names it again.
  void read_failed(const segment_id& id) { read_.erase(id); }
  /// Files that are of no use any more, given once. `safe`: the low mark of the capture before the newest
  /// good one.
  [[nodiscard]] std::vector<segment_id> unneeded(position safe);
  /// Files are there that a newer capture would make unneeded: everybody has what lies in them.
  [[nodiscard]] bool has_outlived_files() const;
  /// Files that this state refers to.
  [[nodiscard]] std::vector<segment_id> segments() const;

  [[nodiscard]] position sent() const { return sent_; }
  [[nodiscard]] position low() const { return low_; }
  [[nodiscard]] std::size_t memory_bytes() const { return memory_bytes_; }
  [[nodiscard]] std::uint64_t spilled_bytes() const { return spilled_bytes_; }
  [[nodiscard]] std::uint64_t retained_bytes() const { return memory_bytes_ + spilled_bytes_; }
  /// Entries: frames in memory, and stubs.
  [[nodiscard]] std::size_t retained_frames() const { return entries_.size(); }
  /// No more may be added, with so many bytes that will be: more is kept than `retain`; or twice what memory may hold,
  /// since it cannot be written as fast, or at all.
  [[nodiscard]] bool full(std::size_t more = 0) const {
    return retained_bytes() + more > limits_.retain || memory_bytes_ + more > 2 * limits_.memory;
  }
  [[nodiscard]] const std::map<std::string, position>& acknowledged() const { return acked_; }
  /// Bytes that `receiver` has not acknowledged.
  [[nodiscard]] std::uint64_t held_by(const std::string& receiver) const;
  [[nodiscard]] const log_id& log() const { return log_; }
  [[nodiscard]] const outbox_limits& limits() const { return limits_; }

  /// Captures everything, or the changes since the last capture of either kind. A spilled frame is captured
  /// as its segment only.
  void capture_all(wire::writer& out);
  void capture_changes(wire::writer& out);
  [[nodiscard]] expected<void> apply(wire::reader& in);

private:
  struct entry {
    output_ptr frame;  // null: spilled
    position since{};  // it covers (since, its key]
    position first{};  // the position that its first frame reaches
    std::uint64_t bytes = 0;
    std::uint64_t before = 0;  // bytes of all output in front of it
    segment_id segment;        // the segment of a spilled frame
    bool captured = false;     // a stub's: a capture has it
  };
  using entries = std::map<position, entry>;  // keyed by the positions that they reach

  void push(output_frame f);
  void put(output_ptr f);
  void put_stub(const segment_id& id, position since, position first, position reached, std::uint64_t bytes,
                bool captured);
  void forget(entries::iterator at);
  void trim();
  void drop_unread();
  [[nodiscard]] bool is_read(const segment_id& id) const;
  [[nodiscard]] output_ptr frame_at(const entry& e, position cursor) const;
  void encode(wire::writer& out, bool all);

  struct spilling {
    segment_id id;
    position since;
    position first;
    position reached;
  };
  struct file {
    position reached;
    bool captured = false;  // a capture names it
  };

  log_id log_;
  outbox_limits limits_;
  incarnation term_;
  position sent_ = lowest_position;
  position low_ = lowest_position;  // frames at or below it are gone
  entries entries_;
  std::map<std::string, position> acked_;
  std::map<std::string, receiver_cursor> cursors_;
  std::set<std::string> joined_;  // receivers that were unknown when this life began
  std::size_t memory_bytes_ = 0;
  std::uint64_t spilled_bytes_ = 0;
  std::uint64_t appended_bytes_ = 0;
  position captured_ = lowest_position;  // frames up to here are in an earlier capture
  std::optional<spilling> spilling_;
  std::uint64_t segments_begun_;
  std::map<segment_id, file> files_;
  std::map<segment_id, std::optional<std::vector<output_ptr>>> read_;  // none: being read
};

}  // namespace millrace::delivery
