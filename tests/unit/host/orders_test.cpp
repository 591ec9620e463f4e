// The orders of a director, and what each comes to on the node of its actor.
#include "actors/node/host/orders.hpp"

#include <catch2/catch.hpp>

namespace millrace::host {
namespace {

namespace director_effects = control::director_effects;

template<class Message>
Message message_of(const control::actor_order& o, const std::string& to) {
  const auto all = effects_of("b", o);
  REQUIRE(all.size() == 1);
  const auto& t = std::get<order_effects::tell>(all.front());
  CHECK(t.to == to);
  return std::get<Message>(t.what);
}

order_effects::introduce introduced_by(const control::actor_order& o) {
  const auto all = effects_of("b", o);
  REQUIRE(all.size() == 1);
  return std::get<order_effects::introduce>(all.front());
}

}  // namespace

TEST_CASE("a receiver that lives is introduced on its edge, with its node and index") {
  const auto d = introduced_by(director_effects::tell_receiver{"p/lane0", 2, "w/0", true, {7, 3}});
  CHECK(d.edge == link::edge_name{"p/lane0", "w/0"});
  CHECK(d.who.node == "b");
  CHECK(d.who.to == "p/lane0");
  CHECK(d.who.index == 2);
  CHECK_FALSE(d.who.log);
  CHECK(d.who.remote == life(7, 3));
}

TEST_CASE("a receiver that is down is forgotten on its edge before its lane hears of it") {
  const auto all = effects_of("b", director_effects::tell_receiver{"p/lane0", 2, "w/0", false, {7, 3}});
  REQUIRE(all.size() == 2);
  CHECK(std::get<order_effects::forget>(all[0]).edge == link::edge_name{"p/lane0", "w/0"});
  const auto& t = std::get<order_effects::tell>(all[1]);
  CHECK(t.to == "p/lane0");
  const auto& down = std::get<messages::receiver_down>(t.what);
  CHECK(down.receiver == 2);
  CHECK(down.life == life(7, 3));
}

TEST_CASE("a sender is introduced on the edge that comes from it, with its log") {
  const auto d = introduced_by(director_effects::tell_sender{"raw", "w/0/1", "w/1", 4});
  CHECK(d.edge == link::edge_name{"w/1", "raw"});
  CHECK(d.who.to == "raw");
  CHECK(d.who.log == log_id("w/0/1"));
  CHECK(d.who.remote == life(4));
}

TEST_CASE("a dead-letter sink is introduced as the first receiver of the sink that forwards to it") {
  const auto d = introduced_by(director_effects::tell_dead_letter_sink{"raw", "dead", 4});
  CHECK(d.edge == link::edge_name{"raw", "dead"});
  CHECK(d.who.to == "raw");
  CHECK(d.who.index == 0);
  CHECK_FALSE(d.who.log);
}

TEST_CASE("any other order is one message to its actor") {
  const auto log = message_of<messages::log_found>(director_effects::tell_log{"w/0", "p/5", {{0, 3}}}, "w/0");
  CHECK(log.log == "p/5");
  CHECK(log.start == mark{{0, 3}});
  const auto partition = message_of<messages::partition_started>(
      director_effects::tell_partition{"p/lane0", "5", "p/lane1"}, "p/lane0");
  CHECK(partition.partition == "5");
  CHECK(partition.lane == "p/lane1");
  CHECK(message_of<messages::others_stand_at>(director_effects::tell_slowest{"p/lane0", 40}, "p/lane0")
            .slowest == 40);
  CHECK(
      message_of<messages::set_paused>(director_effects::tell_paused{"p/lane0", true}, "p/lane0").is_paused);
  CHECK(message_of<messages::fail_now>(director_effects::restart{"w/0"}, "w/0").reason ==
        messages::restart_was_asked);
  static_cast<void>(message_of<messages::collect_report>(director_effects::collect{"w/0"}, "w/0"));
  static_cast<void>(message_of<messages::stop>(director_effects::stop{"w/0"}, "w/0"));
}

}  // namespace millrace::host
