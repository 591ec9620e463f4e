// Brings the rows that a target refuses to the dead letters. The target keeps them with the commit that
// passed them; towards the dead-letter sink they are a log like any other: position (0, sequence of the last
// one sent). The end of that log is position (0, last sequence + 1); where the topology has ended
// and replayed records come after all, it goes on at (1, sequence), and so forth. One frame is under way at a
// time.
//
// Pure; belongs to one sink, which reads the rows from its target and sends the frames.
#pragma once

#include "actors/stream/sink/rejected_log.hpp"
#include "actors/stream/sink/sink.hpp"
#include "runtime/delivery/frame.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace millrace::sink {

class refused_rows {
public:
  explicit refused_rows(std::string sink) : sink_(std::move(sink)), log_(rejected_log(sink_)) {}

  [[nodiscard]] const log_id& log() const { return log_; }

  /// Names what to do now: ask the dead-letter sink where it stands, read rows above after(), or nothing.
  enum class next : std::uint8_t { nothing, ask, read };
  [[nodiscard]] next wanted() const { return under_way_ ? next::nothing : fence_ ? next::read : next::ask; }
  /// The dead-letter sink has another life, or this one has: its place is asked for anew.
  void ask_again();
  void answered(const delivery::answer& a);

  /// Returns the sequence of the last row that was sent.
  [[nodiscard]] std::uint64_t after() const { return sequence_at(sent_); }
  /// Returns the frame of some rows, ascending, all above after(). It is under way from now on.
  [[nodiscard]] delivery::lane_frame send(std::vector<rejected_row> rows);
  /// Call it when there are no more rows: it returns the frame that says so, unless that was sent. Rows may follow all the
  /// same, of a partition that is found later; then the end is sent once more.
  [[nodiscard]] std::optional<delivery::lane_frame> send_end();
  /// The end went to the present life of the dead-letter sink, after all rows.
  [[nodiscard]] bool end_is_sent() const { return fence_ && is_end(sent_); }
  /// The dead-letter sink has everything below this. True: that is all that was sent, and the target may
  /// forget rows up to newest().
  [[nodiscard]] bool acknowledged(position below);

  /// Returns the sequence of the newest row known; 0: none.
  [[nodiscard]] std::uint64_t newest() const { return newest_; }

private:
  [[nodiscard]] static bool is_end(const mark& m) { return m.watermark == end_of_time; }
  [[nodiscard]] static std::uint64_t sequence_at(const mark& m) {
    return static_cast<std::uint64_t>(m.at.minor - (is_end(m) ? 1 : 0));
  }
  [[nodiscard]] delivery::lane_frame frame() const;
  void went(const delivery::lane_frame& f);

  std::string sink_;
  log_id log_;
  std::optional<delivery::fence> fence_;
  delivery::fence newest_answer_;
  mark sent_;
  std::uint64_t newest_ = 0;
  bool under_way_ = false;
};

}  // namespace millrace::sink
