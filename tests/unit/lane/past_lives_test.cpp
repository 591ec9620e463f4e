#include "actors/lane/past_lives.hpp"

#include <catch2/catch.hpp>

#include <string>

using millrace::position;
using millrace::lane::attempt;
using millrace::lane::past_lives;

namespace {

position at(std::int64_t p) { return {0, p}; }

attempt on(std::int64_t from, std::int64_t to) {
  return {"parsed/a", at(from), at(to), static_cast<std::size_t>(to - from)};
}

attempt alone(std::int64_t p, bool taken_before = false) {
  return {"parsed/a", at(p), at(p + 1), 1, at(p), false, taken_before};
}

/// Lives that fail on every range that holds `poison`, until a record is found; how many it took.
int lives_until_found(past_lives& past, std::int64_t poison, std::int64_t records) {
  int lives = 0;
  while (past.culprits().empty()) {
    ++lives;
    std::int64_t from = 0;
    for (;;) {
      auto to = records;
      if (const auto s = past.next("parsed/a", at(from), at(records)))
        to = s->from > at(from) ? s->from.minor
                                : std::min(s->to.minor, from + static_cast<std::int64_t>(s->at_once));
      if (poison >= from && poison < to) {
        past.failed(to - from == 1 ? alone(from) : on(from, to), "poison");
        break;
      }
      from = to;
    }
  }
  return lives;
}

}  // namespace

TEST_CASE("a range in which a life failed is worked on in smaller parts, others as before") {
  past_lives past;
  CHECK_FALSE(past.next("parsed/a", at(0), at(10'000)));
  past.failed(on(1000, 11'240), "poison");
  const auto s = past.next("parsed/a", at(0), at(20'000));
  REQUIRE(s);
  CHECK(s->from == at(1000));
  CHECK(s->to == at(11'240));
  CHECK(s->at_once == 10);
  CHECK_FALSE(s->own_frames);
  CHECK_FALSE(past.next("parsed/a", at(0), at(1000)));
  CHECK_FALSE(past.next("parsed/a", at(11'240), at(20'000)));
  CHECK_FALSE(past.next("parsed/b", at(0), at(10'000)));
  CHECK(past.culprits().empty());
}

TEST_CASE("where a frame could not be formed, the parts have frames of their own until the record is found") {
  past_lives past;
  auto a = on(0, 2048);
  a.cutting = true;
  past.failed(a, "x");
  past.failed(on(4000, 4100), "x");
  CHECK(past.next("parsed/a", at(0), at(10'000))->own_frames);
  CHECK_FALSE(past.next("parsed/a", at(3000), at(10'000))->own_frames);
  past.failed(on(10, 12), "x");
  CHECK(past.next("parsed/a", at(0), at(3000))->own_frames);
}

TEST_CASE("the record to blame is found in few lives, wherever it lies") {
  const auto poison = GENERATE(0, 1, 777, 65'534, 65'535);
  past_lives past;
  CHECK(lives_until_found(past, poison, 65'536) <= 2 + past_lives::tries);
  REQUIRE(past.culprits().size() == 1);
  CHECK(past.culprits().front().at == at(poison));
}

TEST_CASE("a record is to blame after three failures on it alone, with the last one's text") {
  past_lives past;
  past.failed(alone(7), "one");
  past.failed(alone(9), "other");
  past.failed(alone(7), "two");
  CHECK(past.culprits().empty());
  past.failed(alone(7), "three");
  const auto found = past.culprits();
  REQUIRE(found.size() == 1);
  CHECK(found.front().at == at(7));
  CHECK(found.front().error == "three");
  CHECK(found.front().failures == 3);
  CHECK_FALSE(found.front().taken_before);
}

TEST_CASE("that a record was taken before is not forgotten with a later failure") {
  past_lives past;
  past.failed(alone(7, true), "x");
  past.failed(alone(7), "x");
  past.failed(alone(7), "x");
  REQUIRE(past.culprits().size() == 1);
  CHECK(past.culprits().front().taken_before);
}

TEST_CASE("what was given up is no longer looked at") {
  past_lives past;
  for (int i = 0; i < 3; ++i)
    past.failed(alone(7), "x");
  past.given_up("parsed/a", at(7));
  CHECK(past.culprits().empty());
  CHECK_FALSE(past.next("parsed/a", at(0), at(100)));
}

TEST_CASE("records given up are in a row until one behind them goes well") {
  past_lives past;
  past.given_up("parsed/a", at(7));
  past.went_well("parsed/a", at(3));
  past.went_well("parsed/b", at(9));
  past.given_up("parsed/a", at(8));
  CHECK(past.given_up_in_a_row() == 2);
  past.went_well("parsed/a", at(9));
  CHECK(past.given_up_in_a_row() == 0);
}

TEST_CASE("only so much is remembered") {
  past_lives past;
  for (int p = 0; p < 1000; ++p)
    for (int i = 0; i < 2; ++i)
      past.failed(alone(p), "x");
  past.failed(alone(0), "x");
  CHECK(past.culprits().empty());  // its first failures are forgotten
  past.failed(alone(999), "x");
  CHECK(past.culprits().size() == 1);
}

TEST_CASE("an exception's text becomes fit for a dead letter") {
  past_lives past;
  for (int i = 0; i < 3; ++i)
    past.failed(alone(7), "bad byte \xFF" + std::string(5000, 'x'));
  REQUIRE(past.culprits().size() == 1);
  CHECK(past.culprits().front().error.substr(0, 11) == "bad byte ?x");
  CHECK(past.culprits().front().error.size() == 1000);
}
