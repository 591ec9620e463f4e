#include "runtime/delivery/ledger.hpp"

#include <catch2/catch.hpp>

namespace millrace::delivery {

TEST_CASE("counts add up by stage, and survive encoding") {
  ledger l;
  l.add({{1, {.in = 5, .out = 3, .late = 2}}, {4, {.in = 1, .dead = 1}}});
  l.add({{1, {.in = 2, .filtered = 2}}});
  ledger other;
  other[4].out = 7;
  l.add(other);
  CHECK(l.stages().at(1) == stage_counts{.in = 7, .out = 3, .filtered = 2, .late = 2});
  CHECK(l.stages().at(4) == stage_counts{.in = 1, .out = 7, .dead = 1});
  wire::writer out;
  l.encode(out);
  ledger again;
  again[9].in = 1;
  wire::reader in(out.bytes());
  REQUIRE(again.decode(in));
  CHECK(again.stages() == l.stages());
}

TEST_CASE("counters that are cut off are corrupt") {
  ledger l;
  l[1] = {.in = 300, .out = 300};
  wire::writer out;
  l.encode(out);
  for (std::size_t n = 0; n < out.size(); ++n) {
    wire::reader in(std::string_view(out.bytes()).substr(0, n));
    const auto result = ledger().decode(in);
    REQUIRE_FALSE(result);
    CHECK(result.error().code == ec::corrupt);
  }
}

}  // namespace millrace::delivery
