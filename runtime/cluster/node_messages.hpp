// The messages between the coordinator and the nodes, as values. Commands are imperative and carry the
// epoch and the session that they are for; events are past tense and carry the session that they come from.
// The order of alternatives and of life_end is the format (node_message_format.hpp): new ones go to the end.
#pragma once

#include "runtime/base/attempt.hpp"
#include "runtime/cluster/identities.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace millrace::cluster {

namespace commands {

/// Asks the node's present process, whichever it is, to say what runs there.
struct register_again {
  friend bool operator==(const register_again&, const register_again&) = default;
};
/// Tells the process of that instance its session.
struct welcome {
  std::uint64_t instance = 0;
  cluster::session session = 0;
  friend bool operator==(const welcome&, const welcome&) = default;
};
/// Tells the process of that instance to stop its actors and to end, for good.
struct leave {
  std::uint64_t instance = 0;
  std::string why;
  friend bool operator==(const leave&, const leave&) = default;
};
/// Begins the life (term, 0), in the place of any earlier one of the actor.
struct start {
  actor_id actor;
  std::uint64_t generation = 0;  // the generation of the topology's plan
  incarnation term = 0;
  friend bool operator==(const start&, const start&) = default;
};
/// Ends the actor's life of this term, or a lower one; none of them begins any more.
struct stop {
  actor_id actor;
  incarnation term = 0;
  friend bool operator==(const stop&, const stop&) = default;
};
/// Senders detach their receivers on that node until these ask again.
struct detach {
  std::string node;
  friend bool operator==(const detach&, const detach&) = default;
};

}  // namespace commands

struct node_command {
  epoch from;
  cluster::session session = 0;  // register_again, welcome and leave are for any
  std::variant<commands::register_again, commands::welcome, commands::leave, commands::start, commands::stop,
               commands::detach>
      what;
  friend bool operator==(const node_command&, const node_command&) = default;
};

/// Says what runs on a node, and which terms it has begun; from this a coordinator that knows nothing goes on.
struct registration {
  struct running_actor {
    actor_id actor;
    life now;
    friend bool operator==(const running_actor&, const running_actor&) = default;
  };
  struct begun_term {
    actor_id actor;
    incarnation term = 0;
    friend bool operator==(const begun_term&, const begun_term&) = default;
  };
  /// The work that earlier processes of the node had in hand when they ended (flight_recorder); sent until
  /// the node has a session.
  struct last_word {
    actor_id actor;
    std::uint64_t process = 0;
    std::uint32_t signal = 0;
    std::optional<attempt> records = {};
    friend bool operator==(const last_word&, const last_word&) = default;
  };

  std::string node;
  std::uint64_t instance = 0;
  cluster::session session = 0;  // 0: it has none yet
  std::uint32_t cores = 1;
  std::uint32_t formats = 0;  // the newest that it writes
  std::vector<running_actor> running = {};
  std::vector<begun_term> begun = {};
  incarnation begun_below = 0;  // each lower term counts as begun
  std::vector<last_word> last_words = {};
  bool leaves = false;  // its process ends in order: what has its place there ends, and nothing more begins
  friend bool operator==(const registration&, const registration&) = default;
};

enum class life_end : std::uint8_t {
  completed,  // it has nothing more to do
  failed,     // trying again will not help
  fenced,     // a higher life has its chain or target
  worn_out,   // it has failed as often as its count can be raised
};

struct life_began {
  cluster::session session = 0;
  actor_id actor;
  life now;
  friend bool operator==(const life_began&, const life_began&) = default;
};
struct life_ended {
  cluster::session session = 0;
  actor_id actor;
  life last;
  life_end how = life_end::completed;
  life refused_by = {};  // the higher life, where it was fenced and knows it
  std::string why = {};
  friend bool operator==(const life_ended&, const life_ended&) = default;
};
/// The answer to a command of a lower epoch.
struct epoch_refused {
  epoch highest;
  friend bool operator==(const epoch_refused&, const epoch_refused&) = default;
};

using node_event = std::variant<registration, life_began, life_ended, epoch_refused>;

}  // namespace millrace::cluster
