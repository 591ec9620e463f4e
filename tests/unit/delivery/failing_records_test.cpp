#include "runtime/delivery/failing_records.hpp"
#include "runtime/delivery/giving_up.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <string>

using millrace::attempt;
using millrace::position;
using millrace::delivery::failing_records;

namespace {

position at(std::int64_t p) { return {0, p}; }

attempt on(std::int64_t from, std::int64_t to) {
  return {"parsed/a", at(from), at(to), static_cast<std::size_t>(to - from)};
}

attempt alone(std::int64_t p, bool taken_before = false) {
  return {"parsed/a", at(p), at(p + 1), 1, at(p), false, taken_before};
}

/// Lives that fail on every range that holds `poison`, until a record is found; how many it took.
int lives_until_found(failing_records& known, std::int64_t poison, std::int64_t records) {
  int lives = 0;
  while (known.to_give_up().empty()) {
    ++lives;
    std::int64_t from = 0;
    for (;;) {
      auto to = records;
      if (const auto s = known.next("parsed/a", at(from), at(records)))
        to = s->from > at(from) ? s->from.minor
                                : std::min(s->to.minor, from + static_cast<std::int64_t>(s->at_once));
      if (poison >= from && poison < to) {
        known.failed(to - from == 1 ? alone(from) : on(from, to), "poison");
        break;
      }
      from = to;
    }
  }
  return lives;
}

}  // namespace

