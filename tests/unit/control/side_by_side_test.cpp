#include "runtime/control/side_by_side.hpp"
#include "tests/support/meeting.hpp"

#include <catch2/catch.hpp>

#include <stdexcept>
#include <thread>
#include <vector>

using namespace millrace;
using namespace millrace::control;
using millrace::test::meeting;

TEST_CASE("every job is done once, with as many threads at once as there may be") {
  std::vector<int> done(7);
  side_by_side(done.size(), 3, [&](std::size_t i) { ++done[i]; });
  CHECK(done == std::vector<int>(7, 1));
  meeting all(3);
  std::vector<int> met(3);
  side_by_side(3, 3, [&](std::size_t i) { met[i] = all.come() ? 1 : 0; });
  CHECK(met == std::vector<int>(3, 1));
}

TEST_CASE("with one thread jobs run in order, on the caller's") {
  for (const std::size_t threads : {0U, 1U}) {
    std::vector<std::size_t> order;
    const auto me = std::this_thread::get_id();
    side_by_side(5, threads, [&](std::size_t i) {
      CHECK(std::this_thread::get_id() == me);
      order.push_back(i);
    });
    CHECK(order == std::vector<std::size_t>{0, 1, 2, 3, 4});
  }
  side_by_side(0, 4, [](std::size_t) { FAIL("there is no job"); });
}

TEST_CASE("a job that throws keeps no other from running, and the first exception comes out") {
  std::vector<int> done(6);
  CHECK_THROWS_WITH(side_by_side(done.size(), 2,
                                 [&](std::size_t i) {
                                   ++done[i];
                                   if (i == 2 || i == 4)
                                     throw std::runtime_error("job " + std::to_string(i));
                                 }),
                    "job 2");
  CHECK(done == std::vector<int>(6, 1));
}
