#include "runtime/delivery/ledger.hpp"
#include "tests/support/golden_file.hpp"

#include <catch2/catch.hpp>

namespace millrace::delivery {
namespace {

const std::vector<std::string> stages{"clicks", "parsed", "counts", "wide"};

std::string bytes_of(const ledger& l) {
  wire::writer out;
  l.encode(out);
  return out.take();
}

ledger read(const std::string& bytes) {
  ledger l;
  l["left_over"].in = 1;
  wire::reader in(bytes);
  REQUIRE(l.decode(in));
  CHECK(in.at_end());
  return l;
}

/// As versions before names wrote them.
std::string numbered(const std::vector<std::pair<std::uint64_t, stage_counts>>& entries) {
  wire::writer out;
  out.varint(entries.size());
  for (const auto& [stage, c] : entries)
    for (const auto n : {stage, c.in, c.out, c.filtered, c.late, c.dead})
      out.varint(n);
  return out.take();
}

}  // namespace

TEST_CASE("counts add up by stage, and survive encoding") {
  ledger l;
  l.add({{"counts", {.in = 5, .out = 3, .late = 2}}, {"table", {.in = 1, .dead = 1}}});
  l.add({{"counts", {.in = 2, .filtered = 2}}});
  ledger other;
  other["table"].out = 7;
  l.add(other);
  CHECK(l.of("counts") == stage_counts{.in = 7, .out = 3, .filtered = 2, .late = 2});
  CHECK(l.of("table") == stage_counts{.in = 1, .out = 7, .dead = 1});
  CHECK(l.of("parsed") == stage_counts{});
  CHECK(read(bytes_of(l)).stages() == l.stages());
}

TEST_CASE("the bytes of counters are fixed") {
  ledger l;
  l["counts"] = {.in = 700, .out = 600, .filtered = 50, .late = 40, .dead = 10};
  l[unformed_rows_of("counts")] = {.in = 3, .dead = 3};
  l[output_columns_of("counts")] = {.in = 9, .out = 8, .dead = 1};
  l[unnested_rows_of("wide")] = {.in = 12, .out = 12};
  millrace::test::check_golden("tests/unit/delivery/golden/ledger_2.bin", bytes_of(l) + bytes_of({}));
}

TEST_CASE("counters of a topology that has changed since stay with their stages") {
  ledger l;
  l["parsed"].in = 10;
  l["counts"].in = 9;
  l["gone"].dead = 2;
  auto again = read(bytes_of(l));
  again.name_numbered({"clicks", "parsed", "added", "counts"});
  CHECK(again.stages() == l.stages());
}

TEST_CASE("counters of earlier versions, by number, get the names of their stages") {
  auto l = read(numbered({{1, {.in = 700, .out = 690, .dead = 10}},
                          {2, {.in = 690, .out = 600, .late = 90}},
                          {2 | 1U << 30, {.in = 3, .dead = 3}},
                          {2 | 1U << 31, {.in = 9, .out = 8, .dead = 1}},
                          {3 | 1U << 29, {.in = 12, .out = 12}},
                          {4, {.in = 5}}}));
  l.name_numbered(stages);
  CHECK(l.of("parsed") == stage_counts{.in = 700, .out = 690, .dead = 10});
  CHECK(l.of("counts") == stage_counts{.in = 690, .out = 600, .late = 90});
  CHECK(l.of(unformed_rows_of("counts")) == stage_counts{.in = 3, .dead = 3});
  CHECK(l.of(output_columns_of("counts")) == stage_counts{.in = 9, .out = 8, .dead = 1});
  CHECK(l.of(unnested_rows_of("wide")) == stage_counts{.in = 12, .out = 12});
  CHECK(l.stages().size() == 6);  // what belongs to no stage is kept
  CHECK(read(bytes_of(l)).stages() == l.stages());
  CHECK(read(numbered({})).stages().empty());
}

TEST_CASE("names are given once, and what was counted since is added to") {
  auto l = read(numbered({{1, {.in = 7}}}));
  l["parsed"].in = 2;
  for (int i = 0; i < 2; ++i) {
    l.name_numbered(stages);
    CHECK(l.of("parsed").in == 9);
    CHECK(l.stages().size() == 1);
  }
}

TEST_CASE("counters that are cut off are corrupt") {
  ledger l;
  l["counts"] = {.in = 300, .out = 300};
  for (const auto& bytes : {bytes_of(l), numbered({{1, {.in = 300, .out = 300}}})})
    for (std::size_t n = 0; n < bytes.size(); ++n) {
      wire::reader in(std::string_view(bytes).substr(0, n));
      const auto result = ledger().decode(in);
      REQUIRE_FALSE(result);
      CHECK(result.error().code == ec::corrupt);
    }
}

TEST_CASE("counters of a later version are told as that") {
  auto bytes = bytes_of({});
  bytes[5] = 3;
  wire::reader in(bytes);
  const auto result = ledger().decode(in);
  REQUIRE_FALSE(result);
  CHECK(result.error().code == ec::unsupported);
}

}  // namespace millrace::delivery