TEST_CASE("a range in which a life failed is worked on in smaller parts, others as before") {
  failing_records known;
  CHECK_FALSE(known.next("parsed/a", at(0), at(10'000)));
  known.failed(on(1000, 11'240), "poison");
  const auto s = known.next("parsed/a", at(0), at(20'000));
  REQUIRE(s);
  CHECK(s->from == at(1000));
  CHECK(s->to == at(11'240));
  CHECK(s->at_once == 10);
  CHECK_FALSE(s->own_frames);
  CHECK_FALSE(known.next("parsed/a", at(0), at(1000)));
  CHECK_FALSE(known.next("parsed/a", at(11'240), at(20'000)));
  CHECK_FALSE(known.next("parsed/b", at(0), at(10'000)));
  CHECK(known.to_give_up().empty());
}

TEST_CASE("where a frame could not be formed, the parts have frames of their own until the record is found") {
  failing_records known;
  auto a = on(0, 2048);
  a.cutting = true;
  known.failed(a, "x");
  known.failed(on(4000, 4100), "x");
  CHECK(known.next("parsed/a", at(0), at(10'000))->own_frames);
  CHECK_FALSE(known.next("parsed/a", at(3000), at(10'000))->own_frames);
  known.failed(on(10, 12), "x");
  CHECK(known.next("parsed/a", at(0), at(3000))->own_frames);
}

TEST_CASE("the record to blame is found in few lives, wherever it lies") {
  const auto poison = GENERATE(0, 1, 777, 65'534, 65'535);
  failing_records known;
  CHECK(lives_until_found(known, poison, 65'536) <= 2 + failing_records::tries);
  REQUIRE(known.to_give_up().size() == 1);
  CHECK(known.to_give_up().front().at == at(poison));
}

TEST_CASE("a record is to blame after three failures on it alone, with the last one's text") {
  failing_records known;
  known.failed(alone(7), "one");
  known.failed(alone(9), "other");
  known.failed(alone(7), "two");
  CHECK(known.to_give_up().empty());
  known.failed(alone(7), "three");
  const auto found = known.to_give_up();
  REQUIRE(found.size() == 1);
  CHECK(found.front().at == at(7));
  CHECK(found.front().error == "three");
  CHECK(found.front().failures == 3);
  CHECK_FALSE(found.front().taken_before);
}

TEST_CASE("that a record was taken before is not forgotten with a later failure") {
  failing_records known;
  known.failed(alone(7, true), "x");
  known.failed(alone(7), "x");
  known.failed(alone(7), "x");
  REQUIRE(known.to_give_up().size() == 1);
  CHECK(known.to_give_up().front().taken_before);
}

TEST_CASE("what was given up is no longer looked at") {
  failing_records known;
  for (int i = 0; i < 3; ++i)
    known.failed(alone(7), "x");
  known.give_up("parsed/a", at(7));
  CHECK(known.to_give_up().empty());
  CHECK_FALSE(known.next("parsed/a", at(0), at(100)));
}

TEST_CASE("records given up are in a row until one behind them goes well") {
  failing_records known;
  known.give_up("parsed/a", at(7));
  CHECK_FALSE(known.went_well("parsed/a", at(3)));
  CHECK_FALSE(known.went_well("parsed/b", at(9)));
  known.give_up("parsed/a", at(8));
  CHECK(known.given_up_in_a_row() == 2);
  CHECK(known.went_well("parsed/a", at(9)));
  CHECK_FALSE(known.went_well("parsed/a", at(10)));
  CHECK(known.given_up_in_a_row() == 0);
}

TEST_CASE("what one life has seen durable is not forgotten by a later one that has seen less") {
  failing_records known;
  known.settle({{"parsed/a", at(7)}, {"parsed/b", at(2)}});
  known.settle({{"parsed/a", at(3)}, {"parsed/c", at(1)}});
  CHECK(known.settled() ==
        std::map<std::string, position>{{"parsed/a", at(7)}, {"parsed/b", at(2)}, {"parsed/c", at(1)}});
}

TEST_CASE("only so much is remembered") {
  failing_records known;
  for (int p = 0; p < 1000; ++p)
    for (int i = 0; i < 2; ++i)
      known.failed(alone(p), "x");
  known.failed(alone(0), "x");
  CHECK(known.to_give_up().empty());  // its first failures are forgotten
  known.failed(alone(999), "x");
  CHECK(known.to_give_up().size() == 1);
}

TEST_CASE("an exception's text becomes fit for a dead letter") {
  failing_records known;
  for (int i = 0; i < 3; ++i)
    known.failed(alone(7), "bad byte \xFF" + std::string(5000, 'x'));
  REQUIRE(known.to_give_up().size() == 1);
  CHECK(known.to_give_up().front().error.substr(0, 13) == "bad byte \xEF\xBF\xBDx");
  CHECK(known.to_give_up().front().error.size() == 1000);
}

TEST_CASE("records in whose work a process has ended are worked on in parts, and nothing is counted") {
  failing_records known;
  for (int i = 0; i < 5; ++i)
    known.suspect(alone(7));
  CHECK(known.to_give_up().empty());
  CHECK(known.next("parsed/a", at(0), at(10))->from == at(7));
  known.suspect(on(1000, 11'240));
  CHECK(known.next("parsed/a", at(1000), at(20'000))->at_once == 10);
  known.suspect(on(1000, 1010));
  CHECK(known.next("parsed/a", at(1000), at(20'000))->to == at(1010));
  known.suspect(on(1000, 11'240));  // told once more: what is known by now is narrower
  CHECK(known.next("parsed/a", at(1000), at(20'000))->to == at(1010));
}

TEST_CASE(
    "a record that has ended processes three times alone is given up, but not one that was taken before") {
  using millrace::delivery::verdicts_on_crashes;
  using crashes = std::vector<millrace::delivery::crash_on_records>;
  CHECK(verdicts_on_crashes({}).empty());
  CHECK(verdicts_on_crashes({{on(0, 10), "x"}, {on(0, 10), "x"}, {on(0, 10), "x"}}).empty());
  crashes all{{alone(7), "one"}, {alone(9), "other"}, {alone(7), "two"}};
  CHECK(verdicts_on_crashes(all).empty());
  all.push_back({alone(7), "three"});
  all.push_back({alone(7), "four"});
  const auto given_up = verdicts_on_crashes(all);
  REQUIRE(given_up.size() == 1);
  CHECK(given_up[0].log == "parsed/a");
  CHECK(given_up[0].at == at(7));
  CHECK(given_up[0].error == "has ended its process 3 times and was given up: three");
  CHECK(verdicts_on_crashes({{alone(7, true), "x"}, {alone(7, true), "x"}, {alone(7, true), "x"}}).empty());
  CHECK(millrace::delivery::name_of_signal(11) == "SIGSEGV (Segmentation fault)");
  CHECK(millrace::delivery::name_of_signal(0).find("SIGKILL") != std::string::npos);
  CHECK(millrace::delivery::name_of_signal(200).find("SIGKILL") != std::string::npos);
}
