#include "runtime/cluster/suspects.hpp"

#include <catch2/catch.hpp>

namespace millrace::cluster::suspects_trial {

namespace {

constexpr event_micros second = 1'000'000, minute = 60 * second;

crash killed(std::uint64_t process, std::optional<attempt> records, event_micros at = 0) {
  return {"b", process, 0, std::move(records), at};
}
crash crashed(std::uint64_t process, event_micros at) { return {"b", process, 11, std::nullopt, at}; }
attempt between(std::int64_t from, std::int64_t to, const log_id& log = "p/0") {
  return {log, {0, from}, {0, to}, static_cast<std::uint64_t>(to - from)};
}

}  // namespace

TEST_CASE("a signal is evidence; without one the same records at two ends in a row are, and nothing else") {
  actor_state a;
  note_crash(a, killed(1, between(0, 100)));
  CHECK(a.crashes.empty());
  note_crash(a, killed(1, between(0, 100)));    // the same process
  note_crash(a, killed(2, between(100, 200)));  // it has got on
  note_crash(a, killed(3, between(100, 200, "p/1")));
  note_crash(a, killed(4, std::nullopt));
  note_crash(a, killed(5, between(100, 200, "p/1")));
  CHECK(a.crashes.empty());
  note_crash(a, killed(6, between(150, 151, "p/1")));
  CHECK(a.crashes.size() == 1);
  note_crash(a, crashed(7, 0));
  CHECK(a.crashes.size() == 2);
}

TEST_CASE("the first two crashes cost no wait; then it doubles from five seconds to five minutes") {
  actor_state a;
  CHECK_FALSE(next_try(a));
  std::vector<event_micros> waits;
  event_micros now = 0;
  for (std::uint64_t n = 1; n <= 20; ++n) {
    note_crash(a, crashed(n, now));
    const auto next = next_try(a).value_or(now);
    CHECK(may_begin(a, true, next));
    CHECK((next == now || !may_begin(a, true, next - 1)));
    waits.push_back((next - now) / second);
    now = next + second;
  }
  waits.resize(10);
  CHECK(waits == std::vector<event_micros>{0, 0, 5, 10, 20, 40, 80, 160, 300, 300});
  CHECK(a.crashes.size() == most_crashes);
}

TEST_CASE("crashes count no more ten minutes after the wait that the last one has brought") {
  actor_state a;
  for (std::uint64_t n = 1; n <= 3; ++n)
    note_crash(a, crashed(n, 0));
  CHECK(node_at_risk(a, 10 * minute + 5 * second) == "b");
  CHECK(node_at_risk(a, 10 * minute + 5 * second + 1).empty());
  auto later = a;
  note_crash(later, crashed(4, 10 * minute + 5 * second));
  CHECK(later.crashes.size() == 4);
  note_crash(a, crashed(4, 10 * minute + 5 * second + 1));
  CHECK(a.crashes.size() == 1);
}

TEST_CASE("a suspect, or one under two deaths in ten seconds, waits for its node for five seconds") {
  actor_state a;
  CHECK(may_begin(a, false, 0));
  note_death(a, 20 * second);
  CHECK(may_begin(a, false, 20 * second));
  note_death(a, 30 * second);
  CHECK(may_begin(a, false, 30 * second));
  note_death(a, 40 * second - 1);
  CHECK_FALSE(may_begin(a, false, 45 * second - 2));
  CHECK(may_begin(a, true, 40 * second));
  CHECK(may_begin(a, false, 45 * second - 1));
  note_death(a, 60 * second);
  CHECK(may_begin(a, false, 60 * second));
  note_crash(a, crashed(1, 61 * second));
  CHECK_FALSE(may_begin(a, false, 64 * second));
}

TEST_CASE("a node that has died five times within ten minutes flaps until it has lived for ten") {
  node_state n;
  for (int i = 0; i < 4; ++i)
    note_death(n, i * minute);
  CHECK_FALSE(is_flapping(n, 4 * minute));
  note_death(n, 9 * minute);
  CHECK(is_flapping(n, 9 * minute));
  CHECK(is_flapping(n, 19 * minute - 1));
  CHECK_FALSE(is_flapping(n, 19 * minute));
  node_state slow;
  for (int i = 0; i < 10; ++i)
    note_death(slow, i * 150 * second);
  CHECK_FALSE(is_flapping(slow, 10 * 150 * second));
}

}  // namespace millrace::cluster::suspects_trial
