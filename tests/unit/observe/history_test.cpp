#include "actors/observe/history.hpp"

#include <catch2/catch.hpp>

using namespace millrace;
using namespace millrace::observe;
using namespace std::chrono_literals;

namespace {

using api::trouble_code;
using api::answers::trouble;

event one(event_micros at, std::string text) {
  return event_of({cluster::event_kind::join, cluster::weight::normal, std::move(text), {}, "b"}, at);
}

struct looking {
  health_history history;
  health_history::clock::time_point now{1h};

  std::vector<std::string> after(std::chrono::seconds passed, const std::vector<trouble>& all,
                                 const std::set<std::string>& running = {"t"}) {
    std::vector<std::string> out;
    now += passed;
    for (const auto& e : history.look(all, running, now))
      out.push_back(e.text);
    return out;
  }
};

trouble table_is_away() {
  return {"t", trouble_code::target_away, "table", "b", "waiting for the target of table", "refused", {}};
}
trouble source_is_away() {
  return {"t", trouble_code::source_away, "clicks", "a", "waiting for the source clicks", {}, {}};
}

using texts = std::vector<std::string>;

}  // namespace

TEST_CASE("events come back from their lines, and a line that is none is passed over") {
  auto second = one(2, "node b has \"left\"\n at once");
  second.topology = "t";
  second.actors = {"t/counts/0"};
  second.through = "a";
  const std::vector all{one(1, "node b has joined"), second};
  CHECK(events_in(lines_of(all)) == all);
  CHECK(events_in(lines_of({all[0]}) + "{\"at\":1}\nno JSON\n" + lines_of({all[1]})) == all);
  CHECK(events_in("").empty());
}

TEST_CASE("the newest thousand events are kept, and fewer are given where fewer are asked for") {
  std::vector<event> all;
  for (int i = 0; i < 1'200; ++i)
    add_events(all, {one(i, "x")});
  REQUIRE(all.size() == most_events);
  CHECK(all.front().at.at == 200);
  CHECK(newest_of({all}, 0).events.size() == most_events);
  const auto two = newest_of({all}, 2).events;
  REQUIRE(two.size() == 2);
  CHECK(two.front().at.at == 1'198);
}

TEST_CASE("a topology is degraded by each trouble once, and healthy again when the last one is over") {
  looking l;
  CHECK(l.after(1s, {}).empty());
  CHECK(l.after(1s, {table_is_away()}) ==
        texts{"topology t is degraded: waiting for the target of table, on b: refused"});
  CHECK(l.after(1s, {table_is_away()}).empty());
  CHECK(l.after(1s, {table_is_away(), source_is_away()}) ==
        texts{"topology t is degraded: waiting for the source clicks, on a"});
  CHECK(l.after(30s, {source_is_away()}).empty());
  CHECK(l.after(5s, {}).empty());
  CHECK(l.after(5s, {}) == texts{"topology t is healthy again, after 32 seconds"});
  CHECK(l.after(60s, {}).empty());
}

TEST_CASE("a trouble that comes and goes within ten seconds is one") {
  looking l;
  CHECK(l.after(0s, {table_is_away()}).size() == 1);
  for (int i = 0; i < 20; ++i) {
    CHECK(l.after(9s, {}).empty());
    CHECK(l.after(0s, {table_is_away()}).empty());
  }
  CHECK(l.after(10s, {}) == texts{"topology t is healthy again, after 3 minutes"});
}

TEST_CASE("a topology that runs no more is neither degraded nor healthy") {
  looking l;
  CHECK(l.after(1s, {table_is_away()}, {}).empty());
  CHECK(l.after(1s, {table_is_away()}).size() == 1);
  CHECK(l.after(1s, {table_is_away()}, {}).empty());
  CHECK(l.after(60s, {}).empty());
}
