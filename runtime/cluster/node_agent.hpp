// Decides what one process of a node runs, by the word of the coordinator. Pure: it is given commands and what became
// of actors, and says what to begin, to end and to report. One thread at a time.
#pragma once

#include "runtime/cluster/node_messages.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <variant>
#include <vector>

namespace millrace::cluster {

namespace agent_effects {

/// Begin this life of the actor.
struct begin {
  actor_id actor;
  std::uint64_t generation = 0;
  life now;
  friend bool operator==(const begin&, const begin&) = default;
};
/// End this life. The store fences an actor that is stuck and goes on later.
struct end {
  actor_id actor;
  life last;
  friend bool operator==(const end&, const end&) = default;
};
/// Tell the coordinator of this epoch.
struct tell {
  epoch to;
  node_event what;
  friend bool operator==(const tell&, const tell&) = default;
};
struct detach {
  std::string node;
  friend bool operator==(const detach&, const detach&) = default;
};
/// The process ends, once its actors have.
struct leave {
  std::string why;
  friend bool operator==(const leave&, const leave&) = default;
};

}  // namespace agent_effects

using agent_effect = std::variant<agent_effects::begin, agent_effects::end, agent_effects::tell,
                                  agent_effects::detach, agent_effects::leave>;
using agent_effect_list = std::vector<agent_effect>;

class node_agent {
public:
  /// `instance`: a random number of this process. `last_words`: of earlier ones, ascending by actor; told until there is a
  /// session.
  node_agent(std::string node, std::uint64_t instance, std::uint32_t cores, std::uint32_t formats,
             std::vector<registration::last_word> last_words = {});

  /// Commands of a lower epoch than the highest are refused, those for another session passed over. One that leaves only
  /// says so, to each coordinator that asks.
  [[nodiscard]] agent_effect_list on_command(const node_command& c);
  /// An actor's life is over by a failure that a further life may not have: it gets the next count.
  [[nodiscard]] agent_effect_list on_failure(const actor_id& actor, const life& last);
  /// An actor's life is over. One that was fenced gets no higher life here: the coordinator is asked (H2).
  [[nodiscard]] agent_effect_list on_end(const actor_id& actor, const life& last, life_end how,
                                         const life& refused_by, const std::string& why);
  /// A connection to a coordinator is there (again).
  [[nodiscard]] registration describe() const;

  [[nodiscard]] epoch highest_epoch() const { return epoch_; }
  [[nodiscard]] cluster::session session() const { return session_; }
  [[nodiscard]] bool is_over() const { return is_over_; }

private:
  struct running {
    life now;
    std::uint64_t generation = 0;
  };

  void apply(const commands::register_again& c, agent_effect_list& out);
  void apply(const commands::welcome& c, agent_effect_list& out);
  void apply(const commands::leave& c, agent_effect_list& out);
  void apply(const commands::start& c, agent_effect_list& out);
  void apply(const commands::stop& c, agent_effect_list& out);
  void apply(const commands::detach& c, agent_effect_list& out);
  /// The life that runs, if this is it; it may have raised its count itself.
  [[nodiscard]] running* present(const actor_id& actor, const life& of);
  void end(const actor_id& actor, agent_effect_list& out);
  void note_begun(const actor_id& actor, incarnation term);
  [[nodiscard]] bool was_begun(const actor_id& actor, incarnation term) const;

  std::string node_;
  std::uint64_t instance_;
  std::uint32_t cores_, formats_;
  std::vector<registration::last_word> last_words_;
  epoch epoch_;
  cluster::session session_ = 0;
  bool is_over_ = false;
  std::map<actor_id, running> running_;
  std::map<actor_id, incarnation> begun_;
  incarnation begun_below_ = 0;
};

}  // namespace millrace::cluster
