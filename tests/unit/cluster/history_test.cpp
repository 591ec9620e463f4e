// The lines that a coordinator's log has of its cluster.
#include "runtime/cluster/history.hpp"
#include "tests/unit/cluster/control_examples.hpp"

#include <catch2/catch.hpp>

namespace millrace::cluster {
namespace {

using texts = std::vector<std::string>;

texts texts_of(const std::vector<told_event>& all) {
  texts out;
  for (const auto& e : all)
    out.push_back(e.text);
  return out;
}

/// Three nodes, and a topology that runs on two of them.
control_state running() {
  return test::state_of({records::founded{"c", 1}, records::session_given{"a", 1, 1},
                         records::session_given{"b", 2, 2}, records::session_given{"d", 3, 3},
                         records::topology_applied{"clicks",
                                                   "",
                                                   1,
                                                   {{"p/lane0", actor_kind::lane, "p"},
                                                    {"w/0/0", actor_kind::shard, "w"},
                                                    {"file", actor_kind::sink, "file", true, "b"}}},
                         records::placed{{"clicks", "p/lane0"}, "a", 1, 1},
                         records::placed{{"clicks", "w/0/0"}, "b", 2, 2},
                         records::placed{{"clicks", "file"}, "b", 2, 3}});
}

told_event only(const change& what) {
  const auto all = events_of(running(), what);
  REQUIRE(all.size() == 1);
  return all.front();
}

node_watch watch_of(const control_state& s) {
  node_watch out{silence{}};
  for (const auto& [name, n] : s.nodes)
    out.arrived(name, {n.instance, n.session, 1, 1, micros(0), false});
  return out;
}

}  // namespace

TEST_CASE("a node that joins, leaves in order or dies is told, with its name") {
  CHECK(only({records::session_given{"e", 9, 4}}) ==
        told_event{event_kind::join, weight::normal, "node e has joined under session 4", "", "e"});
  CHECK(only({records::session_ended{"b", 2, false, 0}}) ==
        told_event{event_kind::leave, weight::normal, "node b has left in order", "", "b"});
  CHECK(only({records::session_ended{"b", 2, true, 0}}) ==
        told_event{event_kind::death, weight::warning, "node b is lost: its process has died", "", "b"});
}

TEST_CASE("actors that a change places on one node are one line, which says where they were") {
  const auto all = events_of(running(), {records::placed{{"clicks", "w/0/0"}, "d", 3, 4},
                                         records::placed{{"clicks", "file"}, "d", 3, 5},
                                         records::placed{{"clicks", "p/lane0"}, "d", 3, 6}});
  CHECK(texts_of(all) == texts{"topology clicks: node d takes clicks/p/lane0 from node a",
                               "topology clicks: node d takes clicks/w/0, clicks/file from node b"});
  CHECK(all.back().topology == "clicks");
  CHECK(all.back().node == "d");
  CHECK(all.back().actors == texts{"clicks/w/0", "clicks/file"});
  change many;
  for (int i = 0; i < 25; ++i)
    many.push_back(records::placed{{"new", "w/0/" + std::to_string(i)}, "a", 1, 10});
  CHECK(only(many).text.ends_with("new/w/18, new/w/19 and 5 more"));
}

TEST_CASE("what becomes of a topology is told, a failure as an error with actor and reason") {
  CHECK(only({records::topology_applied{"sales", "", 1, {{"x"}, {"y"}}}}).text ==
        "topology sales is applied: plan 1 with 2 actors");
  CHECK(only({records::topology_applied{"clicks", "", 2, {{"x"}}}}).text ==
        "topology clicks is applied anew: plan 2 with 1 actor replaces the one that runs");
  CHECK(only({records::stop_asked{"clicks"}}).text == "topology clicks is asked to stop");
  CHECK(only({records::finished{"clicks"}}) ==
        told_event{event_kind::end, weight::normal, "topology clicks has ended", "clicks"});
  CHECK(only({records::topology_failed{"clicks", "w/0/0", "the disk is full"}}) ==
        told_event{event_kind::failure,
                   weight::error,
                   "topology clicks has failed: w/0: the disk is full",
                   "clicks",
                   "",
                   {"clicks/w/0"}});
  CHECK(only({records::topology_failed{"clicks", "clicks", "no plan"}}) ==
        told_event{event_kind::failure, weight::error, "topology clicks has failed: no plan", "clicks"});
  CHECK(only({records::pause_set{"clicks", true}}) ==
        told_event{event_kind::pause, weight::normal,
                   "topology clicks is paused: nothing is read until it is resumed", "clicks"});
  CHECK(events_of(running(), {records::pause_set{"clicks", false}}).empty());
  CHECK(only({records::topology_removed{"clicks"}}).text ==
        "topology clicks is removed: its state and its dead letters go");
}

TEST_CASE("the end of a topology that was asked to stop is a stop, and from there on it begins again") {
  auto s = running();
  REQUIRE(s.apply(records::stop_asked{"clicks"}));
  CHECK(texts_of(events_of(s, {records::finished{"clicks"}})) == texts{"topology clicks has stopped"});
  REQUIRE(s.apply(records::finished{"clicks"}));
  CHECK(texts_of(events_of(s, {records::topology_applied{"clicks", "", 2, {}}})) ==
        texts{"topology clicks starts again: plan 2 with 0 actors; it had been stopped"});
  CHECK(texts_of(events_of(
            s, {records::topology_removed{"clicks"}, records::topology_applied{"clicks", "", 2, {}}})) ==
        texts{"topology clicks is removed: its state and its dead letters go",
              "topology clicks is applied: plan 2 with 0 actors"});
}

TEST_CASE("a node that is forgotten is a warning with what it alone had") {
  const auto b = only({records::node_forgotten{"b"}});
  CHECK(b.how == weight::warning);
  CHECK(b.text == "node b is forgotten: clicks/file begin anew elsewhere, without what that node alone had");
  CHECK(b.actors == texts{"clicks/file"});
  CHECK(only({records::node_forgotten{"a"}}).text == "node a is forgotten");
}

TEST_CASE(
    "an actor that has ended a process by a signal is told; a process that was ended from outside is not") {
  const crash by_signal{"b", 7, 11, {}, 0};
  CHECK(only({records::crash_told{{"clicks", "w/0/0"}, by_signal}}).text ==
        "clicks/w/0 has taken down a process of node b, by signal 11");
  CHECK(events_of(running(), {records::crash_told{{"clicks", "w/0/0"}, {"b", 7, 0, {}, 0}}}).empty());
}

TEST_CASE("a node that falls silent is told once, and that it is heard again") {
  const auto s = running();
  auto watch = watch_of(s);
  node_history history(s, "d");
  CHECK(history.look(s, watch).empty());
  watch.gone("b");
  const auto lost = history.look(s, watch);
  CHECK(lost ==
        std::vector{told_event{event_kind::silence, weight::warning,
                               "node b is lost: it is silent, and what it runs begins elsewhere", "", "b"}});
  CHECK(history.look(s, watch).empty());
  watch.arrived("b", {2, 2, 1, 1, micros(0), false});
  CHECK(texts_of(history.look(s, watch)) == texts{"node b is heard again"});
  CHECK(history.look(s, watch).empty());
}

TEST_CASE("a node whose end is recorded is not silent, and neither is one that a new coordinator waits for") {
  auto s = running();
  node_watch watch{silence{}};
  for (const auto& [name, _] : s.nodes)
    watch.await(name, micros(0));
  node_history history(s, "d");
  CHECK(history.look(s, watch).empty());
  REQUIRE(s.apply(records::session_ended{"b", 2, true, 0}));
  watch.gone("b");
  CHECK(history.look(s, watch).empty());
  watch.no_longer_await("a");
  CHECK(texts_of(history.look(s, watch)) ==
        texts{"node a is lost: it is silent, and what it runs begins elsewhere"});
}

TEST_CASE("a node that leads is not lost to itself") {
  const auto s = running();
  const node_watch nobody{silence{}};
  node_history history(s, "a");
  CHECK(texts_of(history.look(s, nobody)) ==
        texts{"node b is lost: it is silent, and what it runs begins elsewhere",
              "node d is lost: it is silent, and what it runs begins elsewhere"});
}

TEST_CASE("the begin and the end of a drain are told") {
  auto s = running();
  const auto watch = watch_of(s);
  node_history history(s, "d");
  CHECK(texts_of(events_of(s, {records::drain_set{"a", true}})) ==
        texts{"node a is asked to give away what it runs"});
  REQUIRE(s.apply(records::drain_set{"a", true}));
  CHECK(history.look(s, watch).empty());
  REQUIRE(s.apply(records::placed{{"clicks", "p/lane0"}, "b", 2, 4}));
  CHECK(texts_of(history.look(s, watch)) == texts{"node a is drained: it runs nothing"});
  CHECK(history.look(s, watch).empty());
  CHECK(node_history(s, "d").look(s, watch).empty());  // the next coordinator does not repeat it
}

TEST_CASE("records that other lines tell of are not told here") {
  CHECK(events_of(running(), {records::verdict_given{"clicks", "p/0", {}, "x"},
                              records::term_granted{{"clicks", "w/0/0"}, 9}})
            .empty());
}

}  // namespace millrace::cluster
