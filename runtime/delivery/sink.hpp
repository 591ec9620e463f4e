// A sink's protocol, without its target: which rows of arriving frames are new, when a window is whole over
// all shards, which progress goes into a commit and what may be acknowledged after it. Pure; one sink actor
// owns it.
//
// Rows from lanes come out as they arrive. Rows of windows come out window by window, once every shard of the
// stage has passed it: so a target gets whole windows in one commit, in an order that no parallelism changes.
#pragma once

#include "runtime/base/error.hpp"
#include "runtime/delivery/intake.hpp"

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace millrace::delivery {

/// A window of one stage that is whole: the new rows of each shard, in key order within a shard.
struct whole_window {
  std::uint32_t stage = 0;  // index of the window stage in the topology
  event_micros end = 0;
  std::vector<output_frame> frames;  // cut to what is new; maybe without rows
};

class sink_core {
public:
  /// `run`: number of the run of a bounded topology, 0 for the first. The number of a later run stands among
  /// the positions of each commit, as the position of a log of its own.
  explicit sink_core(life of, std::uint64_t run = 0) : intake_(of), run_(run) {}

  /// Logs that feed it: of lanes (one that is found later goes on from what the target has of it), and of a
  /// window stage's shards.
  void add_lane_log(const log_id& log, const mark& start);
  void add_shard_log(std::uint32_t stage, const log_id& log);
  /// Takes what the target has: replaces all positions and forgets what was taken since. Output of shards is
  /// dropped from here on until begin_at(): what was under way to the sink as it was continues elsewhere.
  void restore(const std::map<log_id, mark>& committed, life now);
  /// The target stands before the run that precedes this one, all of which it had once: it was put back to an
  /// older copy.
  [[nodiscard]] bool lacks_a_run(const std::map<log_id, mark>& committed) const;
  /// A shard has answered from where on it sends now: further on only for a sink that had no position of it.
  void begin_at(const log_id& log, position from);

  [[nodiscard]] std::optional<answer> ask(const log_id& log, life lane) { return intake_.ask(log, lane); }
  /// Returns false while the news of this log is still under way; its ask waits.
  [[nodiscard]] bool knows(const log_id& log) const { return starts_.contains(log); }
  /// Returns how far this shard's output has been taken, committed or not.
  [[nodiscard]] position taken(const log_id& log) const { return shards_.at(log).at; }

  /// Lane frames whose turn it is, in order; `outcome` as intake says of the one that was offered.
  struct lane_output {
    std::vector<lane_frame> frames;
    intake::outcome outcome = intake::outcome::taken;
    std::size_t stale_bytes = 0;
  };
  [[nodiscard]] lane_output take(const lane_frame& f);

  /// Drops what is at or below its position, row by row, and keeps the rest until its window is whole. False:
  /// a gap on the edge, our own bug.
  [[nodiscard]] bool take(const output_frame& f);
  /// Everything of a shard's log up to here has come out (or was dropped): its sender may send more.
  [[nodiscard]] position come_out(const log_id& log) const;
  /// The next whole window (of the stage with the earliest one). Its rows belong to the next commit.
  [[nodiscard]] std::optional<whole_window> next_window();

  /// The positions of a commit now: lane logs as absorbed, shard logs as far as their windows have come out.
  [[nodiscard]] std::map<log_id, mark> progress() const;
  /// The commit with these positions has succeeded.
  void committed(std::map<log_id, mark> positions) { committed_ = std::move(positions); }
  [[nodiscard]] const std::map<log_id, mark>& committed() const { return committed_; }
  [[nodiscard]] bool has_uncommitted_progress() const { return progress() != committed_; }
  /// Everything that feeds it has ended and is committed.
  [[nodiscard]] bool complete() const;
  [[nodiscard]] std::size_t held_frames() const;

private:
  struct shard_log {
    std::uint32_t stage = 0;
    position at = lowest_position;        // taken up to here
    bool begun = true;                    // it sends from a position that this sink has named
    position released = lowest_position;  // come out up to here
    std::deque<output_frame> held;
  };
  /// Returns the position up to which windows of the stage are whole.
  [[nodiscard]] position whole_up_to(std::uint32_t stage) const;

  /// Returns where a target stands in a lane's log.
  [[nodiscard]] mark stands(const std::map<log_id, mark>& committed, const log_id& log,
                            const mark& start) const;

  intake intake_;
  std::uint64_t run_;
  std::map<log_id, mark> starts_;  // starts of lane logs for a target that has no rows of them
  std::map<log_id, shard_log> shards_;
  std::map<log_id, mark> committed_;
};

}  // namespace millrace::delivery
