#include "runtime/delivery/verdicts.hpp"

#include <catch2/catch.hpp>

using namespace millrace;
using namespace std::string_literals;
using delivery::decode_verdict;
using delivery::encode_verdict;
using delivery::verdict;
using delivery::verdicts;

TEST_CASE("the bytes of a verdict are these") {
  const verdict v{"parsed/a", {1, 258}, "no"};
  const auto bytes = "\x01\x08parsed/a"s
                     "\x01\0\0\0\0\0\0\0"s
                     "\x02\x01\0\0\0\0\0\0"s
                     "\x02no"s;
  CHECK(encode_verdict(v) == bytes);
  REQUIRE(decode_verdict(bytes));
  CHECK(*decode_verdict(bytes) == v);
}

TEST_CASE("a verdict that is cut off, too long or of a later version is refused with the remedy") {
  const auto bytes = encode_verdict({"parsed/a", {0, 7}, "no"});
  for (std::size_t n = 0; n < bytes.size(); ++n) {
    const auto cut = decode_verdict(std::string_view(bytes).substr(0, n));
    REQUIRE_FALSE(cut);
    CHECK(cut.error().code == ec::corrupt);
  }
  CHECK_FALSE(decode_verdict(bytes + "x"));
  const auto later = decode_verdict("\x02" + bytes.substr(1));
  REQUIRE_FALSE(later);
  CHECK(later.error().code == ec::unsupported);
}

TEST_CASE("verdicts are found by log and position until they are trimmed") {
  verdicts v;
  v.add({"a", {0, 7}, "x"});
  v.add({"a", {0, 7}, "said later"});
  v.add({"a", {0, 9}, "y"});
  v.add({"b", {0, 8}, "z"});
  REQUIRE(v.find("a", {0, 7}));
  CHECK(*v.find("a", {0, 7}) == "x");
  CHECK_FALSE(v.find("a", {0, 8}));
  CHECK_FALSE(v.find("c", {0, 7}));
  CHECK(v.next("a", {0, 7}, {0, 10}) == position{0, 7});
  CHECK(v.next("a", {0, 8}, {0, 10}) == position{0, 9});
  CHECK_FALSE(v.next("a", {0, 8}, {0, 9}));
  v.trim("a", {0, 9});
  CHECK(v.all() == std::vector<verdict>{{"a", {0, 9}, "y"}, {"b", {0, 8}, "z"}});
  v.trim("a", {0, 10});
  CHECK(v.size() == 1);
}
