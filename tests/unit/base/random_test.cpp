#include "runtime/base/random.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <vector>

using namespace millrace;

TEST_CASE("no two of many random numbers are the same") {
  std::vector<std::uint64_t> all(100'000);
  std::ranges::generate(all, random_bits);
  std::ranges::sort(all);
  CHECK(std::ranges::adjacent_find(all) == all.end());
}

TEST_CASE("a random id has 32 hexadecimal digits, of which each takes every value") {
  std::vector<std::string> seen(32);
  for (int i = 0; i < 1'000; ++i) {
    const auto id = random_id();
    REQUIRE(id.size() == 32);
    REQUIRE(id.find_first_not_of("0123456789abcdef") == std::string::npos);
    for (std::size_t at = 0; at < id.size(); ++at)
      if (seen[at].find(id[at]) == std::string::npos)
        seen[at] += id[at];
  }
  CHECK(std::ranges::all_of(seen, [](const std::string& digits) { return digits.size() == 16; }));
}
