// The place where lanes, shards and sinks of one schedule meet: logs, mailboxes, lives. Messages keep their
// order per sender only; what a dead sender had under way arrives in part; what is sent to a dead actor is
// lost.
#pragma once

#include "runtime/delivery/frame.hpp"
#include "tests/property/delivery/world.hpp"

#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace millrace::delivery::trial {

/// The protocol was broken in a way that an actor would see.
struct fault : std::runtime_error {
  using std::runtime_error::runtime_error;
};

struct message {
  enum class kind : std::uint8_t {
    ask,            // lane -> receiver
    frame,          // lane or catch-up reader -> receiver
    receiver_up,    // supervisor -> lane
    receiver_down,  // supervisor -> lane
    log_found,      // supervisor -> receiver
    answered,       // receiver -> lane
    credit,         // receiver -> lane
    acknowledged,   // receiver -> lane
    ask_again,      // receiver -> lane
    // "sink" is here also a shard of the downstream window
    sender_up,     // supervisor -> sink
    resume,        // sink -> shard
    furthest,      // sink -> shard
    output_acked,  // sink -> shard
    output_taken,  // sink -> shard
    resumed,       // shard -> sink
    output,        // shard -> sink
    turn,          // shard -> itself
  };
  kind what{};
  std::size_t log = 0;
  incarnation lane = 0;
  std::size_t receiver = 0;
  std::size_t sink = 0;  // its number as a taker (scene)
  std::size_t shard = 0;
  incarnation life = 0;     // the life of the actor that it is about
  incarnation session = 0;  // a sink's: each opening is one
  std::optional<answer> reply{};
  std::optional<position> at{};
  std::optional<position> taken{};
  fence stamp{};
  std::size_t bytes = 0;
  std::shared_ptr<const lane_frame> frame{};
  std::shared_ptr<const output_frame> output{};
};

class inbox {
public:
  void put(std::uint64_t sender, message m);
  /// The next message of some sender; nothing when there is none.
  [[nodiscard]] std::optional<message> take(chance& c);
  /// The sender is dead: only a part of what it had under way arrives.
  void lose(std::uint64_t sender, chance& c);
  void clear() { queues_.clear(); }

private:
  struct queue {
    std::uint64_t sender = 0;
    std::vector<message> messages;
    std::size_t next = 0;
  };
  std::vector<queue> queues_;
};

class lane_double;
class shard_double;
class sink_double;

class scene {
public:
  scene(std::uint64_t seed, rule broken);
  ~scene();
  scene(const scene&) = delete;
  scene& operator=(const scene&) = delete;

  chance random;
  rule broken;
  std::vector<source_log> logs;
  window::definition windows;                       // windows of the first level
  std::unique_ptr<const downstream_window> behind;  // the second level, if there is one
  std::vector<std::uint32_t> shard_of_key;
  bool later = false;                 // logs grow while the schedule runs, and some are found only then
  bool idle = false;                  // logs grow while the schedule runs, and partitions may be idle
  std::optional<std::size_t> quiet;   // used with idle: a log that seldom grows, so that firings leave it out
  bool lagging_captures = false;      // used where logs grow: sinks have long what no capture holds
  std::uint64_t fired_on = 0;         // counts interrupted firings with which a shard went on
  std::uint64_t began_amid = 0;       // counts new lives that found one in their captures
  std::uint64_t ticked_on = 0;        // counts ticks with which a shard went on
  std::uint64_t ended_amid_tick = 0;  // counts crashes of shards amid one
  bool has_committed = false;         // a sink its rows of windows, in this step
  std::size_t credit = 1;
  event_micros ticks = 0;                             // the clock of `updates`
  std::vector<std::unique_ptr<shard_double>> shards;  // shards of the first level, then of the second
  std::vector<std::unique_ptr<sink_double>>
      sinks;  // downstream of the shards; the last may be fed by the lanes
  std::optional<std::size_t> raw_sink;
  std::map<incarnation, std::unique_ptr<lane_double>> lanes;
  std::vector<incarnation> current;  // lane of each log

  [[nodiscard]] bool one_in(unsigned n) { return trial::one_in(random, n); }
  [[nodiscard]] incarnation next_number() { return ++numbers_; }  // numbers a life, or a sender
  /// Receivers of lanes: the shards, then the sink downstream of the lanes.
  [[nodiscard]] std::size_t receivers() const { return windows.shards + (raw_sink ? 1 : 0); }
  [[nodiscard]] std::size_t level_of(std::size_t shard) const { return shard < windows.shards ? 0 : 1; }
  [[nodiscard]] const window::definition& windows_at(std::size_t level) const {
    return level == 0 ? windows : behind->plan.definition;
  }
  /// Shards of a level, as indices: [first, second).
  [[nodiscard]] std::pair<std::size_t, std::size_t> shards_at(std::size_t level) const;
  /// The output of a shard as a log.
  [[nodiscard]] log_id output_of(std::size_t shard) const;
  /// The takers of output are the sinks, then the shards. Returns the numbers of those that take a level's.
  [[nodiscard]] std::vector<std::size_t> takers_at(std::size_t level) const;
  [[nodiscard]] std::string name_of_taker(std::size_t taker) const;
  [[nodiscard]] std::size_t taker_of(std::size_t shard) const { return sinks.size() + shard; }
  [[nodiscard]] incarnation life_of(std::size_t receiver) const;
  [[nodiscard]] fence fence_of(std::size_t receiver, std::size_t log) const;

  void to_receiver(std::uint64_t sender, incarnation life, message m);
  void to_lane(std::uint64_t sender, message m);
  void to_shard(std::uint64_t sender, incarnation life, message m);
  void to_sink(std::uint64_t sender, incarnation life, message m);
  void lose(std::uint64_t sender);

  /// A new lane for a log; the old one, if it lives, lives on.
  void place(std::size_t log, bool process_starts);
  /// A log is found: receivers are told, then a lane reads it.
  void find(std::size_t log);
  /// Tells lanes and sinks of a receiver's new life.
  void announce(std::size_t receiver);
  void announce_shard(std::size_t shard);
  [[nodiscard]] lane_double& any_lane();
  [[nodiscard]] shard_double& any_shard();
  [[nodiscard]] sink_double& any_sink();
  /// Moves the wall clock, now and then back, and has one shard take its tick.
  void tick();

private:
  std::uint64_t numbers_ = 0;
};

/// Counts firings and ticks that went by turns, and into which schedules have come.
struct interrupted {
  std::uint64_t fired_on = 0;
  std::uint64_t began_amid = 0;
  std::uint64_t ticked_on = 0;
  std::uint64_t ended_amid_tick = 0;
};
/// One schedule: what went wrong, nothing if all is exact.
[[nodiscard]] std::optional<std::string> run(std::uint64_t seed, rule broken, interrupted* firings = nullptr);

}  // namespace millrace::delivery::trial
