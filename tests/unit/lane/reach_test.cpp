#include "actors/stream/lane/reach.hpp"
#include "actors/stream/stage/unnest.hpp"

#include <catch2/catch.hpp>

using namespace millrace;

namespace {

/// Records at positions 10, 12, 14, ... of this many bytes each.
source::chunk spaced_out(const std::vector<std::uint32_t>& lengths) {
  source::chunk c;
  c.from = {0, 10};
  for (std::size_t i = 0; i < lengths.size(); ++i) {
    c.begins.push_back(0);
    c.lengths.push_back(lengths[i]);
    c.positions.push_back({0, 10 + 2 * static_cast<std::int64_t>(i)});
  }
  c.to = {0, 10 + 2 * static_cast<std::int64_t>(lengths.size())};
  return c;
}

}  // namespace

TEST_CASE("a turn reaches to the end of its piece where nothing stops it") {
  const auto c = spaced_out({1, 1, 1, 1});
  const lane::reach all(c, 4);
  CHECK(all.last() == 4);
  CHECK(all.to() == c.to);
  const lane::reach piece(c, 2);
  CHECK(piece.to() == position{0, 14});
}

TEST_CASE("a turn stops at a position, between records too, and never goes further for a later one") {
  const auto c = spaced_out({1, 1, 1, 1});
  lane::reach r(c, 4);
  r.stop_at({0, 15});
  CHECK(r.last() == 3);
  CHECK(r.to() == position{0, 15});
  r.stop_at({0, 18});
  CHECK(r.to() == position{0, 15});
  r.stop_at({0, 10});
  CHECK(r.last() == 0);
  CHECK(r.to() == position{0, 10});
}

TEST_CASE("a turn stops before a record, and a cut behind the records it takes stays where it is") {
  const auto c = spaced_out({1, 1, 1, 1});
  lane::reach r(c, 4);
  r.stop_before(4);
  CHECK(r.to() == c.to);
  r.stop_at({0, 15});
  r.stop_before(3);
  CHECK(r.to() == position{0, 15});
  r.stop_before(1);
  CHECK(r.last() == 1);
  CHECK(r.to() == position{0, 12});
}

TEST_CASE("of records that may give many rows a few are worked on at once, one at least") {
  const auto large = spaced_out({100'000, 100'000, source::no_value, 30'000, 30'000, 30'000});
  CHECK(lane::end_of_few(large, 0, 6) == 1);
  CHECK(lane::end_of_few(large, 2, 6) == 6);
  CHECK(lane::end_of_few(large, 2, 4) == 4);
  const auto small = spaced_out(std::vector<std::uint32_t>(stage::most_records_at_once + 5, 0));
  CHECK(lane::end_of_few(small, 1, small.records()) == stage::most_records_at_once + 1);
}
