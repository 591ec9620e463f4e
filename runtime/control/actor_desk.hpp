// The node's side of a topology that a director directs (topology_director.hpp): it begins lives with what
// the director prepares, passes orders on to the lives that they are for, and says what actors say, again to
// each new director. Pure; its owner spawns actors and carries bytes. One thread at a time.
#pragma once

#include "runtime/control/topology_messages.hpp"
#include "runtime/delivery/failing_records.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <variant>
#include <vector>

namespace millrace::control {

namespace desk_effects {

/// Say this to the director.
struct say {
  to_director what;
};
/// The records that this actor's lives have failed on are given up: its failures so far are no longer in a row.
struct recovered {
  std::string actor;
  life now;
};
/// Make the actor of this life.
struct spawn {
  life_prepared with;
  std::uint64_t generation = 0;            // the plan's generation
  delivery::failing_records failing = {};  // a lane's: on which records its lives here have failed
};
/// Hand the order on. `node` runs the actor that the order names; empty: the order names none.
struct deliver {
  std::string node;
  actor_order what;
};
/// The life cannot begin, and no other one would: the topology fails with this.
struct give_up {
  std::string actor;
  life last;
  error why;
};

}  // namespace desk_effects

using desk_effect = std::variant<desk_effects::say, desk_effects::recovered, desk_effects::spawn,
                                 desk_effects::deliver, desk_effects::give_up>;
using desk_effect_list = std::vector<desk_effect>;

/// Returns whether `said` is of the life that began as `present`, which may have raised its count since.
[[nodiscard]] constexpr bool is_of(const life& said, const life& present) {
  return said.term == present.term && said.count >= present.count;
}

/// Tells introductions of one actor apart: kind, name or log, index.
using introduction = std::tuple<std::string, std::string, std::uint32_t>;

class actor_desk {
public:
  /// `fails_on_error`: parsers of which a record that fails ends the run, by the names of their lanes.
  actor_desk(std::string topology, std::map<std::string, bool> fails_on_error);

  // --- lives, as the node's agent orders them
  [[nodiscard]] desk_effect_list begin(const std::string& actor, std::uint64_t generation, const life& next);
  /// The actor was made: the director is told that it is there.
  [[nodiscard]] desk_effect_list began(const std::string& actor, const life& now);
  /// The life of this term is over, or never began. The lane's knowledge stays for a next life here.
  desk_effect_list end(const std::string& actor, incarnation term);
  /// Sessions with this node are over: introductions by them are void, and told anew when they come again.
  void forget_introductions(const std::string& node);

  // --- the director
  [[nodiscard]] desk_effect_list on_message(const to_node_of_actors& m);
  /// Another one directs from now on: it hears all that holds.
  [[nodiscard]] desk_effect_list on_new_director() const;

  // --- news of this node's actors
  [[nodiscard]] desk_effect_list on_news(const actor_news& n);
  void on_attempt_failed(const messages::attempt_failed& m);
  void on_went_well(const messages::attempt_went_well& m);

private:
  struct living {
    std::uint64_t generation = 0;
    life now;
    std::optional<prepare_life> asks = {};        // it waits for what it begins with
    bool is_there = false;                        // made
    std::vector<delivery::verdict> ends_at = {};  // the run ends at these records; they are not recorded
    std::map<std::size_t, actor_news> said = {};  // the last of each kind that a new director needs
    std::map<introduction, actor_told> introduced = {};  // an order that says the same need not come again
  };

  [[nodiscard]] desk_effect_list on_order(const actor_told& m);
  [[nodiscard]] desk_effect_list on_prepared(const life_prepared& m);
  [[nodiscard]] living* present(const std::string& actor, const life& l);

  std::string topology_;
  std::map<std::string, bool> fails_on_error_;
  std::map<std::string, living> living_;
  std::map<std::string, delivery::failing_records> failing_;  // keyed by lane
};

}  // namespace millrace::control
