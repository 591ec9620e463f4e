// Keeps a log of records that their sender cannot be asked for again: one writer appends records and makes them
// durable in groups; readers see durable records only, from any position that is still there. Segments that every
// consumer has acknowledged are removed.
//
// All calls block on the disk or the store at most, and any thread may make them; the writer's (add, commit) come
// from one.
#pragma once

#include "actors/stream/spool/segment_store.hpp"
#include "actors/stream/spool/spool_format.hpp"
#include "runtime/base/error.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::spool {

struct spool_options {
  std::uint64_t most_bytes = 1'000'000'000;  // full() once a consumer has yet to acknowledge so many
  /// Gives what the writer wants to find again of all that is committed; each segment begins with it.
  std::function<std::string()> note{};
  std::size_t segment_bytes = std::size_t{8} << 20U;  // as many of the newest bytes are in memory at most
};

/// A group takes no longer to write than its senders like to wait.
inline constexpr std::size_t largest_group = std::size_t{1} << 20U;

/// Memory gives up a block as a whole: small beside a segment, and large enough for a reader's chunk.
inline constexpr std::size_t block_bytes = std::size_t{256} << 10U;

class log {
public:
  /// Opens the segments and recovers what is there: a torn end, which nobody has seen, is left out; damage before it
  /// is ec::corrupt with the remedy.
  [[nodiscard]] static expected<std::shared_ptr<log>> open(std::unique_ptr<segment_store> segments,
                                                           spool_options options);

  /// The writer adds a record to the next group. `cut`: only the beginning of one.
  void add(std::string_view record, event_micros time, bool cut = false);
  [[nodiscard]] std::size_t pending() const { return pending_.size(); }
  [[nodiscard]] std::size_t pending_bytes() const { return pending_bytes_.size(); }
  /// A writer ends a group after this many bytes of records: at most a segment's, so that a small spool keeps
  /// its size.
  [[nodiscard]] std::size_t group_bytes() const { return std::min(largest_group, options_.segment_bytes); }
  /// The writer makes everything added durable and visible. After an error it may be called again.
  [[nodiscard]] expected<void> commit();
  /// The writer makes the note durable as it is now, behind all that is committed: newest() gives it from there on.
  [[nodiscard]] expected<void> keep_note();
  /// Tells that nothing more should be added until consumers have taken some of it. Never waits.
  [[nodiscard]] bool full() const { return unacknowledged_ >= options_.most_bytes; }

  /// Adds one whose acknowledgements count. No record is removed until each known consumer has acknowledged
  /// it.
  void add_consumer(const std::string& name);
  void acknowledge(const std::string& consumer, std::uint64_t below);

  [[nodiscard]] std::uint64_t first() const;
  [[nodiscard]] std::uint64_t end() const;
  /// Returns the bytes of all segments. Never waits.
  [[nodiscard]] std::uint64_t bytes() const { return bytes_; }
  /// Returns the bytes of records in memory: of the newest ones, until all consumers have acknowledged them.
  [[nodiscard]] std::uint64_t bytes_in_memory() const;

  /// Waits until there is something after `position`. False when `until` has come first, or when interrupted.
  bool wait_beyond(std::uint64_t position, std::chrono::steady_clock::time_point until,
                   const std::atomic<bool>& interrupted) const;
  /// Makes every waiting call look at its `interrupted`.
  void wake() const;

  /// Gives the notes of the newest segment, and the records after each with their times, so that a life goes on where the last one
  /// ended.
  [[nodiscard]] expected<void>
  newest(const std::function<void(std::string_view)>& note,
         const std::function<void(std::string_view, event_micros)>& record) const;

private:
  friend class cursor;
  log(std::unique_ptr<segment_store> segments, spool_options options)
      : store_(std::move(segments)), options_(std::move(options)) {}
  struct segment {
    std::uint64_t base = 0;
    std::uint64_t end = 0;  // of its frames
  };
  [[nodiscard]] expected<void> recover();
  [[nodiscard]] expected<void> begin_segment();
  /// Reads a segment's frames, whole.
  [[nodiscard]] expected<std::string> load(const segment& s) const;
  void remove_acknowledged();
  /// Adds committed frames to those in memory; called within mutex_.
  void keep(std::string frames);
  void drop_blocks_below(std::uint64_t position);
  /// Called within mutex_.
  [[nodiscard]] segment segment_of(std::uint64_t position) const;
  /// Returns how far all consumers have acknowledged; called within mutex_.
  [[nodiscard]] std::uint64_t acknowledged() const;
  [[nodiscard]] std::uint64_t first_of_all() const;
  [[nodiscard]] bool is_tail_full() const;
  /// Brings the counts up to date; called within mutex_.
  void count();
  [[nodiscard]] unexpected damaged(std::uint64_t base) const;

  std::unique_ptr<segment_store> store_;
  spool_options options_;

  // The writer alone uses these.
  struct added {
    event_micros time;
    std::size_t length;
    frame_kind kind;
  };
  std::vector<added> pending_;
  std::string pending_bytes_;
  bool tail_is_good_ =
      false;  // the newest segment ends where end_ says; otherwise the next group begins another
  std::uint64_t tail_note_ = 0;  // bytes of the note that the newest segment begins with

  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  std::map<std::uint64_t, std::uint64_t> segments_;  // base -> end, without the newest
  std::uint64_t tail_base_ = 0;                      // the newest segment, which may have no frames yet
  std::uint64_t end_ = 0;                            // of its frames
  std::map<std::uint64_t, std::string> blocks_;      // keyed by position: the newest frames, up to end_
  std::map<std::string, std::uint64_t> consumers_;
  std::atomic<std::uint64_t> unacknowledged_{0};
  std::atomic<std::uint64_t> bytes_{0};
};

/// A cursor is one reader of a log. It keeps the segment that it is in, unless it reads what is in memory.
class cursor {
public:
  explicit cursor(std::shared_ptr<const log> of) : log_(std::move(of)) {}

  struct record {
    std::uint64_t position;
    event_micros time;
    std::string_view bytes;
    bool cut = false;  // its beginning alone
  };
  /// Calls `take` for the durable records from `from` on, about `most_bytes` of them and of one segment or block;
  /// returns the position after the last, `from` if there is none. ec::log_trimmed below first(),
  /// ec::mismatch beyond end().
  [[nodiscard]] expected<std::uint64_t> read(std::uint64_t from, std::size_t most_bytes,
                                             const std::function<void(const record&)>& take);

private:
  std::shared_ptr<const log> log_;
  std::string loaded_;  // frames of [loaded_base_, ...)
  std::uint64_t loaded_base_ = 0;
};

}  // namespace millrace::spool
