// The receiver's side of the edges from lanes, the same for shards and sinks: the position vector, fences,
// frames that are held until a catch-up reader has reached them, idle partitions. Pure; belongs to one actor.
// A position in the vector is durable only through its owner's snapshot or commit.
#pragma once

#include "runtime/base/error.hpp"
#include "runtime/delivery/frame.hpp"

#include <deque>
#include <map>
#include <optional>
#include <set>
#include <vector>

namespace millrace::delivery {

class intake {
public:
  /// `life`: of the receiver; part of every fence that it gives out.
  explicit intake(millrace::life life = {}) : life_(life) {}

  /// A log that feeds this receiver, with where it stands. Known ones keep what they have.
  void add_log(const log_id& log, const mark& start);
  /// A log that feeds this receiver from now on only: up to `floor` its watermark holds nothing back, since
  /// what lies below has been decided without it.
  void join(const log_id& log, const mark& start, event_micros floor);
  /// Replaces the whole vector (restored from a snapshot or a sink's position) and drops what is held.
  /// `greatest`: greatest() at that time.
  void restore(std::map<log_id, mark> vector, std::map<log_id, event_micros> floors = {},
               event_micros greatest = no_watermark);

  /// A lane asks where to begin. The answer shuts out every frame that was sent under an earlier one. No
  /// value for an older life of the lane than the last that asked, or for an unknown log.
  [[nodiscard]] std::optional<answer> ask(const log_id& log, life lane);

  enum class outcome : std::uint8_t {
    stale,   // sent under an earlier fence: drop it
    held,    // begins beyond the vector; it comes back from next() when its turn is there
    taken,   // the vector now stands at its end; process it
    broken,  // a gap or an overlap on an edge: our own bug, fail the actor
  };
  /// A log that no lane sends, a window's output, stands at `to` now. Its owner has seen to order and gaps.
  void advance(const log_id& log, const mark& to) { set(log, to); }

  /// Offers a frame in arrival order. `held` frames are kept (and go on using their sender's credit).
  [[nodiscard]] outcome offer(const lane_frame& f);
  /// The next held frame whose turn has come, already taken; nothing when there is none.
  [[nodiscard]] std::optional<lane_frame> next();

  [[nodiscard]] const std::map<log_id, mark>& vector() const { return vector_; }
  /// The floors of the logs that have joined; part of the state, as the vector is.
  [[nodiscard]] const std::map<log_id, event_micros>& floors() const { return floors_; }
  /// no_watermark for a log that was there from the first.
  [[nodiscard]] event_micros floor(const log_id& log) const;
  /// The minimum over partitions, idle ones left out; no_watermark when there are none. It is greatest() if
  /// all have ended or are idle: so the result does not depend on which of them fell silent or ended last.
  /// While any partition is idle, the end is not reached.
  [[nodiscard]] event_micros watermark() const;
  /// The greatest watermark that a partition has had before its end; part of the state, as the vector is.
  [[nodiscard]] event_micros greatest() const { return greatest_; }
  /// The minimum over all partitions.
  [[nodiscard]] event_micros watermark_of_all() const;
  /// Idle partitions that have not come to `mark`.
  [[nodiscard]] std::vector<log_id> idle_below(event_micros mark) const;
  [[nodiscard]] bool any_idle() const { return !idle_.empty(); }
  /// Every log has ended.
  [[nodiscard]] bool ended() const;
  [[nodiscard]] std::size_t held() const { return held_.size(); }

  /// Returns whether it was sent under an earlier fence.
  [[nodiscard]] bool is_stale(const lane_frame& f) const;

private:
  void take(const lane_frame& f);
  void set(const log_id& log, const mark& m);
  void note(event_micros watermark);

  life life_;
  std::map<log_id, mark> vector_;
  event_micros greatest_ = no_watermark;
  std::map<log_id, event_micros> floors_;
  std::map<log_id, std::uint64_t> fence_;
  std::map<log_id, life> owner_;
  std::set<log_id> idle_;
  std::deque<lane_frame> held_;
};

}  // namespace millrace::delivery
