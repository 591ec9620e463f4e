#include "runtime/cluster/candidate.hpp"

#include <catch2/catch.hpp>

namespace millrace::cluster::candidate_trial {

namespace {

moment at(int ms) { return {std::chrono::milliseconds(ms), 0}; }
constexpr micros jitter = std::chrono::milliseconds(300);

}  // namespace

TEST_CASE("a candidate stands once, after two seconds without a word and its jitter") {
  candidate c({}, at(0), jitter);
  CHECK_FALSE(c.tick(at(2'299)));
  CHECK(c.now() == candidate::phase::following);
  CHECK(c.tick(at(2'300)));
  CHECK(c.now() == candidate::phase::standing);
  CHECK_FALSE(c.tick(at(9'000)));
}

TEST_CASE("a candidate that has nobody to wait for stands at once, and as late as all others the next time") {
  candidate c({}, at(0), jitter);
  c.stand_at_once(at(0));
  REQUIRE(c.tick(at(0)));
  c.on_lost(at(0), jitter);
  CHECK_FALSE(c.tick(at(2'299)));
  CHECK(c.tick(at(2'300)));
}

TEST_CASE("a word of the highest epoch puts it off; one of a lower epoch says nothing") {
  candidate c({}, at(0), jitter);
  c.on_word({5, 1}, at(1'000), jitter);
  CHECK_FALSE(c.tick(at(3'000)));
  c.on_word({4, 9}, at(3'000), jitter);
  CHECK(c.tick(at(3'300)));
  CHECK(c.highest() == epoch{5, 1});
}

TEST_CASE("a candidate that is yielded to stands soon, though words go on; a word that yields no more puts "
          "it off") {
  candidate c({}, at(0), jitter);
  c.on_word({5, 1}, at(1'000), jitter, true);
  const bool is_kept = GENERATE(false, true);
  for (int ms = 1'050; ms < 1'280; ms += 50) {
    c.on_word({5, 1}, at(ms), jitter, true);
    c.on_heard({5, 1}, at(ms), jitter);
    CHECK_FALSE(c.tick(at(ms)));
  }
  if (is_kept)  // it leaves itself, or the drain was taken back
    c.on_word({5, 1}, at(1'280), jitter);
  CHECK(c.tick(at(1'290)) != is_kept);
}

TEST_CASE("what another node hears puts it off for twenty seconds; a word of its own for good") {
  candidate c({}, at(0), jitter);
  for (int ms = 500; ms < 20'000; ms += 500) {
    c.on_heard({5, 1}, at(ms), jitter);
    CHECK_FALSE(c.tick(at(ms + 400)));
  }
  SECTION("that is over") {
    CHECK_FALSE(c.tick(at(20'299)));
    CHECK(c.tick(at(20'300)));
  }
  SECTION("it hears the coordinator itself") {
    c.on_word({5, 1}, at(20'000), jitter);
    c.on_heard({5, 1}, at(22'000), jitter);
    CHECK_FALSE(c.tick(at(24'000)));
    CHECK(c.tick(at(24'300)));
  }
  SECTION("of a lower epoch it says nothing") {
    c.on_word({6, 1}, at(20'000), jitter);
    c.on_heard({5, 1}, at(22'000), jitter);
    CHECK(c.tick(at(22'300)));
  }
}

TEST_CASE(
    "where the process that leads seems to be over, it stands soon; a word of that or another puts it off") {
  candidate c({}, at(0), jitter);
  c.on_word({5, 1}, at(1'000), jitter);
  c.on_over(at(1'100), jitter);
  SECTION("nobody hears it") {
    CHECK_FALSE(c.tick(at(1'887)));
    CHECK(c.tick(at(1'888)));
  }
  SECTION("it was wrong: it hears that one again") {
    c.on_word({5, 1}, at(1'800), jitter);
    CHECK_FALSE(c.tick(at(4'099)));
    CHECK(c.tick(at(4'100)));
  }
  SECTION("another one leads by now, as a third node hears") {
    c.on_heard({6, 1}, at(1'800), jitter);
    CHECK_FALSE(c.tick(at(4'099)));
    CHECK(c.tick(at(4'100)));
  }
}

TEST_CASE("a coordinator that seems to be over keeps the lead as long as another node hears it") {
  candidate c({}, at(0), jitter);
  c.on_word({5, 1}, at(1'000), jitter);
  c.on_over(at(1'100), jitter);
  int ms = 1'400;
  for (; ms < 10'000; ms += 600) {
    c.on_heard({5, 1}, at(ms), jitter);
    CHECK_FALSE(c.tick(at(ms + 599)));
  }
  CHECK_FALSE(c.tick(at(ms - 600 + 787)));
  CHECK(c.tick(at(ms - 600 + 788)));
}

TEST_CASE("that it seems to be over never puts off who would stand before, nor stops who stands or leads") {
  candidate c({}, at(0), jitter);
  c.on_word({5, 1}, at(1'000), jitter);
  c.on_over(at(3'200), jitter);
  CHECK(c.tick(at(3'300)));
  c.on_over(at(3'300), jitter);
  CHECK_FALSE(c.tick(at(9'000)));
  c.on_won();
  c.on_over(at(9'000), jitter);
  CHECK_FALSE(c.tick(at(20'000)));
}

TEST_CASE("an epoch is above all that it has seen, and never one that it has chosen before") {
  candidate c({}, at(0), jitter);
  c.on_word({5, 1}, at(0), jitter);
  CHECK(c.choose({3, 7}, 42) == epoch{6, 42});
  c.on_lost(at(1), jitter);
  CHECK(c.choose({3, 7}, 42) == epoch{7, 42});
  CHECK(c.choose({20, 7}, 43) == epoch{21, 43});
}

TEST_CASE("two candidates that choose the same number have two epochs, and whoever opened first goes on") {
  candidate a({}, at(0), jitter), b({}, at(0), jitter);
  const auto first = a.choose({3, 0}, 1);
  const auto second = b.choose({3, 0}, 2);
  CHECK(first.term == second.term);
  CHECK(first != second);
  CHECK_FALSE(a.must_give_up({3, 0}));
  CHECK(b.must_give_up(first));
  CHECK(a.must_give_up(second));
  CHECK_FALSE(a.must_give_up(first));
}

TEST_CASE("who has won does not stand again; who has lost follows again") {
  candidate c({}, at(0), jitter);
  REQUIRE(c.tick(at(5'000)));
  const auto mine = c.choose({}, 1);
  c.on_won();
  CHECK(c.now() == candidate::phase::leading);
  CHECK(c.highest() == mine);
  CHECK_FALSE(c.tick(at(50'000)));
  c.on_word(mine, at(50'000), jitter);
  c.on_stepped_down(false, at(50'000), jitter);
  CHECK_FALSE(c.tick(at(52'299)));
  CHECK(c.tick(at(52'300)));
  c.on_lost(at(52'300), jitter);
  CHECK_FALSE(c.tick(at(54'599)));
  CHECK(c.tick(at(54'600)));
}

TEST_CASE("who stepped down since control did not answer stands again at once, under another epoch") {
  candidate c({}, at(0), jitter);
  REQUIRE(c.tick(at(5'000)));
  const auto before = c.choose({}, 1);
  c.on_won();
  c.on_stepped_down(true, at(6'000), jitter);
  c.on_word(before, at(6'000), jitter);  // its own, late
  CHECK(c.tick(at(6'000)));
  CHECK(c.choose({}, 1) > before);
}

}  // namespace millrace::cluster::candidate_trial
