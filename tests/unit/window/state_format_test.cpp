#include "tests/support/golden_file.hpp"
#include "tests/unit/window/captures.hpp"

#include <catch2/catch.hpp>

namespace millrace::window {

using data::type_id;
using expression::aggregate_function;
using namespace test;

namespace {

definition everything() {
  return windows_of(30, 10,
                    {count_rows(), over(aggregate_function::sum, type_id::bigint, type_id::bigint),
                     over(aggregate_function::sum, type_id::float64, type_id::float64),
                     over(aggregate_function::max, type_id::text, type_id::text),
                     over(aggregate_function::min, type_id::float64, type_id::float64)});
}

/// Aggregates that keep more than a number or text.
definition collected() {
  using enum aggregate_function;
  return windows_of(30, 10,
                    {over(var_samp, type_id::float64, type_id::float64),
                     over(stddev_pop, type_id::bigint, type_id::float64),
                     over(array_agg, type_id::text, data::type::list_of(type_id::text)),
                     over(string_agg, type_id::text, type_id::text),
                     over(percentile_cont, type_id::float64, type_id::float64),
                     over(percentile_disc, type_id::bigint, type_id::bigint),
                     over(bool_and, type_id::boolean, type_id::boolean),
                     over(bool_or, type_id::boolean, type_id::boolean),
                     over(bit_or, type_id::bigint, type_id::bigint), over_pairs(regr_count),
                     over_pairs(regr_r2), over_distinct(sum, type_id::float64, type_id::float64)});
}

/// One of each state that docs/development/formats.md describes.
definition described() {
  using enum aggregate_function;
  return windows_of(
      30, 10,
      {test::count_rows(), over(count_distinct, type_id::text, type_id::bigint),
       over(avg, type_id::bigint, type_id::float64), over(sum, type_id::float64, type_id::float64),
       over(max, type_id::text, type_id::text), over(min, type_id::float64, type_id::float64),
       over(first, type_id::bigint, type_id::bigint), over(last, type_id::text, type_id::text),
       over(bool_and, type_id::boolean, type_id::boolean), over(bool_or, type_id::boolean, type_id::boolean),
       over(var_samp, type_id::bigint, type_id::float64),
       over(stddev_pop, type_id::float64, type_id::float64),
       over(array_agg, type_id::text, data::type::list_of(type_id::text)),
       over(string_agg, type_id::text, type_id::text),
       over(percentile_cont, type_id::float64, type_id::float64),
       over(percentile_disc, type_id::bigint, type_id::bigint)});
}

definition described_later() {
  using enum aggregate_function;
  return windows_of(
      30, 10,
      {over(bit_and, type_id::bigint, type_id::bigint), over(bit_or, type_id::bigint, type_id::bigint),
       over(bit_xor, type_id::bigint, type_id::bigint), over_pairs(regr_count), over_pairs(regr_avgy),
       over_pairs(regr_sxx), over_pairs(covar_pop), over_pairs(regr_slope), over_pairs(corr),
       over_distinct(sum, type_id::bigint, type_id::bigint),
       over_distinct(avg, type_id::numeric, type_id::numeric)});
}

void fill(shard_windows& w, const definition& d, int users) {
  std::vector<test::click> clicks;
  for (int i = 0; i < users; ++i)
    clicks.push_back({i % 50, "user" + std::to_string(i), i * 0.1 - 3, i - 5});
  clicks.push_back({3, std::nullopt, 1e300, -7});
  clicks.push_back({3, std::nullopt, -1e-300, 9});
  clicks.push_back({4, "", std::numeric_limits<double>::infinity(), 9});
  absorb(w, d, clicks);
}

}  // namespace

TEST_CASE("changes hold what was touched since the last capture of either kind, and nothing else") {
  const auto d = everything();
  const auto w = make_shard_windows(d);
  fill(*w, d, 1000);
  const auto all = all_of(*w);
  const auto nothing = changes_of(*w);
  CHECK(nothing.size() < 20);
  absorb(*w, d, {{3, "user3"}});
  absorb(*w, d, {{3, "user3"}});
  const auto one = changes_of(*w);
  CHECK(one.size() > nothing.size());
  CHECK(one.size() < nothing.size() + 80);
  CHECK(changes_of(*w) == nothing);
  CHECK(all.size() > 1000 * 20);
}

TEST_CASE("dropped slices are changes, once") {
  const auto d = windows_of(10, 10, {count_rows()});
  const auto w = make_shard_windows(d);
  absorb(*w, d, {{5, "a"}, {15, "b"}});
  const auto copy = make_shard_windows(d);
  REQUIRE(applied_to(*copy, all_of(*w)));
  absorb(*w, d, {{25, "never captured"}});
  CHECK(fire_all(*w, no_watermark, 10).size() == 1);
  REQUIRE(applied_to(*copy, changes_of(*w)));
  CHECK(copy->size().keys == 2);
  CHECK(fire_all(*w, 10, 30).size() == 2);
  const auto last = changes_of(*w);
  REQUIRE(applied_to(*copy, last));
  CHECK(copy->size().keys == 0);
  CHECK(changes_of(*w).size() < last.size());
}

TEST_CASE("bytes that are cut off anywhere are corrupt") {
  const auto d = GENERATE(everything(), collected());
  const auto w = make_shard_windows(d);
  fill(*w, d, 60);
  const auto bytes = all_of(*w);
  for (std::size_t n = 0; n < bytes.size(); ++n) {
    const auto other = make_shard_windows(d);
    const auto applied = applied_to(*other, std::string_view(bytes).substr(0, n));
    REQUIRE_FALSE(applied);
    REQUIRE(applied.error().code == ec::corrupt);
  }
  const auto other = make_shard_windows(d);
  CHECK(applied_to(*other, bytes));
}

TEST_CASE("damaged bytes are refused or harmless, never trusted") {
  const auto d = GENERATE(everything(), collected());
  const auto w = make_shard_windows(d);
  fill(*w, d, 60);
  CHECK(test::refusals_of_damage(d, all_of(*w)) > 1000);
}

TEST_CASE("a slice off the grid, other aggregates and a later format are refused") {
  const auto d = windows_of(10, 10, {count_rows()});
  const auto w = make_shard_windows(d);
  absorb(*w, d, {{5, "a"}});
  const auto bytes = all_of(*w);
  const auto refused_by = [&](const definition& other) {
    const auto o = make_shard_windows(other);
    const auto applied = applied_to(*o, bytes);
    return !applied && applied.error().code == ec::corrupt;
  };
  CHECK_FALSE(refused_by(d));
  CHECK(refused_by(windows_of(7, 7, {count_rows()})));
  CHECK(refused_by(windows_of(10, 10, {count_rows(), count_rows()})));
  CHECK(refused_by(windows_of(10, 10, {over(aggregate_function::min, type_id::bigint, type_id::bigint)})));
  auto later = bytes;
  ++later[0];
  const auto o = make_shard_windows(d);
  const auto applied = applied_to(*o, later);
  REQUIRE_FALSE(applied);
  CHECK(applied.error().code == ec::unsupported);
  CHECK_FALSE(applied_to(*w, bytes));  // all of a state is for an empty one
}

TEST_CASE("the states of all aggregates are the golden ones, byte for byte, and are read back") {
  const auto [d, golden] = GENERATE(table<definition, std::string>(
      {{described(), "states_4.bin"}, {described_later(), "states_4_of_pairs.bin"}}));
  const auto w = make_shard_windows(d);
  absorb(*w, d,
         {{5, "ann", 0.5, 7, true},
          {5, "ann", -1e300, -3, false},
          {6, "bob", std::numeric_limits<double>::infinity(), 1LL << 62, std::nullopt},
          {6, "bob", 0.1, 1LL << 62, true},
          {17, std::nullopt, std::nullopt, std::nullopt, std::nullopt}});
  const auto bytes = all_of(*w);
  millrace::test::check_golden("tests/unit/window/golden/" + golden, bytes);
  const auto again = make_shard_windows(d);
  REQUIRE(applied_to(*again, bytes));
  CHECK(all_of(*again) == bytes);
  const auto fired = fire_all(*again, no_watermark, end_of_time);
  CHECK(test::rows_of(fired.front()) == test::rows_of(fire_all(*w, no_watermark, end_of_time).front()));
}

}  // namespace millrace::window
