// Aggregates that keep all values of a group, and the limit of what they keep.
#include "runtime/window/collection.hpp"
#include "tests/unit/window/window_fixture.hpp"

#include <catch2/catch.hpp>

namespace millrace::window {

using data::type_id;
using expression::aggregate_function;
using namespace test;

namespace {

collection::entry number(int i) {
  auto digits = std::to_string(i);
  return {std::string(8 - digits.size(), '0') + digits, 0, 1};
}

}  // namespace

TEST_CASE("a collection is in order, with equal entries counted, however they come") {
  collection forwards, backwards;
  for (int i = 0; i < 1000; ++i) {
    forwards.add(number(i % 300));
    backwards.add(number((999 - i) % 300));
  }
  collection merged;
  merged.merge(backwards);
  merged.merge(forwards);
  REQUIRE(forwards.sorted().size() == 300);
  for (std::size_t i = 0; i < 300; ++i) {
    CHECK(forwards.sorted()[i].bytes == number(static_cast<int>(i)).bytes);
    CHECK(forwards.sorted()[i].count == (i < 100 ? 4 : 3));
    CHECK(backwards.sorted()[i].count == forwards.sorted()[i].count);
    CHECK(merged.sorted()[i].count == 2 * forwards.sorted()[i].count);
  }
}

TEST_CASE("what was merged into a collection can be taken out, and leaves the rest as it was") {
  collection left, stays, merged;
  for (int i = 0; i < 500; ++i) {
    left.add(number(i % 200));
    stays.add(number(100 + i % 150));
  }
  merged.merge(left);
  merged.merge(stays);
  merged.unmerge(left);
  REQUIRE(merged.sorted().size() == stays.sorted().size());
  for (std::size_t i = 0; i < stays.sorted().size(); ++i) {
    CHECK(merged.sorted()[i].bytes == stays.sorted()[i].bytes);
    CHECK(merged.sorted()[i].count == stays.sorted()[i].count);
  }
  merged.unmerge(stays);
  CHECK(merged.empty());
  CHECK(merged.byte_size() <= 700 * collection::entry_bytes);
}

TEST_CASE("a collection overflows by what it holds, not by how often that came") {
  constexpr int room = collection::most_bytes / (collection::entry_bytes + 8);
  collection full;
  for (int round = 0; round < 3; ++round)
    for (int i = 0; i < room; ++i)
      full.add(number(i));
  CHECK_FALSE(full.overflowed());
  collection half;
  for (int i = room / 2; i <= room; ++i)
    half.add(number(i));
  CHECK_FALSE(half.overflowed());
  full.merge(half);
  CHECK(full.overflowed());
  CHECK(full.sorted().empty());
  CHECK_FALSE(full.empty());
  CHECK(full.byte_size() < 1000);
  half.merge(full);
  CHECK(half.overflowed());
}

TEST_CASE("a group that collects too much fails, and the others do not") {
  const auto d =
      windows_of(10, 10, {over(aggregate_function::percentile_cont, type_id::bigint, type_id::float64)});
  const auto w = make_shard_windows(d);
  std::vector<test::click> clicks{{5, "small", 1, 7}};
  for (int i = 0; i < 160'000; ++i)
    clicks.push_back({5, "large", 1, i});
  absorb(*w, d, clicks);
  const auto fired = fire_all(*w, no_watermark, 10);
  REQUIRE(fired.size() == 1);
  CHECK(rows_of(fired[0]).size() == 1);
  REQUIRE(fired[0].failed.size() == 1);
  CHECK(fired[0].failed[0].record.find("large") != std::string::npos);
  CHECK(fired[0].failed[0].error.find("more than 8 MiB") != std::string::npos);
}

TEST_CASE("a sliding window that has collected too much is right again when that has left it") {
  auto median = over(aggregate_function::percentile_cont, type_id::bigint, type_id::float64);
  median.fraction = 0.5;
  const auto d = windows_of(40, 10, {median});
  const auto w = make_shard_windows(d);
  std::vector<test::click> clicks{{15, "a", 1, 7}, {25, "a", 1, 9}};
  for (int i = 0; i < 160'000; ++i)
    clicks.push_back({5, "a", 1, i});
  absorb(*w, d, clicks);
  const auto fired = fire_all(*w, no_watermark, 60);
  REQUIRE(fired.size() == 6);
  for (std::size_t i = 0; i < 4; ++i) {
    CHECK(fired[i].failed.size() == 1);
    CHECK(rows_of(fired[i]).empty());
  }
  REQUIRE(fired[4].rows->rows == 1);
  CHECK(fired[4].rows->columns[1]->doubles()[0] == 8);
  REQUIRE(fired[5].rows->rows == 1);
  CHECK(fired[5].rows->columns[1]->doubles()[0] == 9);
}

TEST_CASE("variances lose no digit to large numbers that are close to each other") {
  const auto d = windows_of(10, 10,
                            {over(aggregate_function::var_pop, type_id::float64, type_id::float64),
                             over(aggregate_function::stddev_samp, type_id::bigint, type_id::float64),
                             over(aggregate_function::var_samp, type_id::float64, type_id::float64)});
  const auto w = make_shard_windows(d);
  const std::int64_t far = 1'000'000'000'000'000;
  absorb(*w, d,
         {{1, "a", 1e9, far}, {2, "a", 1e9 + 1, far + 1}, {3, "a", 1e9 + 2, far + 2}, {4, "b", 1e200, 1}});
  absorb(*w, d, {{5, "c", 1e200, 1}, {5, "c", 1, 1}});
  const auto fired = fire_all(*w, no_watermark, 10);
  REQUIRE(fired.size() == 1);
  REQUIRE(fired[0].rows->rows == 1);
  CHECK(fired[0].rows->columns[1]->doubles()[0] == 2.0 / 3);
  CHECK(fired[0].rows->columns[2]->doubles()[0] == 1);
  CHECK(fired[0].rows->columns[3]->doubles()[0] == 1);
  REQUIRE(fired[0].failed.size() == 2);  // the square of 1e200
  CHECK(fired[0].failed[0].error.find("is beyond double") != std::string::npos);
}

}  // namespace millrace::window
