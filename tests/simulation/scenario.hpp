// One simulated job, made from a seed: a topology, the records of its source partitions, and what goes wrong
// when. Plain data: the world carries it out, the oracle says what must come of it, and shrinking takes parts
// away.
#pragma once

#include "runtime/base/ids.hpp"
#include "runtime/base/time.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::simulation {

/// A share of the scenarios brings these together on purpose, since by chance they would hardly ever meet.
enum class theme : std::uint8_t {
  any,      // everything at random
  series,   // a window downstream of another that gets little at a time; front shards cut their output anew
  zombies,  // shards given up with messages before them, and next lives that fail when they are awake again
  found,    // partitions made beside old records, and shards down while they are found
  idle,     // partitions that rest and go on, and deaths soon after others went on without them
  ending,   // actors that fail while the run comes to its end
};
[[nodiscard]] std::string_view to_string(theme t);

struct click {
  enum class kind : std::uint8_t {
    good,
    malformed,
    poison,  // the parser throws on it
  };
  kind what = kind::good;
  event_micros at = 0;
  std::optional<std::string> user;
  std::optional<std::int64_t> value;
  std::vector<click> elements{};  // elements of a scenario that unnests; one that is malformed has no time
};

struct stream {
  std::string source;
  std::string partition;
  std::vector<click> clicks;
  bool found_later = false;
  std::size_t made_after = 0;      // the number of records of others that come before, if found later
  std::vector<std::size_t> rests;  // records before which no other comes for a while, ascending
};

struct window_spec {
  enum class shape : std::uint8_t { tumbling, sliding, session, global };
  shape what = shape::tumbling;
  micros size{0};  // a session's gap; a global window's state_ttl, 0: none
  micros slide{0};
  micros lateness{0};
  bool keyed = true;
  unsigned shards = 1;
  std::optional<std::int64_t> least_value;  // limit of v; v may be null
  std::optional<std::int64_t> least_count;  // having n >= this
  std::optional<std::int64_t> most_count;   // having n <= this; with updates, whose rows it takes back
  std::optional<micros> every;              // updates
  std::vector<std::string> aggregates;      // aggregates beside n: names, see aggregate_text()

  /// Updates take rows back, and sinks show the change.
  [[nodiscard]] bool takes_back() const { return every && (most_count || what == shape::session); }
  [[nodiscard]] bool on_grid() const { return what == shape::tumbling || what == shape::sliding; }
};

/// A join of the rows with those of them whose value is a multiple of four.
struct join_spec {
  std::string how = "inner";
  window_spec window;  // tumbling or sliding; of intervals the number of shards alone
  bool is_interval = false;
  bool is_as_of = false;  // by intervals otherwise; versions whose value is a multiple of eight are deletions
  bool is_dedup = false;  // of the rows alone
  micros before{}, after{};  // as_of: `before` is late_versions; dedup: it is the time to live
};

struct fault {
  enum class kind : std::uint8_t {
    child_fails,     // a lane, shard or sink throws
    source_throws,   // a reader does, at its next read
    writer_throws,   // a target's writer does, at its next call
    source_away,     // reads fail for a while
    sink_away,       // a target answers nothing for a while
    commit_unknown,  // the answer to a target's next commit is lost, the commit perhaps too
    zombie,          // a lane or shard is taken for dead and lives on beside its next life
    slow,            // an actor gets hardly a turn for a while
    stands_still,    // an actor gets none
    disk_full,       // some file operations fail
    clock_jump,      // the wall clock is set, forward or back
    writer_dies,     // the actor that writes snapshots, or the one that keeps values
    stop,            // the topology is stopped, and applied again
    kill,            // the process dies
    power_loss,      // and what was not synced is gone
    kill_in_file,    // the process dies within a file operation
    pause,           // somebody pauses the topology, and resumes it after a while
    restart,         // somebody restarts an actor
    // The faults below need several nodes; above, a process is that of one of them, and `disk_full` is of its
    // way to the store.
    node_stands_still,  // no actor of a node gets a turn for a while
    way_breaks,         // a way between two nodes breaks; or one of them is not heard, or heard late
    cut_off,            // a node hears no other and is heard by none, and goes on
    late_bytes,         // a node gets some bytes of a link again
    store_slow,         // a node's store takes its time
    drain,              // a node gives away what it has
    remove,             // somebody removes the topology, once it has stopped, and applies it again
  };
  /// The fault waits for this, from `step` on.
  enum class moment : std::uint8_t {
    none,
    restarted,  // an actor has restarted within a process
    made,       // a partition was made while the process ran
    committed,  // every target has everything: the run comes to its end
  };
  /// The moment is one of these actors'.
  enum class group : std::uint8_t { any, lanes, shards, front_shards, downstream_shards, no_lanes };
  kind what = kind::kill;
  moment when = moment::none;
  group of = group::any;
  std::uint64_t step = 0;
  std::uint64_t after = 0;  // steps after the moment
  std::uint64_t who = 0;    // the actor, target or partition; taken modulo their number
  std::uint64_t size = 0;
  bool damage = false;  // the newest snapshot of an actor is damaged or lost before the next life
};
[[nodiscard]] std::string_view to_string(fault::kind k);
[[nodiscard]] std::string_view to_string(fault::moment m);
[[nodiscard]] std::string_view to_string(fault::group g);

struct scenario {
  std::uint64_t seed = 0;
  theme about = theme::any;
  std::vector<stream> streams;
  bool csv = false;
  bool two_sources = false;
  micros delay{0};
  bool loose = false;  // records that are late at a shard depend on time: the oracle knows bounds only
  std::optional<micros> idle_timeout;
  std::optional<micros> max_drift;
  std::optional<std::string> rate;
  bool unnests = false;  // a record is a list of clicks, each with an event time of its own
  bool select = false;
  std::optional<window_spec> window;
  std::optional<window_spec> behind;
  std::optional<join_spec> join;  // beside the window
  bool late_sink = false;
  bool raw_sink = false;
  bool second_sink = false;
  bool ordered = false;
  bool refuses = false;  // the target of the first sink refuses some rows
  std::string snapshot_every = "20 ms";
  std::string commit_every = "10 ms";
  std::optional<std::string> retain_memory;
  std::size_t lane_credit = 4U << 20;
  std::size_t chunk_records = 20;
  std::size_t parse_helpers = 0;          // helpers of each lane
  std::size_t threads = 1;                // threads of each node
  std::vector<std::uint32_t> frame_rows;  // rows of an output frame, at most; of shards' lives in turn
  micros step_time{100};                  // mean time that a step takes
  std::vector<fault> faults;
  std::uint64_t grows_one_in = 4;  // steps, on average, in which some partition may get records
  std::size_t nodes = 1;           // nodes that run it; one alone has its store on its own disk
  bool pinned = true;              // targets are on one node's disk
  micros network_delay{100};       // mean time that bytes take to another node

  [[nodiscard]] std::size_t records() const;
  [[nodiscard]] bool has_poison() const;
};

[[nodiscard]] scenario make_scenario(std::uint64_t seed);
/// Returns what somebody does to one in four runs within so many steps. Its own random numbers, so that the other faults
/// of a seed stay as they are.
[[nodiscard]] std::vector<fault> actions_of_people(std::uint64_t seed, std::uint64_t steps);
/// Formats the topology's file.
[[nodiscard]] std::string topology_text(const scenario& s);
/// Formats the record as it stands in the log.
[[nodiscard]] std::string record_text(const scenario& s, const click& c);
/// Returns whether the target of sink `rows` refuses this row.
[[nodiscard]] bool is_refused(std::string_view row);

}  // namespace millrace::simulation
