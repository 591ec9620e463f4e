// corr, covar_* and regr_*: PostgreSQL 15's results at their edges, and no digit that the order of records could change.
#include "tests/unit/window/captures.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <cmath>
#include <limits>

namespace millrace::window {

using expression::aggregate_function;
using namespace test;

namespace {

constexpr double inf = std::numeric_limits<double>::infinity();
const double nan = std::numeric_limits<double>::quiet_NaN();

/// y and x; the fixture's x is a whole number.
using clicked_pair = std::pair<std::optional<double>, std::optional<std::int64_t>>;
/// The double of a result, none for null.
using maybe_double = std::optional<double>;

click paired_click(event_micros time, const clicked_pair& p) {
  click c{time, "ann", p.first};
  c.size = p.second;
  return c;
}

delivery::fired_window fired_pairs(aggregate_function f, const std::vector<clicked_pair>& pairs) {
  const auto d = windows_of(10, 10, {over_pairs(f)});
  const auto w = make_shard_windows(d);
  std::vector<click> clicks;
  for (const auto& p : pairs)
    clicks.push_back(paired_click(1, p));
  absorb(*w, d, clicks);
  auto all = fire_all(*w, no_watermark, end_of_time);
  REQUIRE(all.size() == 1);
  return std::move(all.front());
}

maybe_double statistic(aggregate_function f, const std::vector<clicked_pair>& pairs) {
  const auto w = fired_pairs(f, pairs);
  REQUIRE(w.rows->rows == 1);
  const auto& column = *w.rows->columns[1];
  return column.is_null(0) ? std::nullopt : maybe_double(column.doubles()[0]);
}

bool is_nan(const maybe_double& v) { return v && std::isnan(*v); }

}  // namespace

TEST_CASE("each aggregate of pairs passes over rows with a null") {
  using enum aggregate_function;
  const std::vector<clicked_pair> pairs{{1, 1}, {2, std::nullopt}, {std::nullopt, 3}, {4, 2}, {3, 6}};
  CHECK(statistic(regr_avgx, pairs) == 3);
  CHECK(statistic(regr_avgy, pairs) == 8 / 3.0);
  CHECK(statistic(regr_sxx, pairs) == 14);
  CHECK(statistic(regr_syy, pairs) == 14 / 3.0);
  CHECK(statistic(regr_sxy, pairs) == 3);
  CHECK(statistic(covar_pop, pairs) == 1);
  CHECK(statistic(covar_samp, pairs) == 1.5);
  CHECK(statistic(regr_slope, pairs) == 3 / 14.0);
  CHECK(statistic(regr_intercept, pairs) == 85 / 42.0);
  CHECK(statistic(regr_r2, pairs) == 27 / 196.0);
  CHECK(statistic(corr, pairs) ==
        0.37115374447904514);  // 3 sqrt(3) / 14; the root of 27 / 196 as a double is another
  CHECK(fired_pairs(regr_count, pairs).rows->columns[1]->ints()[0] == 3);
  CHECK(fired_pairs(regr_count, {{1, std::nullopt}}).rows->columns[1]->ints()[0] == 0);
}

TEST_CASE("pairs without a spread have no slope, and without any row nothing but a count") {
  using enum aggregate_function;
  const std::vector<clicked_pair> none{{std::nullopt, 1}};
  for (const auto f : {regr_avgx, regr_avgy, regr_sxx, regr_sxy, covar_pop, covar_samp, regr_slope, corr})
    CHECK_FALSE(statistic(f, none));
  const std::vector<clicked_pair> one{{5, 7}};
  CHECK(statistic(regr_sxx, one) == 0);
  CHECK(statistic(regr_sxy, one) == 0);
  CHECK(statistic(covar_pop, one) == 0);
  for (const auto f : {covar_samp, regr_slope, regr_intercept, regr_r2, corr})
    CHECK_FALSE(statistic(f, one));
  const std::vector<clicked_pair> flat{{0.1, 1}, {0.1, 2}, {0.1, 3}};  // y is always the same
  CHECK(statistic(regr_r2, flat) == 1);
  CHECK(statistic(regr_slope, flat) == 0);
  CHECK(statistic(regr_intercept, flat) == 0.1);
  CHECK(statistic(regr_syy, flat) == 0);
  CHECK_FALSE(statistic(corr, flat));
  const std::vector<clicked_pair> steep{{1, 3}, {2, 3}, {inf, 3}};
  CHECK_FALSE(statistic(regr_slope, steep));
  CHECK_FALSE(statistic(corr, steep));
  CHECK(statistic(regr_sxx, steep) == 0);
}

TEST_CASE("infinities and NaN in a pair are in what reads them") {
  using enum aggregate_function;
  const std::vector<clicked_pair> pairs{{1, 1}, {inf, 2}, {4, 3}};
  CHECK(statistic(regr_avgx, pairs) == 2);
  CHECK(statistic(regr_avgy, pairs) == inf);
  CHECK(statistic(regr_sxx, pairs) == 2);
  for (const auto f : {regr_syy, regr_sxy, covar_pop, covar_samp, regr_slope, regr_intercept, corr, regr_r2})
    CHECK(is_nan(statistic(f, pairs)));
  CHECK(is_nan(statistic(regr_avgy, {{inf, 1}, {-inf, 1}})));
  CHECK(is_nan(statistic(covar_pop, {{nan, 1}})));
  CHECK_FALSE(statistic(covar_samp, {{nan, 1}}));
}

TEST_CASE("a product that is too large fails the row, and a spread that rounding may make up is none") {
  using enum aggregate_function;
  const std::vector<clicked_pair> large{{1e200, 1}, {2e200, 2}};
  for (const auto f : {regr_syy, corr, regr_r2}) {
    const auto w = fired_pairs(f, large);
    CHECK(w.rows->rows == 0);
    REQUIRE(w.failed.size() == 1);
    CHECK(w.failed[0].error.find("is beyond double") != std::string::npos);
  }
  CHECK(statistic(regr_slope, large) == 1e200);
  CHECK(statistic(regr_avgy, large) == 1.5e200);
  for (const double v : {1e-160, 1.3e-160, 1.7e-160, 2.1e-160, 2.6e-160, 3.3e-160}) {
    const std::vector<clicked_pair> small{{v, 1}, {v, 2}, {v, 4}};
    CHECK(statistic(regr_syy, small) == 0);
    CHECK(statistic(regr_r2, small) == 1);
    CHECK_FALSE(statistic(corr, small));
  }
}

TEST_CASE("a correlation is exact where the numbers are large and close to each other") {
  using enum aggregate_function;
  std::vector<clicked_pair> pairs;
  for (std::int64_t i = 0; i < 7; ++i)
    pairs.push_back({1e15 + 3 * static_cast<double>(i), (std::int64_t{1} << 52) + i});
  CHECK(statistic(corr, pairs) == 1);
  CHECK(statistic(regr_slope, pairs) == 3);
  CHECK(statistic(regr_r2, pairs) == 1);
  for (auto& p : pairs)
    p.first = -*p.first;
  CHECK(statistic(corr, pairs) == -1);
  CHECK(statistic(covar_pop, pairs) == -12);
}

TEST_CASE("the order of pairs changes no digit, and a slice that leaves takes its pairs along") {
  using enum aggregate_function;
  std::vector<clicked_pair> pairs{{0.1, 3}, {1e16, -7}, {-1e16, 11}, {3.7, 1}, {1e-300, 1LL << 53}, {0.3, 2}};
  for (const auto f : {corr, regr_r2, regr_slope, regr_intercept, covar_samp, regr_sxy}) {
    const auto wanted = statistic(f, pairs);
    auto turned = pairs;
    for (std::size_t i = 0; i < pairs.size(); ++i) {
      std::rotate(turned.begin(), turned.begin() + 1, turned.end());
      CHECK(statistic(f, turned) == wanted);
    }
    const auto d = windows_of(20, 10, {over_pairs(f)});
    const auto w = make_shard_windows(d);
    std::vector<click> clicks{paired_click(5, {nan, 4}), paired_click(5, {1e300, 5})};
    for (const auto& p : pairs)
      clicks.push_back(paired_click(15, p));
    absorb(*w, d, clicks);
    const auto windows = fire_all(*w, no_watermark, end_of_time);
    REQUIRE(windows.size() == 3);
    REQUIRE(windows[2].rows->rows == 1);
    CHECK(windows[2].rows->columns[1]->doubles()[0] == *wanted);
  }
}

}  // namespace millrace::window
