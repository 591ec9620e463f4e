// The records of the chain `control`, by which all coordinators agree: what runs, under which lives, where.
// One append holds a change, a list of records that count together or not at all. Bytes come from a store
// that any version may have written, so nothing in them is trusted. No I/O. Drawn in docs/development/formats.md.
#pragma once

#include "runtime/base/attempt.hpp"
#include "runtime/base/error.hpp"
#include "runtime/cluster/identities.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace millrace::cluster {

enum class actor_kind : std::uint8_t { lane, shard, sink };

/// Placement has to know this of an actor; the rest is in the topology's plan.
struct actor_spec {
  std::string name;
  actor_kind kind = actor_kind::lane;
  std::string group = {};  // its window, parser or sink: the actors of one group are kept apart
  bool is_pinned = false;  // the acknowledged records are on one node's disk
  /// The node of a pinned actor; empty: the first that it is placed on. Other actors begin there, and go
  /// elsewhere when that node is away; empty: anywhere.
  std::string node = {};
  friend bool operator==(const actor_spec&, const actor_spec&) = default;
};

/// A process has ended while it worked for an actor.
struct crash {
  std::string node;           // the process's node
  std::uint64_t process = 0;  // a random number of its own
  std::uint32_t signal = 0;   // the signal by which the actor's work has ended it; 0: it was ended from
                              // outside
  std::optional<attempt> records = {};  // the records in hand
  event_micros at = 0;                  // the time at which the node told it
  friend bool operator==(const crash&, const crash&) = default;
};

namespace records {

/// The first record. `formats`: no node may join that writes older formats only.
struct founded {
  std::string cluster = {};
  std::uint32_t formats = 0;
  friend bool operator==(const founded&, const founded&) = default;
};
/// A rolling upgrade ends with it.
struct formats_raised {
  std::uint32_t formats = 0;
  friend bool operator==(const formats_raised&, const formats_raised&) = default;
};
/// `plan` is the resolved topology, and may hold secrets. `generation` of one that is asked for: that of the plan which it
/// goes on from, 0 where it goes on from any; it is refused where another one has come between. `begins_anew` of one that is
/// asked for: the topology of that name, which has to be over, is removed in the same change; it is not recorded. `is_blank`:
/// the state goes on as it was, but nothing was read into it, and this plan begins in chains of its own.
struct topology_applied {
  std::string topology = {};
  std::string plan = {};
  std::uint64_t generation = 0;
  std::vector<actor_spec> actors = {};
  bool begins_anew = false;
  bool is_blank = false;
  friend bool operator==(const topology_applied&, const topology_applied&) = default;
};
/// `instance` is a number that the process has chosen at random: it gets one session however often it asks.
struct session_given {
  std::string node = {};
  std::uint64_t instance = 0;
  cluster::session session = 0;
  friend bool operator==(const session_given&, const session_given&) = default;
};
struct session_ended {
  std::string node = {};
  cluster::session session = 0;
  bool has_died = false;  // it did not leave in order
  event_micros at = 0;
  friend bool operator==(const session_ended&, const session_ended&) = default;
};
/// Recorded before it is sent: the actor begins the life (term, 0) in this process and nowhere else.
struct placed {
  actor_id actor = {};
  std::string node = {};
  cluster::session session = 0;
  incarnation term = 0;
  friend bool operator==(const placed&, const placed&) = default;
};
/// Gives a new life to an actor that stays where it is.
struct term_granted {
  actor_id actor = {};
  incarnation term = 0;
  friend bool operator==(const term_granted&, const term_granted&) = default;
};
/// A record that was given up, as delivery::verdict has it.
struct verdict_given {
  std::string topology = {};
  log_id log = {};
  position at{};
  std::string error = {};
  friend bool operator==(const verdict_given&, const verdict_given&) = default;
};
/// Every receiver has durable what is below.
struct verdicts_settled {
  std::string topology = {};
  log_id log = {};
  position below{};
  friend bool operator==(const verdicts_settled&, const verdicts_settled&) = default;
};
/// A partition that was found while running, and where it counts from.
struct partition_started {
  std::string topology = {};
  std::string parser = {};
  std::string partition = {};
  log_id log = {};
  mark start{};
  std::string lane = {};
  friend bool operator==(const partition_started&, const partition_started&) = default;
};
struct topology_failed {
  std::string topology = {};
  std::string actor = {};
  std::string why = {};
  event_micros at = 0;
  friend bool operator==(const topology_failed&, const topology_failed&) = default;
};
struct finished {
  std::string topology = {};
  event_micros at = 0;
  friend bool operator==(const finished&, const finished&) = default;
};
struct stop_asked {
  std::string topology = {};
  friend bool operator==(const stop_asked&, const stop_asked&) = default;
};
/// A drain holds until it is taken back, or the node has a new session.
struct drain_set {
  std::string node = {};
  bool is_draining = false;
  friend bool operator==(const drain_set&, const drain_set&) = default;
};
/// Unpins what is pinned to the node.
struct node_forgotten {
  std::string node = {};
  friend bool operator==(const node_forgotten&, const node_forgotten&) = default;
};

/// Lanes of the topology read nothing while it holds. The end of the topology ends it.
struct pause_set {
  std::string topology = {};
  bool is_paused = false;
  friend bool operator==(const pause_set&, const pause_set&) = default;
};

/// The cluster forgets a topology that is over, and its chains are to go from the store.
struct topology_removed {
  std::string topology = {};
  friend bool operator==(const topology_removed&, const topology_removed&) = default;
};
/// The store has nothing more of these chains.
struct chains_cleared {
  std::string chains = {};
  friend bool operator==(const chains_cleared&, const chains_cleared&) = default;
};

/// The next process of the node tells it, before it gets its session.
struct crash_told {
  actor_id actor = {};
  crash what = {};
  friend bool operator==(const crash_told&, const crash_told&) = default;
};

}  // namespace records

/// The order is the format: new ones go to the end.
using record =
    std::variant<records::founded, records::formats_raised, records::topology_applied, records::session_given,
                 records::session_ended, records::placed, records::term_granted, records::verdict_given,
                 records::verdicts_settled, records::partition_started, records::topology_failed,
                 records::finished, records::stop_asked, records::drain_set, records::node_forgotten,
                 records::pause_set, records::topology_removed, records::chains_cleared, records::crash_told>;
using change = std::vector<record>;

/// A coordinator admits no more than this, so that a change and a base stay below what any store takes.
inline constexpr std::size_t max_name_bytes = 1'000;
inline constexpr std::size_t max_plan_bytes = std::size_t{4} << 20;
/// A cluster of one node has its store in a folder, and admits plans up to here.
inline constexpr std::size_t max_plan_bytes_alone = std::size_t{128} << 20;
inline constexpr std::size_t max_actors = 10'000;
inline constexpr std::size_t max_topologies = 100;
/// Names of removed topologies that are remembered, the latest ones.
inline constexpr std::size_t max_removed = 1'000;
/// A text that says why has no more; a longer one is cut.
inline constexpr std::size_t max_text_bytes = 4'000;
/// No change that a coordinator writes is longer, so that reading one takes bounded memory.
inline constexpr std::size_t max_change_bytes = std::size_t{256} << 20;

[[nodiscard]] std::string encode_change(const change& c);
/// ec::unsupported: a later version has written it; ec::corrupt.
[[nodiscard]] expected<change> decode_change(std::string_view bytes);

}  // namespace millrace::cluster
