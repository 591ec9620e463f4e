#include "actors/connectors/kafka/source/fingerprint.hpp"

#include <catch2/catch.hpp>

using namespace millrace;
using source::checksum_of;
using source::fingerprint;
using source::fingerprints;
using source::format_fingerprints;
using source::is_same_log;
using source::parse_fingerprints;
using source::same_log;

TEST_CASE("fingerprints have a line a partition, and come back as they were") {
  const fingerprints all{{0, {41, 1'600'000'000'123, 0xABC}}, {7, {0, -1, 0xFFFF'FFFF'FFFF'FFFF}}};
  const auto text = format_fingerprints(all);
  CHECK(text == "0 41 1600000000123 0000000000000abc\n7 0 -1 ffffffffffffffff\n");
  CHECK(parse_fingerprints(text) == all);
  CHECK(format_fingerprints({}).empty());
  CHECK(parse_fingerprints("") == fingerprints());
}

TEST_CASE("of several texts, the fingerprint with the highest offset of a partition counts") {
  const auto text = format_fingerprints({{0, {10, 1, 1}}, {1, {20, 2, 2}}}) +
                    format_fingerprints({{0, {30, 3, 3}}, {1, {15, 4, 4}}, {2, {1, 5, 5}}});
  CHECK(parse_fingerprints(text) == fingerprints{{0, {30, 3, 3}}, {1, {20, 2, 2}}, {2, {1, 5, 5}}});
}

TEST_CASE("a malformed text of fingerprints is corrupt") {
  for (const auto* const text : {"x", "0", "0 1 2", "0 1 2 3 4", "0 1 2 xyz", "-1 1 2 3", "0 -1 2 3",
                                 "0  1 2 3", "0 1 2 3\n\n", "0 1 2 11112222333344445", "9999999999 1 2 3"}) {
    INFO(text);
    const auto got = parse_fingerprints(text);
    REQUIRE_FALSE(got);
    CHECK(got.error().code == ec::corrupt);
  }
}

TEST_CASE("the checksum tells key from value, and none from empty") {
  CHECK(checksum_of("a", "b") == checksum_of("a", "b"));
  CHECK(checksum_of("a", "b") != checksum_of("b", "a"));
  CHECK(checksum_of("ab", "c") != checksum_of("a", "bc"));
  CHECK(checksum_of("a", "") != checksum_of("", "a"));
  CHECK(checksum_of(std::nullopt, "a") != checksum_of("", "a"));
  CHECK(checksum_of("a", std::nullopt) != checksum_of("a", ""));
  CHECK(checksum_of(std::nullopt, std::nullopt) != checksum_of("", ""));
  CHECK(checksum_of("a", std::nullopt) != checksum_of(std::nullopt, "a"));
}

TEST_CASE("another record at the offset is another log; none there says nothing") {
  const fingerprint kept{5, 100, 0xAB};
  CHECK(is_same_log(kept, kept) == same_log::yes);
  CHECK(is_same_log(kept, fingerprint{5, 101, 0xAB}) == same_log::no);
  CHECK(is_same_log(kept, fingerprint{5, 100, 0xAC}) == same_log::no);
  CHECK(is_same_log(kept, fingerprint{6, 100, 0xAB}) == same_log::unknown);
  CHECK(is_same_log(kept, std::nullopt) == same_log::unknown);
}
