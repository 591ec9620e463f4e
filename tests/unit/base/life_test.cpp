#include "runtime/base/life.hpp"

#include <catch2/catch.hpp>

#include <vector>

using namespace millrace;

TEST_CASE("lives are ordered by term, then by count, and so are their numbers") {
  const std::vector<life> rising{
      1, {1, 1}, {1, most_counts}, 2, {2, 7}, {1'760'000'000, 3}, {std::uint64_t{1} << 38U, 0}};
  for (std::size_t i = 0; i < rising.size(); ++i) {
    CHECK(life_of(number_of(rising[i])) == rising[i]);
    CHECK(number_of(rising[i]) < std::uint64_t{1} << 63U);  // SQL holds no more
    for (std::size_t j = 0; j < i; ++j) {
      CHECK(rising[j] < rising[i]);
      CHECK(number_of(rising[j]) < number_of(rising[i]));
    }
  }
}
