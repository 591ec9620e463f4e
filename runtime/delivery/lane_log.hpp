// A lane's view of one source partition: where it reads, which receivers are attached to it, and which are
// behind and caught up by a reader of their own (docs/design/protocol.md). Pure: the owner asks the
// receivers, reads the log, forms frames and sends them; this decides from where, to whom and up to where
// frames go.
//
// A receiver is asking, then behind or ahead (it has a reader position) or attached. Frames for an attached
// receiver leave from `at`; a receiver that is ahead becomes attached when the lane, which cuts there, has
// come to its position. One that is behind is read for separately, up to the position `until` that the lane
// names, where it is attached.
#pragma once

#include "runtime/delivery/frame.hpp"

#include <optional>
#include <vector>

namespace millrace::delivery {

class lane_log {
public:
  enum class start : std::uint8_t {
    at_lowest,    // a process starts: all receivers go along from the lowest vector
    at_furthest,  // a lane is restarted among living receivers: those that are behind are caught up
  };
  lane_log(std::size_t receivers, start how);

  /// The receiver is unknown from now on: it went down, dropped a frame, or has come back. Ask it.
  void detach(std::size_t r);
  /// Its answer; one that a newer answer has overtaken is dropped. Once every receiver that is_up has
  /// answered, known() is true.
  void answered(std::size_t r, const answer& a);
  void mark_present(std::size_t r, bool up);

  /// Reading may begin: `at` is decided.
  [[nodiscard]] bool known() const { return known_; }
  [[nodiscard]] const mark& at() const { return at_; }
  /// Receivers that live frames go to, which begin at at().
  [[nodiscard]] std::vector<std::size_t> attached() const;
  /// A receiver that is up has yet to answer.
  [[nodiscard]] bool is_asking() const;
  /// Returns whether every receiver has answered, and none is behind.
  [[nodiscard]] bool all_along() const;
  /// The furthest position that a receiver is known to have, or has been sent live.
  [[nodiscard]] std::optional<position> furthest() const;
  /// The lowest one; none where no receiver has answered.
  [[nodiscard]] std::optional<position> lowest() const;
  /// The live lane must cut a frame here at the latest: the lowest position that a receiver ahead of it waits
  /// for.
  [[nodiscard]] std::optional<position> next_cut() const;
  /// Frames for [at, to) have been handed to all attached(): the lane stands at `to`.
  void advance(const mark& to);

  /// Receivers that need a catch-up reader, and where it goes on.
  [[nodiscard]] std::vector<std::size_t> behind() const;
  [[nodiscard]] const mark& reader_at(std::size_t r) const { return *links_[r].reader; }
  /// A catch-up reader never reads past this: the named cut, or the lane.
  [[nodiscard]] position reader_limit(std::size_t r) const;
  /// Names the lane's present position as the cut from which on live frames go to the receiver as well. The
  /// caller has cut its frames there. False when the reader is already past it. Hand-over beside a lane that
  /// goes on takes this: a lane that moves a shard to another node, where that reads for itself, will call
  /// it. A lane of one process does not: its readers go on in its own turns and come to where it stands.
  bool name_cut(std::size_t r);
  /// The catch-up frames for [reader_at, to) have been handed to the receiver.
  void reader_advance(std::size_t r, const mark& to);

  /// Stamp for frames to it.
  [[nodiscard]] const fence& stamp(std::size_t r) const { return links_[r].stamp; }
  [[nodiscard]] std::size_t receivers() const { return links_.size(); }

private:
  struct link {
    bool up = true;
    bool asking = true;
    fence stamp;
    std::optional<mark> reader;     // set when not attached: where its reader stands (or it waits, when
                                    // ahead)
    std::optional<position> until;  // the named cut
  };
  [[nodiscard]] static bool is_live(const link& l) { return !l.asking && (!l.reader || l.until); }
  /// Chooses between the positions of receivers that have answered, two at a time.
  template<class Choose>
  [[nodiscard]] std::optional<position> one_of_all(Choose choose) const;
  void settle(link& l);

  std::vector<link> links_;
  start how_;
  bool known_ = false;
  mark at_;
};

}  // namespace millrace::delivery
