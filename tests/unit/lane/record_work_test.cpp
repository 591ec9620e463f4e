// Tests a lane's work on records: which late records are noted, and what is told of work that fails.
#include "tests/unit/lane/driven_lane.hpp"

#include <catch2/catch.hpp>

using namespace millrace;
using namespace millrace::lane_test;

namespace {

config::window_plan counting(window::shape kind) {
  config::window_plan w;
  w.sides[0].input.input = w.sides[0].input.output = seconds_parser::schema();
  w.definition.kind = kind;
  w.definition.size = w.definition.slide = 10s;
  w.definition.gap = 5s;
  return w;
}

/// Options of a lane whose second receiver is the one shard of this window.
lane::lane_options before_window(config::window_plan w, stage::losses& noted) {
  auto o = options_of({"0"});
  auto topology = std::make_shared<config::topology>(*o.plan->topology);
  auto& counts = topology->stages.emplace_back();
  counts.name = "counts";
  counts.plan = std::move(w);
  auto plan = std::make_shared<lane::lane_plan>(*o.plan);
  plan->source = topology->stages.data();
  plan->parser = &topology->stages[1];
  plan->edges[1] = {lane::edge::kind::window, 2, "counts", 1, 1};
  lane::window_node node{
      2, &std::get<config::window_plan>(topology->stages[2].plan), config::side::left, 1, {}};
  plan->roots.push_back({std::move(node)});
  plan->topology = std::move(topology);
  o.plan = std::move(plan);
  o.losses = std::shared_ptr<stage::losses>(std::shared_ptr<void>(), &noted);
  return o;
}

struct heard {
  std::vector<stage::loss_notice> notices;
  stage::losses losses{[this](const stage::loss_notice& n) { notices.push_back(n); }};
};

/// Throws no std::exception.
class odd_parser final : public parser::record_parser {
public:
  parser::parsed parse(const source::chunk&) override { throw 7; }
};

}  // namespace

TEST_CASE(
    "late records are noted with the first of them and the reason, unless a receiver has had it before") {
  heard h;
  auto o = before_window(counting(window::shape::aligned), h.losses);
  driven_lane l(std::move(o));
  l.begin();
  l.give(caught_up(chunk_of("0", 0, {"5", "25", "7", "8"})));
  REQUIRE(h.notices.size() == 1);
  CHECK(h.notices[0].what == stage::loss::late);
  CHECK(h.notices[0].stage == "counts");
  CHECK(h.notices[0].count == 2);
  CHECK(h.notices[0].example.partition == "0");
  CHECK(h.notices[0].example.at == position{0, 2});
  CHECK(h.notices[0].example.reason ==
        "its time 1970-01-01T00:00:07Z lies in windows that had ended by then: the "
        "watermark was at 1970-01-01T00:00:25Z");
  auto again = before_window(counting(window::shape::aligned), h.losses);
  driven_lane next(std::move(again));
  next.begin_at(4, 0, 0);  // the first one has had all
  next.give(caught_up(chunk_of("0", 0, {"5", "25", "7", "8"})));
  CHECK(next.got(1) == ranges{"0-4"});
  CHECK(h.losses.all().at("counts").late == 2);
}

TEST_CASE("a late version is said to lie further behind the watermark than late_versions lets it") {
  heard h;
  auto w = counting(window::shape::interval);
  w.sides.push_back(w.sides[0]);
  w.definition.size = w.definition.slide = 1us;
  w.definition.join.emplace().newest = true;
  w.definition.join->before = 10s;
  auto o = before_window(std::move(w), h.losses);
  auto plan = std::make_shared<lane::lane_plan>(*o.plan);
  auto& node = std::get<lane::window_node>(plan->roots.back().what);
  node.side = config::side::right;
  o.plan = std::move(plan);
  driven_lane l(std::move(o));
  l.begin();
  l.give(caught_up(chunk_of("0", 0, {"5", "25", "7", "18"})));
  REQUIRE(h.notices.size() == 1);
  CHECK(h.notices[0].count == 1);
  CHECK(h.notices[0].example.reason ==
        "its version, from 1970-01-01T00:00:07Z on, lies behind the watermark by more than the 10 seconds of "
        "late_versions: the watermark was at 1970-01-01T00:00:25Z");
}

TEST_CASE("a session's late record is said to have come after its gap") {
  heard h;
  auto w = counting(window::shape::session);
  const bool bounded = GENERATE(true, false);
  w.definition.bounded = bounded;
  driven_lane l(before_window(std::move(w), h.losses));
  l.begin();
  l.give(caught_up(chunk_of("0", 0, {"25", "7"})));
  REQUIRE(h.notices.size() == 1);
  CHECK(h.notices[0].example.reason ==
        "its time 1970-01-01T00:00:07Z and the " + std::string(bounded ? "gap" : "state_ttl") +
            " of 5 seconds had passed by then: the watermark was at 1970-01-01T00:00:25Z");
}

TEST_CASE("work that throws something of another kind is told as well") {
  auto o = options_of({"0"});
  o.make_parser = []() -> expected<std::unique_ptr<parser::record_parser>> {
    return std::make_unique<odd_parser>();
  };
  driven_lane l(std::move(o));
  l.begin();
  CHECK_THROWS_AS(l.give(chunk_of("0", 0, {"1"})), int);
  CHECK(
      l.has_said("1 record of parsed/0 at positions 0:0 to 0:1 made it fail: an exception of unknown type"));
  CHECK(l.around.failing.next("parsed/0", {0, 0}, {0, 1}).has_value());
}
