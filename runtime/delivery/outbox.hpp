// A shard's output as a log: frames are kept until every receiver has acknowledged them, and sent again from
// any position that one of them names. Pure; belongs to one shard, and is part of its snapshots.
#pragma once

#include "runtime/base/error.hpp"
#include "runtime/delivery/frame.hpp"
#include "runtime/wire/bytes.hpp"

#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace millrace::delivery {

class outbox {
public:
  /// Rows a frame, at most: bounds what a receiver buffers and what one message carries. Lives may differ in
  /// it, since receivers drop row by row.
  static constexpr std::uint32_t default_frame_rows = 8192;
  explicit outbox(log_id log = {}, std::uint32_t frame_rows = default_frame_rows)
      : log_(std::move(log)), frame_rows_(frame_rows) {}

  /// Receivers by name. A removed one loses its claim; a new one starts at the present mark.
  void set_receivers(const std::vector<std::string>& names);

  /// Rows of a window (may be null) and its failed ones; then, after the last window, the watermark that was
  /// fired. Cut into frames of at most frame_rows rows. The frames are returned for sending and kept.
  std::vector<output_frame> append_window(event_micros end, data::batch_ptr rows,
                                          std::vector<dead_letter> failed);
  std::vector<output_frame> append_mark(event_micros fired);

  /// `receiver` has everything up to `at` durable.
  void acknowledge(const std::string& receiver, position at);
  /// A new life of `receiver` stands at `at`, its own durable position (nothing: it has none): what lies
  /// above it, to send again, and where that begins. A receiver that this outbox did not know before begins
  /// at the mark of then. An error where the receiver has lost what it once acknowledged and that is no
  /// longer kept.
  struct resumed {
    position from{};
    std::vector<output_frame> frames;
  };
  [[nodiscard]] expected<resumed> resume(const std::string& receiver, std::optional<position> at);

  [[nodiscard]] position sent() const { return sent_; }
  [[nodiscard]] position low() const { return low_; }
  [[nodiscard]] std::size_t retained_bytes() const { return bytes_; }
  [[nodiscard]] std::size_t retained_frames() const { return frames_.size(); }
  [[nodiscard]] const std::map<std::string, position>& acknowledged() const { return acked_; }
  [[nodiscard]] const log_id& log() const { return log_; }

  /// Everything; and what has changed since the last capture of either kind.
  void capture_all(wire::writer& out);
  void capture_changes(wire::writer& out);
  [[nodiscard]] expected<void> apply(wire::reader& in);

private:
  void push(output_frame f, std::vector<output_frame>& sent);
  void trim();
  void encode(wire::writer& out, std::size_t first);

  log_id log_;
  std::uint32_t frame_rows_;
  position sent_ = lowest_position;
  position low_ = lowest_position;  // frames at or below it are gone
  std::deque<output_frame> frames_;
  std::map<std::string, position> acked_;
  std::set<std::string> joined_;  // receivers that were unknown when this life began
  std::size_t bytes_ = 0;
  position captured_ = lowest_position;  // frames up to here are in an earlier capture
};

}  // namespace millrace::delivery
