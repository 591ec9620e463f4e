#include "runtime/window/hot_keys.hpp"

#include <catch2/catch.hpp>

#include <random>

using namespace millrace::window;
using namespace std::chrono_literals;

namespace {

constexpr hot_keys::clock::time_point begun{std::chrono::hours(1)};

}  // namespace

TEST_CASE("the largest key of frames is found with its share, by shard and hash") {
  hot_keys keys;
  CHECK(keys.top() == largest_key{});
  keys.add({1, 7, 60, 100}, begun);
  keys.add({0, 7, 30, 100}, begun);
  keys.add({1, 7, 60, 100}, begun);
  keys.add({0, 0, 0, 100}, begun);  // no key came twice
  CHECK(keys.top() == largest_key{1, 7, 120, 400});
}

TEST_CASE("counts halve each minute, so that a key of the past is forgotten") {
  hot_keys keys;
  keys.add({1, 7, 800, 1'000}, begun);
  keys.add({2, 9, 150, 1'000}, begun + 3min);
  CHECK(keys.top() == largest_key{2, 9, 150, 1'125});
  keys.add({3, 1, 5, 10}, begun + 24h);
  CHECK(keys.top() == largest_key{3, 1, 5, 10});
}

TEST_CASE("a key with a large share is on top, whatever else is the largest of other frames") {
  std::mt19937 random(17);
  for (int round = 0; round < 50; ++round) {
    hot_keys keys;
    std::uint64_t exact = 0, of = 0;
    for (int frame = 0; frame < 1'000; ++frame) {
      const bool is_hot = random() % 4 == 0;
      const auto records = static_cast<std::uint64_t>(is_hot ? 40 + random() % 20 : 1 + random() % 8);
      keys.add({is_hot ? 5U : static_cast<std::uint32_t>(random() % 8),
                is_hot ? 1U : static_cast<std::uint32_t>(random()), records, 100},
               begun);
      exact += is_hot ? records : 0;
      of += 100;
    }
    const auto top = keys.top();
    CHECK(top.shard == 5);
    CHECK(top.tag == 1);
    CHECK(top.of == of);
    // The key loses the count of the one whose place it took: the smallest of 16 counters at most.
    CHECK(top.records <= exact);
    CHECK(top.records + of / 16 >= exact);
  }
}
