// How long an append takes until it is durable: unit_client_postgresql_chain "[.speed]".
#include "tests/unit/client_postgresql_chain/place.hpp"

#include <algorithm>
#include <chrono>

using namespace postgresql_chain_test;

TEST_CASE("speed of appends, p50 and p99", "[.speed]") {
  if (is_skipped())
    return;
  const place at;
  const auto c = at.open(1);
  for (const auto& [bytes, times] : {std::pair<std::size_t, std::size_t>{1'000, 1'000}, {500'000, 300}}) {
    const std::string payload(bytes, 'x');
    std::vector<double> took;
    for (std::size_t i = 0; i < times; ++i) {
      const auto begun = std::chrono::steady_clock::now();
      must(c->append(payload, false));
      took.push_back(
          std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begun).count());
    }
    std::ranges::sort(took);
    WARN(bytes << " bytes: p50 " << took[times / 2] << " ms, p99 " << took[times * 99 / 100] << " ms");
  }
}
