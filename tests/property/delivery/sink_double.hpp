// A sink, as actors/stream/sink uses delivery::sink_core, without CAF, over a table in memory that takes rows and
// progress in one step.
#pragma once

#include "runtime/delivery/ledger.hpp"
#include "runtime/delivery/sink.hpp"
#include "tests/property/delivery/scene.hpp"

#include <array>

namespace millrace::delivery::trial {

/// The rows of one tick, in order: (window end, key, count, sum).
using batch_rows = std::vector<std::array<std::int64_t, 4>>;

/// A target survives its sink.
struct target {
  row_table rows;  // rows of windows; with `updates` as they are after all batches
  std::vector<std::pair<event_micros, batch_rows>> batches;  // batches of `updates`, each with its tick
  std::map<std::pair<std::int64_t, std::int64_t>, int> raw;  // (log, position): how often
  std::map<log_id, mark> positions;
  ledger counts;
  event_micros last_end = no_watermark;  // the last end of the windows, or ticks, that are in
};

class sink_double {
public:
  sink_double(scene& s, std::size_t index, std::size_t level, bool slow);

  inbox in;
  void take_message();
  /// Time for a commit; or to open again.
  void tick();
  /// A new life with an empty mailbox.
  void crash();
  /// The target has failed: what is uncommitted is lost, the sink closes and will open again.
  void close();

  [[nodiscard]] const std::string& name() const { return name_; }
  /// It reads the windows of this level, if any.
  [[nodiscard]] std::size_t level() const { return level_; }
  /// Other actors send to the actor by it.
  [[nodiscard]] incarnation handle() const { return handle_; }
  [[nodiscard]] fence fence_of(std::size_t log) const;
  [[nodiscard]] bool complete() const { return open_ && core_.complete(); }
  [[nodiscard]] const target& table() const { return table_; }

private:
  struct lane_ref {
    incarnation lane = 0;
    std::size_t receiver = 0;
    std::optional<position> told;
  };
  struct row {
    event_micros at;  // window end, or tick
    event_micros end;
    std::int64_t key;
    std::int64_t count;
    std::int64_t sum;
  };

  void open();
  void resume(std::size_t shard);
  void on_found(std::size_t log);
  void on_ask(const message& m);
  void on_lane_frame(const message& m);
  void on_output(const message& m);
  void tell_taken(std::size_t shard);
  void gather(const output_frame& f, std::vector<row>& out) const;
  [[nodiscard]] bool numbered() const {
    return scene_.raw_sink != index_ && scene_.windows_at(level_).updates;
  }
  void write_rows();
  void commit();
  void after_commit();

  scene& scene_;
  std::size_t index_;
  std::size_t level_;
  bool slow_;
  std::string name_;
  incarnation handle_ = 0;  // also its name as a sender
  incarnation life_ = 0;    // the life that lanes and target see; a new one with each opening
  sink_core core_{0};
  target table_;
  bool open_ = false;
  std::vector<row> rows_;  // uncommitted, like the next two
  std::vector<std::pair<std::int64_t, std::int64_t>> raw_;
  ledger counts_;
  std::map<std::size_t, lane_ref> lanes_;
  std::map<std::size_t, fence> fences_;
  std::map<std::size_t, incarnation> shards_;  // life of each, as this sink knows it
  std::map<std::size_t, position> told_;       // each shard: taken up to here
  std::map<std::size_t, position> seen_;       // used with `dedupe` left out
};

}  // namespace millrace::delivery::trial
