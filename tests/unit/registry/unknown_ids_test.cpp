#include "actors/registry/unknown_ids.hpp"

#include <catch2/catch.hpp>

using namespace millrace::registry;
using namespace std::chrono_literals;

TEST_CASE(
    "Ids that a registry does not have are told of at once, then with their number at growing intervals") {
  unknown_ids ids;
  const unknown_ids::clock::time_point begin{};
  const auto first = ids.add(7, "schema 7 of the registry http://r: not found", begin);
  REQUIRE(first);
  CHECK_THAT(*first,
             Catch::StartsWith("records name 1 schema so far that the registry does not have, such as "
                               "schema 7 of the registry http://r: not found;"));
  CHECK_FALSE(ids.add(7, "seven", begin + 30s));
  CHECK_FALSE(ids.add(8, "eight", begin + 9s));
  const auto second = ids.add(9, "nine", begin + 10s);
  REQUIRE(second);
  CHECK_THAT(*second, Catch::StartsWith(
                          "records name 3 schemas so far that the registry does not have, such as nine;"));
  CHECK_FALSE(ids.add(10, "ten", begin + 29s));
  CHECK(ids.add(11, "eleven", begin + 30s));
  CHECK_FALSE(ids.add(12, "twelve", begin + 69s));
}

TEST_CASE("Unknown ids are counted up to a bound") {
  unknown_ids ids;
  auto now = unknown_ids::clock::time_point{};
  std::optional<std::string> last;
  for (std::uint64_t id = 0; id < 20'000; ++id)
    if (auto told = ids.add(id, "x", now += 100ms))
      last = std::move(told);
  REQUIRE(last);
  CHECK_THAT(*last, Catch::Contains("10000 or more schemas"));
  CHECK_FALSE(ids.add(30'000, "x", now + 1h));
}
