// The messages between the director of a topology, which lives with the coordinator, and the nodes that run the
// topology's actors; as values. An order names the life that it is for, and what an actor says names the life
// that says it, so neither reaches another one. topology_message_format.hpp has their bytes.
#pragma once

#include "runtime/control/director.hpp"
#include "runtime/delivery/lane_log.hpp"
#include "runtime/delivery/verdicts.hpp"

#include <map>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace millrace::control {

/// The director's orders that go to an actor. The order of alternatives is the format.
using actor_order =
    std::variant<director_effects::tell_receiver, director_effects::tell_sender,
                 director_effects::tell_dead_letter_sink, director_effects::tell_log,
                 director_effects::tell_partition, director_effects::tell_slowest, director_effects::collect,
                 director_effects::stop, director_effects::tell_paused, director_effects::restart>;

/// Sent to the node that runs the actor: it hands the order on where this life is there, and else drops it.
struct actor_told {
  std::string topology;
  life to;  // the actor's life; its term counts
  std::string
      node;  // the node of the other actor that the order names; empty: the order names none that lives
  actor_order what;
  friend bool operator==(const actor_told&, const actor_told&) = default;
};

/// Asks the director, before a life begins, what it begins with. Answered by life_prepared, once the records
/// that a lane's earlier lives have failed on, and that are given up, are recorded.
struct prepare_life {
  std::string topology;
  std::string actor;
  life next;
  std::vector<delivery::verdict> give_up = {};
  std::map<log_id, position> settled = {};  // every receiver has everything durable below these
  friend bool operator==(const prepare_life&, const prepare_life&) = default;
};
/// Its actor begins with this.
struct life_prepared {
  std::string topology;
  std::string actor;
  life next;
  delivery::lane_log::start how = delivery::lane_log::start::at_furthest;  // a lane's
  std::vector<found_partition> found = {};       // a lane's: of its parser; a shard's or sink's: that feed it
  std::vector<delivery::verdict> verdicts = {};  // a lane's
  std::vector<attempt> crashed = {};  // a lane's: records in whose work processes have ended, the newest last
  friend bool operator==(const life_prepared&, const life_prepared&) = default;
};

/// An actor says this to its supervisor, and the director has to know it. The order of alternatives is the format.
using actor_news = std::variant<messages::partition_found, messages::stands_at, messages::completed,
                                messages::stage_failed, messages::stopped, messages::report_part>;
struct actor_said {
  std::string topology;
  actor_news what;
};

/// The actor of this life is there, and others can be told of it. Said again to each new director.
struct actor_began {
  std::string topology;
  std::string actor;
  life now;
  friend bool operator==(const actor_began&, const actor_began&) = default;
};
/// It is there no more.
struct actor_over {
  std::string topology;
  std::string actor;
  life last;
  friend bool operator==(const actor_over&, const actor_over&) = default;
};

/// No further life of it would do better: the topology ends, in order, with this error.
struct actor_failed {
  std::string topology;
  std::string actor;
  life last;  // it may not have begun
  error why;
};

/// Messages to a node, or from it. The order of alternatives is the format.
using to_node_of_actors = std::variant<actor_told, life_prepared>;
using to_director = std::variant<prepare_life, actor_said, actor_began, actor_over, actor_failed>;

/// Returns the name of the topology that the message is about.
[[nodiscard]] const std::string& topology_of(const to_node_of_actors& m);
[[nodiscard]] const std::string& topology_of(const to_director& m);

/// Returns the name of the actor that the order is for.
[[nodiscard]] const std::string& receiver_of(const actor_order& o);
/// Returns the name and the life of the actor that says it.
[[nodiscard]] std::pair<const std::string&, const life&> sender_of(const actor_news& n);

}  // namespace millrace::control
