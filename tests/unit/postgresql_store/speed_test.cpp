// Measures how long an append takes until it is durable: unit_postgresql_store "[.speed]".
#include "tests/unit/postgresql_store/place.hpp"

using namespace postgresql_chain_test;

TEST_CASE("speed of appends, p50 and p99", "[.speed]") {
  if (is_skipped())
    return;
  const place at;
  test::tell_speed(*at.open(1), [](std::size_t n) { return std::string(n, 'x'); });
}
