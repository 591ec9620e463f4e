#include "actors/stream/sink/commit_clock.hpp"

#include <catch2/catch.hpp>

namespace millrace::sink {
namespace {

using namespace std::chrono_literals;

const commit_clock::clock::time_point start{1h};

commit_clock::uncommitted progress(commit_clock::clock::time_point last_commit = start) {
  return {std::nullopt, last_commit, false, false};
}
commit_clock::uncommitted rows(commit_clock::clock::time_point since,
                               commit_clock::clock::time_point last_commit = start) {
  return {since, last_commit, false, false};
}

}  // namespace

TEST_CASE("with commit_every 0 rows do not wait for a tick that was set for progress alone") {
  commit_clock c(0s);
  const auto later = c.look(start, progress());
  REQUIRE(later.ask);
  CHECK(later.ask->wait == 1s);
  // Rows come before it is due.
  const auto now = c.look(start + 10ms, rows(start + 10ms));
  CHECK_FALSE(now.commit);
  REQUIRE(now.ask);
  CHECK(now.ask->wait == 0s);
  CHECK(c.arrived(now.ask->number) == std::optional(true));
  // The one that it took the place of still comes, and means nothing.
  CHECK(c.arrived(later.ask->number) == std::nullopt);
}

TEST_CASE("with commit_every 0 one tick commits all that has gathered in the mailbox") {
  commit_clock c(0s);
  const auto first = c.look(start, rows(start));
  REQUIRE(first.ask);
  CHECK_FALSE(c.look(start + 1us, rows(start)).ask);
  CHECK_FALSE(c.look(start + 2us, rows(start)).commit);
  CHECK(c.arrived(first.ask->number) == std::optional(true));
  CHECK(c.look(start + 1ms, rows(start + 1ms)).ask);
}

TEST_CASE("a tick that was replaced does not let another be set while the newer one is under way") {
  commit_clock c(0s);
  const auto later = c.look(start, progress());
  const auto now = c.look(start + 1ms, rows(start + 1ms));
  REQUIRE((later.ask && now.ask));
  CHECK_FALSE(c.arrived(later.ask->number));
  CHECK_FALSE(c.look(start + 2ms, rows(start + 1ms)).ask);
}

TEST_CASE("rows gather for commit_every, and a tick comes when they are due") {
  commit_clock c(100ms);
  const auto first = c.look(start, rows(start));
  CHECK_FALSE(first.commit);
  REQUIRE(first.ask);
  CHECK(first.ask->wait == 100ms);
  CHECK_FALSE(c.look(start + 50ms, rows(start)).ask);
  CHECK(c.arrived(first.ask->number) == std::optional(false));
  CHECK(c.look(start + 100ms, rows(start)).commit);
}

TEST_CASE("rows that come after a pause, and the first of all, wait for others for 5 ms") {
  for (const auto& [since, is_first] : {std::pair(start + 300ms, false), std::pair(start + 20ms, true)}) {
    commit_clock c(100ms);
    const commit_clock::uncommitted what{since, start, is_first};
    const auto first = c.look(since, what);
    CHECK_FALSE(first.commit);
    REQUIRE(first.ask);
    CHECK(first.ask->wait == 5ms);
    CHECK_FALSE(c.look(since + 4ms, what).ask);
    CHECK(c.look(since + 5ms, what).commit);
  }
}

TEST_CASE("rows that come soon after a commit wait until commit_every has passed since then") {
  commit_clock c(100ms);
  const auto first = c.look(start + 98ms, rows(start + 98ms));
  REQUIRE(first.ask);
  CHECK(first.ask->wait == 5ms);
  CHECK_FALSE(c.look(start + 102ms, rows(start + 98ms)).commit);
  CHECK(c.look(start + 103ms, rows(start + 98ms)).commit);
  CHECK_FALSE(c.look(start + 99ms, rows(start + 1ms)).commit);
  CHECK(c.look(start + 100ms, rows(start + 1ms)).commit);
  commit_clock quick(1ms);
  CHECK(quick.look(start + 1ms, rows(start)).commit);
}

TEST_CASE("rows take the place of progress when they are due sooner, and leave a sooner tick alone") {
  commit_clock c(100ms);
  const auto later = c.look(start, progress());
  const auto sooner = c.look(start + 1ms, rows(start + 1ms));
  REQUIRE((later.ask && sooner.ask));
  CHECK(sooner.ask->wait == 99ms);
  CHECK_FALSE(c.arrived(later.ask->number));
  commit_clock slow(1min);
  REQUIRE(slow.look(start, progress()).ask);
  CHECK_FALSE(slow.look(start + 1ms, rows(start + 1ms)).ask);
}

TEST_CASE("progress alone is committed every second") {
  commit_clock c(100ms);
  const auto first = c.look(start + 300ms, progress());
  CHECK_FALSE(first.commit);
  REQUIRE(first.ask);
  CHECK(first.ask->wait == 700ms);
  CHECK(c.look(start + 1s, progress()).commit);
}

TEST_CASE("progress that frees much of what senders keep is committed at once, rows are not") {
  for (const auto every : {0ms, 100ms}) {
    commit_clock c(every);
    auto what = progress();
    what.bytes = (4U << 20U) - 1;
    CHECK_FALSE(c.look(start + 1ms, what).commit);
    ++what.bytes;
    CHECK(c.look(start + 1ms, what).commit);
    what.rows_since = start + 1ms;
    CHECK_FALSE(c.look(start + 1ms, what).commit);
  }
}

TEST_CASE("at the end of all inputs nothing waits") {
  commit_clock c(1min);
  CHECK(c.look(start, {start, start, false, true}).commit);
  CHECK(c.look(start, {std::nullopt, start, false, true}).commit);
}

}  // namespace millrace::sink
