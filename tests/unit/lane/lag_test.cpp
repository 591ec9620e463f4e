// A lane's lag, and the bytes that each receiver has yet to take, as they are shown.
#include "tests/unit/lane/driven_lane.hpp"

#include <catch2/catch.hpp>

using namespace millrace;
using namespace millrace::lane_test;
using namespace std::chrono_literals;

namespace {

void give(driven_lane& l, source::chunk c, source::backlog lag) {
  l.core.on_chunk(
      {l.ticket(lane::live_reader), std::make_shared<const source::chunk>(std::move(c)), {}, std::move(lag)},
      lane::live_reader);
}

std::vector<std::string> records(std::size_t n) { return std::vector<std::string>(n, "1"); }

}  // namespace

TEST_CASE("a lane's lag is that of its partitions, each told, and unknown where one is unknown") {
  driven_lane l(options_of({"0", "1"}));
  l.begin();
  give(l, chunk_of("0", 0, records(1)), {{{"0", 30}, {"1", 5}}});
  CHECK(l.gauges->lag_at(l.around.time) == 35);
  CHECK(l.gauges->of("0")->lag == 30);
  CHECK(l.gauges->of("1")->lag == 5);
  give(l, chunk_of("0", 1, records(1)), {{{"0", 20}}});
  CHECK(l.gauges->lag_at(l.around.time) == -1);
  CHECK(l.gauges->of("0")->lag == 20);
  CHECK(l.gauges->of("1")->lag == -1);
}

TEST_CASE("a source that makes records by its rate lags by those that are due, not by all that are yet to be "
          "made") {
  auto o = options_of({"0"});
  o.rate = 10;
  driven_lane l(std::move(o));
  l.begin();
  give(l, chunk_of("0", 0, records(100)), {{{"0", 9'900}}, true});
  l.pass(3s);
  CHECK(l.gauges->records >= 20);
  CHECK(l.gauges->lag_at(l.around.time) <= 1);  // the lane is in step
  l.core.on_set_paused(true);
  CHECK(l.gauges->lag_at(l.around.time + 60s) >= 600);
  CHECK(l.gauges->lag_at(l.around.time + 60s) <= 601);
  CHECK(l.gauges->lag_at(l.around.time + 10h) <= 9'980);  // no more than are left
  CHECK(l.gauges->lag_at(l.around.time + 10h) >= 9'900);
  l.pass(60s);
  l.core.on_set_paused(false);  // a rate makes up for a fifth of a second
  l.pass(1s);
  CHECK(l.gauges->lag_at(l.around.time) <= 1);
}

TEST_CASE("bytes are shown by the receiver that has yet to take them") {
  auto o = options_of({"0"});
  for (int receiver = 0; receiver < 3; ++receiver)
    o.gauges->held.emplace_back(0);
  driven_lane l(std::move(o));
  l.begin();
  l.give(caught_up(chunk_of("0", 0, {"!"})));  // a dead letter
  CHECK(l.gauges->held[0] > 0);
  CHECK(l.gauges->held[0] + l.gauges->held[1] + l.gauges->held[2] == l.gauges->in_flight_bytes);
  l.take_all(0);
  CHECK(l.gauges->held[0] == 0);
}
