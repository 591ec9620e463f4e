// One edge between two nodes: a lane-like sender on node a and its receiver on node b.
#pragma once

#include "tests/unit/link_actor/two_links.hpp"

#include <catch2/catch.hpp>

namespace millrace::link::test {

struct one_edge : two_links {
  explicit one_edge(int logs = 2, limits l = {})
      : two_links(l), lane(std::make_shared<model_lane>(logs)),
        receiver(std::make_shared<model_receiver>(life(7), logs)), number_of_logs(logs) {
    lane_actor = system.spawn(lane_model_behaviour, lane);
    news[0]->lane = lane_actor;
    caf::anon_send(links[0], local_up{edge, messages::frame_sender(lane_actor), lane->now});
    begin_receiver();
  }
  ~one_edge() {
    lane->receiver = nullptr;
    receiver->kept.clear();
    caf::anon_send_exit(lane_actor, caf::exit_reason::user_shutdown);
    caf::anon_send_exit(receiver_actor, caf::exit_reason::user_shutdown);
    turns.run();
  }
  one_edge(const one_edge&) = delete;
  one_edge& operator=(const one_edge&) = delete;

  void begin_receiver() {
    receiver_actor = system.spawn(receiver_model_behaviour, receiver);
    caf::anon_send(links[1], local_up{edge, messages::frame_receiver(receiver_actor), receiver->now});
    caf::anon_send(links[0], remote_up{edge, receiver->now});
  }
  void send_up_to(std::int64_t until) {
    lane->until = until;
    caf::anon_send(lane_actor, go_on{});
  }
  /// The set of letters depends on where frames were cut, their order never.
  void check_in_order() const {
    CHECK_FALSE(receiver->broken);
    for (const auto& [log, positions] : receiver->letters)
      for (std::size_t i = 1; i < positions.size(); ++i)
        REQUIRE(positions[i - 1] < positions[i]);
  }

  std::shared_ptr<model_lane> lane;
  std::shared_ptr<model_receiver> receiver;
  int number_of_logs;
  lane_model lane_actor;
  receiver_model receiver_actor;
};

}  // namespace millrace::link::test
