#include "tools/load/latency.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <random>
#include <vector>

using millrace::load::latency_histogram;

TEST_CASE("percentiles are those of the sorted values, within a hundredth") {
  std::mt19937_64 random(7);
  std::vector<std::uint64_t> values;
  latency_histogram h;
  for (int i = 0; i < 20'000; ++i) {
    const auto v = random() >> (random() % 60 + 4);
    values.push_back(v);
    h.add(static_cast<std::int64_t>(v));
  }
  std::sort(values.begin(), values.end());
  CHECK(h.count() == values.size());
  CHECK(h.max() == values.back());
  for (const double share : {0.001, 0.1, 0.5, 0.9, 0.99, 0.999, 1.0}) {
    const auto exact =
        values[static_cast<std::size_t>(share * static_cast<double>(values.size()) + 0.999999) - 1];
    const auto got = h.percentile(share);
    CAPTURE(share, exact, got);
    CHECK(got >= exact);
    CHECK(static_cast<double>(got) <= static_cast<double>(exact) * 1.01 + 1);
  }
}

TEST_CASE("small values are exact and negative ones count as nothing") {
  latency_histogram h;
  CHECK(h.percentile(0.5) == 0);
  for (int i = -5; i <= 255; ++i)
    h.add(i);
  CHECK(h.percentile(1.0) == 255);
  CHECK(h.percentile(6.0 / 261) == 0);
  CHECK(h.percentile(206.0 / 261) == 200);
}

TEST_CASE("the longest latency that there is has a place") {
  latency_histogram h;
  h.add(std::numeric_limits<std::int64_t>::max());
  CHECK(h.percentile(0.5) == static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()));
}
