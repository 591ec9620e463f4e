// The way between two link actors in memory, for tests: bytes wait until the test carries them, and it breaks,
// loses one direction, brings bytes late or twice as the test says. One thread.
#pragma once

#include "actors/link/link_actor.hpp"

#include <caf/send.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <deque>
#include <memory>
#include <string>

namespace millrace::link::test {

/// Both directions; 0 and 1 are the two sides.
struct memory_wire {
  bool is_open = false;
  bool refuses[2] = {};      // nobody listens at this side's address
  bool unreachable = false;  // no way can be opened
  bool loses[2] = {};        // loses messages to this side
  std::deque<std::string> to[2];
  way_user users[2];
  int tries[2] = {};  // tries to open a way, by side
  int closed_by[2] = {};

  void open() {
    is_open = true;
    for (auto& waiting : to)
      waiting.clear();
    for (const auto& u : users)
      caf::anon_send(u, way_opened{});
  }
  void cut() {
    is_open = false;
    for (auto& waiting : to)
      waiting.clear();
    for (const auto& u : users)
      if (u)
        caf::anon_send(u, way_closed{outside_error(ec::unavailable, "the test has cut it").value()});
  }
  /// The next that waits for this side. False: nothing does.
  bool carry(int side) {
    if (to[side].empty())
      return false;
    auto bytes = std::move(to[side].front());
    to[side].pop_front();
    give(side, std::move(bytes));
    return true;
  }
  void give(int side, std::string bytes) {
    if (!loses[side] && users[side])
      caf::anon_send(users[side], whole_came{make_piece(std::move(bytes))});
  }
};

inline transport::behavior_type memory_transport(transport::pointer self,
                                                 const std::shared_ptr<memory_wire>& wire, int side) {
  return {
      [=](const open_way&) {
        ++wire->tries[side];
        if (wire->is_open)
          return;  // the peer has opened it meanwhile, and said so
        const auto& me = wire->users[side];
        if (wire->refuses[1 - side])
          self->send(me, way_refused{});
        else if (wire->unreachable || wire->refuses[side] || !wire->users[1 - side])
          self->send(me, way_closed{outside_error(ec::unavailable, "nobody answers").value()});
        else
          wire->open();
      },
      [=](const close_way&) {
        ++wire->closed_by[side];
        if (wire->is_open)
          wire->cut();
      },
      [=](const send_whole& m) {
        if (wire->is_open)
          wire->to[1 - side].push_back(text_of(m.bytes));
      },
      [=](const messages::stop&) {
        wire->users[side] = nullptr;
        if (wire->is_open)
          wire->cut();
        self->quit();
      },
  };
}

inline transport_factory side_of(const std::shared_ptr<memory_wire>& wire, int side) {
  return [=](caf::actor_system& system, way_user user) {
    wire->users[side] = std::move(user);
    return system.spawn(memory_transport, wire, side);
  };
}

}  // namespace millrace::link::test
