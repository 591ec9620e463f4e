// Aggregates of distinct values, and of bits.
#include "tests/unit/window/captures.hpp"

#include <catch2/catch.hpp>

namespace millrace::window {

using data::type_id;
using namespace test;

namespace {

std::vector<click> sized_clicks(event_micros time, const std::vector<std::optional<std::int64_t>>& sizes) {
  std::vector<click> out;
  for (const auto& s : sizes) {
    click c{time, "ann", s ? std::optional(static_cast<double>(*s) / 4) : std::nullopt};
    c.size = s;
    c.price = s ? std::optional(*s % 2 == 0 ? decimal(*s * 10, 2) : decimal(*s, 1)) : std::nullopt;
    out.push_back(c);
  }
  return out;
}

/// The aggregate in the window that ends last but `back`, or why its row is set apart.
std::string last_result(const aggregate& a, const std::vector<click>& clicks, event_micros size = 10,
                        std::size_t back = 0) {
  const auto d = windows_of(size, 10, {a});
  const auto w = make_shard_windows(d);
  absorb(*w, d, clicks);
  const auto windows = fire_all(*w, no_watermark, end_of_time);
  REQUIRE(windows.size() > back);
  const auto& last = windows[windows.size() - 1 - back];
  if (!last.failed.empty())
    return last.failed.front().error;
  const auto row = rows_of(last).front();
  const auto from = row.find("\"a0\":") + 5;
  return row.substr(from, row.find(",\"window_start\"") - from);
}

}  // namespace

TEST_CASE("each different value counts once") {
  using enum expression::aggregate_function;
  const auto clicks = sized_clicks(1, {3, 3, std::nullopt, -1, 3, 8, -1});
  CHECK(last_result(over_distinct(sum, type_id::bigint, type_id::bigint), clicks) == "10");
  CHECK(last_result(over_distinct(avg, type_id::float64, type_id::float64), clicks) == "0.8333333333333334");
  CHECK(last_result(over_distinct(var_pop, type_id::bigint, type_id::float64), clicks) ==
        "13.555555555555555");
  CHECK(last_result(over_distinct(sum, type_id::numeric, type_id::numeric), clicks) == "1.00");
  CHECK(last_result(over_distinct(bit_xor, type_id::bigint, type_id::bigint), clicks) == "-12");
  CHECK(last_result(over_distinct(sum, type_id::bigint, type_id::bigint), sized_clicks(1, {std::nullopt})) ==
        "null");
}

TEST_CASE("of equal numerics the one of the greatest scale counts") {
  using enum expression::aggregate_function;
  auto clicks = sized_clicks(1, {1, 1, 1});
  clicks[1].price = decimal(100, 3);
  clicks[2].price = decimal(10, 2);
  CHECK(last_result(over_distinct(sum, type_id::numeric, type_id::numeric), clicks) == "0.100");
  const auto money = data::type::numeric_of(10, 2);
  CHECK(last_result(over_distinct(sum, money, data::type::numeric_of(38, 2)), clicks) == "0.10");
}

TEST_CASE("a sum of distinct values fails as a sum does") {
  using enum expression::aggregate_function;
  constexpr auto most = std::numeric_limits<std::int64_t>::max();
  CHECK(last_result(over_distinct(sum, type_id::bigint, type_id::bigint), sized_clicks(1, {most, most})) ==
        std::to_string(most));
  CHECK(last_result(over_distinct(sum, type_id::bigint, type_id::bigint), sized_clicks(1, {most, 1}))
            .find("is beyond its type") != std::string::npos);
}

TEST_CASE("values and bits leave with the last slice that has them") {
  using enum expression::aggregate_function;
  auto clicks = sized_clicks(5, {4, 5, -8});
  for (const auto& more : sized_clicks(15, {5, 7}))
    clicks.push_back(more);
  const auto both = over_distinct(sum, type_id::bigint, type_id::bigint);
  CHECK(last_result(both, clicks, 20, 1) == "8");
  CHECK(last_result(both, clicks, 20) == "12");
  CHECK(last_result(over(bit_and, type_id::bigint, type_id::bigint), clicks, 20, 1) == "0");
  CHECK(last_result(over(bit_and, type_id::bigint, type_id::bigint), clicks, 20) == "5");
  CHECK(last_result(over(bit_or, type_id::bigint, type_id::bigint), clicks, 20, 1) == "-1");
  CHECK(last_result(over(bit_or, type_id::bigint, type_id::bigint), clicks, 20) == "7");
  CHECK(last_result(over(bit_xor, type_id::bigint, type_id::bigint), clicks, 20, 1) ==
        std::to_string(4 ^ 5 ^ -8 ^ 5 ^ 7));
  CHECK(last_result(over(bit_xor, type_id::bigint, type_id::bigint), clicks, 20) == "2");
}

TEST_CASE("bits of no value are null") {
  using enum expression::aggregate_function;
  for (const auto f : {bit_and, bit_or, bit_xor})
    CHECK(last_result(over(f, type_id::bigint, type_id::bigint), sized_clicks(1, {std::nullopt})) == "null");
  CHECK(last_result(over(bit_and, type_id::bigint, type_id::bigint), sized_clicks(1, {-1})) == "-1");
}

}  // namespace millrace::window
