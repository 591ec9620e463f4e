// The network between simulated processes of nodes, in the place of CAF's and TLS: each link's transport is
// an actor here, bytes take their time, and ways are cut, lose or hold back what goes in one direction, or
// bring bytes of earlier times once more. Bytes that are not cut off come in order, once.
#pragma once

#include "actors/link/link_actor.hpp"

#include <caf/actor_system.hpp>
#include <caf/scheduler/test_coordinator.hpp>

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace millrace::simulation {

/// A process of a node: the node's name, and the instance, which rises with each.
using process_name = std::pair<std::string, std::uint64_t>;

class network {
public:
  network(caf::actor_system& system, caf::scheduler::test_coordinator& scheduler, std::uint64_t seed,
          micros mean_delay);
  network(const network&) = delete;
  network& operator=(const network&) = delete;

  /// Once, last.
  void stop();

  /// It listens from now on, in the place of any other at that port.
  void listen(const process_name& who, std::uint16_t port);
  /// Makes the transport of the link to `peer`, which listens at `port`.
  [[nodiscard]] link::transport_factory transport(const process_name& me, const std::string& peer,
                                                  std::uint16_t port);
  /// It is dead: nobody hears of it again. Its machine refuses those who try; they hear nothing if it is off,
  /// too.
  void die(const process_name& who, bool machine_is_off);

  enum class trouble : std::uint8_t { none, loses, holds_back };
  /// Gives the ways from one to the other this trouble from now on. Each new way has it, too.
  void set_trouble(const process_name& from, const process_name& to, trouble t);
  /// The way between the two breaks, and each side is told of that sooner or later.
  void cut(const process_name& a, const process_name& b);
  /// Something that was sent to this process before comes once more.
  void repeat_to(const process_name& who);

  /// Its actor has a turn then.
  void wake_in(micros time);
  /// The network's own actor, which has to get turns.
  [[nodiscard]] const caf::actor& clock_work() const { return clock_work_; }

private:
  friend struct transport_turns;
  struct came {
    std::string bytes;
  };
  struct opened {};
  struct closed {};
  struct refused {};
  using news = std::variant<came, opened, closed, refused>;
  struct arrival {
    caf::actor_clock::time_point due;
    news what;
  };
  /// One side of a link: whose it is, and the node it leads to.
  using side = std::pair<process_name, std::string>;
  struct end {
    link::way_user user;
    std::uint64_t transport = 0;  // its number: one that was replaced still has turns
    std::uint64_t way = 0;        // the open one; 0: none
    side other = {};              // that way's other side
    caf::actor_clock::time_point last_due{};
    std::deque<arrival> arrivals = {};
    std::deque<std::string> held_back = {};  // bytes on their way to it, for as long as that trouble lasts
    std::vector<std::string> seen = {};
  };

  /// Null where the transport of that number has been replaced, or its process is dead.
  [[nodiscard]] end* find(const side& me, std::uint64_t transport);
  /// The other side of its open way; null where that is not open there.
  [[nodiscard]] end* other_of(const end& e);
  void try_open(const side& me, end& mine, std::uint16_t port);
  void close(const side& me, end& mine);
  void send(const side& me, const end& mine, std::string bytes);
  void leave(const side& me, const end& mine);
  void break_way(end& e);
  void arrive(end& e, news what, micros in);
  void deliver();
  void give(const end& e, const news& what);
  [[nodiscard]] bool is_cut(const process_name& a, const process_name& b) const;
  [[nodiscard]] trouble trouble_of(const process_name& from, const process_name& to) const;
  [[nodiscard]] micros some_delay();

  caf::scheduler::test_coordinator& scheduler_;
  std::mt19937_64 random_;
  micros mean_delay_;
  caf::actor clock_work_;
  std::map<std::uint16_t, process_name> listening_;
  std::set<process_name> off_;   // processes that are off with their machines
  std::set<process_name> dead_;  // and the others
  std::map<side, end> ends_;
  std::map<std::pair<process_name, process_name>, trouble> troubles_;
  std::uint64_t ways_ = 0;
  std::uint64_t transports_ = 0;
};

}  // namespace millrace::simulation
