#include "runtime/base/earlier_format.hpp"
#include "runtime/delivery/ledger.hpp"
#include "tests/support/golden_file.hpp"

#include <catch2/catch.hpp>

namespace millrace::delivery {
namespace {

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

TEST_CASE("counters that are cut off are corrupt") {
  ledger l;
  l["counts"] = {.in = 300, .out = 300};
  const auto bytes = bytes_of(l);
  for (std::size_t n = 0; n < bytes.size(); ++n) {
    wire::reader in(std::string_view(bytes).substr(0, n));
    const auto result = ledger().decode(in);
    REQUIRE_FALSE(result);
    CHECK(result.error().code == ec::corrupt);
  }
}

TEST_CASE("counters of an earlier version, by number, are refused by name") {
  wire::reader in(std::string_view("\1\1\1\1\0\0\0", 7));
  const auto result = ledger().decode(in);
  REQUIRE_FALSE(result);
  CHECK(result.error().code == ec::unsupported);
  CHECK(result.error().message.find(build_of_earlier_formats) != std::string::npos);
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
