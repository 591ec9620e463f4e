#include "runtime/window/mark_queue.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <map>
#include <random>
#include <vector>

using namespace millrace;
using namespace millrace::window;

TEST_CASE("a queue of marks gives what waits by mark, the least first") {
  mark_queue<int> q;
  CHECK(q.least() == end_of_time);
  q.add(5, 1);
  q.add(-3, 2);
  q.add(5, 3);
  CHECK(q.size() == 3);
  CHECK(q.least() == -3);
  CHECK(q.take_least() == std::vector{2});
  q.add(4, 4);
  CHECK(q.take_least() == std::vector{4});
  auto last = q.take_least();
  std::ranges::sort(last);
  CHECK(last == std::vector{1, 3});
  CHECK(q.empty());
}

TEST_CASE("a mark below the one that was taken last counts as that one") {
  mark_queue<int> q;
  q.add(10, 1);
  CHECK(q.take_least() == std::vector{1});
  q.add(3, 2);
  CHECK(q.least() == 10);
}

TEST_CASE("a queue of marks gives the same as a map while marks come and are "
          "taken by turns") {
  std::mt19937_64 random(7);
  mark_queue<int> q;
  std::multimap<event_micros, int> expected;
  event_micros taken = -1'000'000;
  for (int i = 0; i < 20'000; ++i) {
    const auto mark = taken + static_cast<event_micros>(random() % (random() % 2 == 0 ? 4 : 1'000'000));
    q.add(mark, i);
    expected.emplace(mark, i);
    if (random() % 3 != 0)
      continue;
    taken = expected.begin()->first;
    REQUIRE(q.least() == taken);
    auto found = q.take_least();
    std::ranges::sort(found);
    std::vector<int> all;
    for (const auto end = expected.upper_bound(taken); expected.begin() != end;)
      all.push_back(expected.extract(expected.begin()).mapped());
    std::ranges::sort(all);
    REQUIRE(found == all);
    REQUIRE(q.size() == expected.size());
  }
}
