// Tests what is decided of captures alone: when one is due, what an answer of the disk means, and what waits for it.
#include "actors/stream/shard/captures.hpp"

#include <catch2/catch.hpp>

namespace millrace::shard {
namespace {

using namespace std::chrono_literals;
using due = captures::due;
using outcome = captures::outcome;

const error no_space{ec::io, fault::outside, true, "no space left", {}};
const error newer{ec::fenced, fault::outside, false, "a newer life has the chain", {}};
const captures::time_point start{};

captures::answer durable(captures& c) { return c.written(start, {}); }
captures::answer refused(captures& c) { return c.written(start, no_space); }

}  // namespace

TEST_CASE("a capture is due by time where anything has changed, and none is under way") {
  captures c;
  CHECK(c.on_time(false) == due::none);
  CHECK(c.on_time(true) == due::changes);
  c.begun(start, 10);
  CHECK(c.on_time(true) == due::none);
  CHECK(durable(c).what == outcome::durable);
  CHECK(c.on_time(true) == due::changes);
}

TEST_CASE("answers are of the oldest capture under way") {
  captures c;
  c.begun(start, 10);
  c.begun(start + 1s, 20);
  const auto first = c.written(start + 3s, {});
  CHECK(first.took == 3s);
  CHECK(first.bytes == 10);
  const auto second = c.written(start + 3s, {});
  CHECK(second.took == 2s);
  CHECK(second.bytes == 20);
}

TEST_CASE("a refusal is news once, and so is the end of refusals") {
  captures c;
  for (const auto what : {outcome::failed_first, outcome::failed}) {
    c.begun(start, 10);
    CHECK(refused(c).what == what);
  }
  for (const auto what : {outcome::durable_again, outcome::durable}) {
    c.begun(start, 10);
    CHECK(durable(c).what == what);
  }
  c.begun(start, 10);
  CHECK(refused(c).what == outcome::failed_first);
}

TEST_CASE("a capture that was refused is due again, although nothing has changed") {
  captures c;
  c.begun(start, 10);
  CHECK(c.on_time(false) == due::none);
  (void)refused(c);
  CHECK(c.on_time(false) == due::changes);
}

TEST_CASE("the writer is to write what it has once that is as much as it may hold") {
  captures c;
  c.begun(start, captures::most_unwritten - 1);
  (void)refused(c);
  CHECK(c.on_time(true) == due::changes);
  c.begun(start, 1);
  (void)refused(c);
  CHECK(c.on_time(true) == due::refused);
  c.begun(start, 0);
  (void)refused(c);
  CHECK(c.on_time(true) == due::refused);
  c.begun(start, 0);
  (void)durable(c);
  CHECK(c.on_time(true) == due::changes);
}

TEST_CASE("a life whose capture is fenced is over, whatever was refused before") {
  captures c;
  c.begun(start, 10);
  (void)refused(c);
  c.begun(start, 10);
  CHECK(c.written(start, newer).what == outcome::fenced);
  CHECK_FALSE(c.takes_report());
}

TEST_CASE("a stop is due once all that is under way has been answered") {
  captures c;
  SECTION("at once, where nothing has changed") {
    CHECK(c.on_stop(false) == due::none);
    CHECK(c.is_stopping());
    CHECK(c.stop_is_due());
  }
  SECTION("behind its own capture") {
    CHECK(c.on_stop(true) == due::changes);
    c.begun(start, 10);
    CHECK_FALSE(c.stop_is_due());
    (void)durable(c);
    CHECK(c.stop_is_due());
  }
  SECTION("behind the capture that is under way, too") {
    c.begun(start, 10);
    CHECK(c.on_stop(true) == due::changes);
    c.begun(start, 10);
    (void)refused(c);
    CHECK_FALSE(c.stop_is_due());
    (void)refused(c);
    CHECK(c.stop_is_due());
  }
  SECTION("behind the capture that is under way, where nothing has changed since") {
    c.begun(start, 10);
    CHECK(c.on_stop(false) == due::none);
    CHECK_FALSE(c.stop_is_due());
    (void)durable(c);
    CHECK(c.stop_is_due());
  }
}

TEST_CASE("a stop writes once more what was refused, unless that is being written") {
  captures c;
  c.begun(start, 10);
  (void)refused(c);
  SECTION("nothing is under way") { CHECK(c.on_stop(false) == due::changes); }
  SECTION("it is under way") {
    c.begun(start, 0);
    CHECK(c.on_stop(false) == due::none);
  }
}

TEST_CASE("no stop is due that nobody has asked for") {
  captures c;
  c.begun(start, 10);
  (void)durable(c);
  CHECK_FALSE(c.stop_is_due());
  CHECK_FALSE(c.takes_report());
}

TEST_CASE("a report is given once, and at once but at the end") {
  captures c;
  c.begun(start, 10);
  CHECK(c.on_report(true, false) == due::none);
  CHECK(c.takes_report());
  CHECK_FALSE(c.takes_report());
}

TEST_CASE("a report of an end waits for captures until one has failed or all are durable") {
  captures c;
  c.begun(start, 10);
  CHECK(c.on_report(true, true) == due::changes);
  c.begun(start, 10);
  CHECK_FALSE(c.takes_report());
  SECTION("all are durable") {
    (void)durable(c);
    CHECK_FALSE(c.takes_report());
    (void)durable(c);
    CHECK(c.takes_report());
    CHECK(c.on_report(true, true) == due::none);  // that end is kept
    CHECK(c.takes_report());
    c.goes_on();
    CHECK(c.on_report(true, true) == due::changes);
  }
  SECTION("one has failed") {
    (void)refused(c);
    CHECK(c.takes_report());
    CHECK(c.on_report(true, true) == due::none);  // the disk refuses: it does not wait
    CHECK(c.takes_report());
  }
  CHECK_FALSE(c.takes_report());
}

TEST_CASE("a report of an end that is under way waits for that alone") {
  captures c;
  c.begun(start, 10);
  CHECK(c.on_report(false, true) == due::none);
  CHECK_FALSE(c.takes_report());
  (void)durable(c);
  CHECK(c.takes_report());
}

TEST_CASE("a report of an end does not wait where all of it is durable, or the shard is being stopped") {
  captures c;
  SECTION("all of it is durable") { CHECK(c.on_report(false, true) == due::none); }
  SECTION("it is being stopped") {
    CHECK(c.on_report(true, true) == due::changes);
    c.begun(start, 10);
    CHECK(c.on_stop(true) == due::changes);
    c.begun(start, 10);
    CHECK(c.on_report(true, true) == due::none);
  }
  CHECK(c.takes_report());
}

}  // namespace millrace::shard
