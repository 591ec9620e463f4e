#include "tools/cli/stop_desk.hpp"

#include <catch2/catch.hpp>

using namespace millrace::cli;

TEST_CASE("a stop is told once, also one that came before there was anything to stop") {
  stop_desk desk;
  int stops = 0, reports = 0;
  desk.stop();
  desk.report();  // nothing runs that could
  CHECK(desk.asked());
  {
    const attached takes(
        desk, [&] { ++stops; }, [&] { ++reports; });
    CHECK(stops == 1);
    desk.stop();
    desk.report();
  }
  CHECK(stops == 1);
  CHECK(reports == 1);
}

TEST_CASE("a signal after the end reaches nothing that has ended") {
  stop_desk desk;
  int stops = 0;
  {
    const attached takes(
        desk, [&] { ++stops; }, [] {});
  }
  CHECK_FALSE(desk.asked());
  desk.stop();
  desk.report();
  CHECK(desk.asked());
  CHECK(stops == 0);
}
