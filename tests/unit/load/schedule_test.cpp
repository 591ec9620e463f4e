#include "tools/load/schedule.hpp"

#include <catch2/catch.hpp>

using namespace millrace;
using millrace::load::schedule;

TEST_CASE("a steady schedule spaces records evenly and does not drift") {
  const auto s = schedule::steady(300'000);
  CHECK(s.paced());
  CHECK(s.at(0) == micros(0));
  CHECK(s.at(3) == micros(10));
  CHECK(s.at(300'000) == micros(1'000'000));
  CHECK(s.at(300'000ULL * 86'400) == micros(86'400'000'000));
}

TEST_CASE("the records that are due are those whose moment has come") {
  for (const auto& s : {schedule::steady(7), schedule::steady(1'000'000), schedule::bursts(5, micros(300))})
    for (std::int64_t t = 0; t < 2'000; t += 7) {
      const auto due = s.due_by(micros(t));
      CAPTURE(t, due);
      CHECK(s.at(due - 1) <= micros(t));
      CHECK(s.at(due) > micros(t));
    }
  CHECK(schedule::steady(10).due_by(micros(-1)) == 0);
}

TEST_CASE("the records of a burst are due together") {
  const auto s = schedule::bursts(3, micros(1'000));
  CHECK(s.at(0) == micros(0));
  CHECK(s.at(2) == micros(0));
  CHECK(s.at(3) == micros(1'000));
  CHECK(s.due_by(micros(999)) == 3);
}

TEST_CASE("flat out everything is due at once") {
  CHECK_FALSE(schedule::flat_out().paced());
  CHECK(schedule::flat_out().at(1'000'000) == micros(0));
}
