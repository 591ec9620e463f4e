#include "actors/stream/replay/replay_format.hpp"
#include "tests/support/golden_file.hpp"

#include <catch2/catch.hpp>

using namespace millrace;
using namespace millrace::replay;

namespace {

replayed_batch batch() {
  replayed_batch b{"table", "clicks", "a,b", {}};
  b.records.push_back({"0123456789abcdef", "{\"a\":1}", 1'619'294'100'796'000, 1, "k", R"({"h":"v"})"});
  b.records.push_back({"fedcba9876543210", std::string("\0\xff\n", 3)});
  b.records.push_back({"id", "", -1, 0, "", ""});
  return b;
}

}  // namespace

TEST_CASE("replayed records are decoded as they were encoded") {
  const auto b = batch();
  const auto back = decode(encode(b));
  REQUIRE(back);
  CHECK(*back == b);
  const auto none = decode(encode({"s", "", "", {}}));
  REQUIRE(none);
  CHECK(none->records.empty());
}

TEST_CASE("what is cut off, longer, of a later version or marked unknown is no batch") {
  const auto bytes = encode(batch());
  for (std::size_t n = 0; n < bytes.size(); ++n) {
    const auto cut = decode(std::string_view(bytes).substr(0, n));
    REQUIRE_FALSE(cut);
    CHECK(cut.error().code == ec::corrupt);
  }
  CHECK_FALSE(decode(bytes + "x"));
  auto later = bytes;
  later[0] = 3;
  REQUIRE_FALSE(decode(later));
  CHECK(decode(later).error().code == ec::unsupported);
  auto marked = encode({"s", "", "", {{"i", "r"}}});
  marked[6] = 4;  // the record's flags, after version, three texts and the count
  CHECK_FALSE(decode(marked));
}

TEST_CASE("a record without a value stays one, in a format of its own") {
  auto b = batch();
  replayed_record tombstone{"n", ""};
  tombstone.key = "k";
  tombstone.is_null = true;
  b.records.push_back(tombstone);
  const auto bytes = encode(b);
  CHECK(bytes[0] == 2);
  CHECK(encode(batch())[0] == 1);
  const auto back = decode(bytes);
  REQUIRE(back);
  CHECK(*back == b);
}

TEST_CASE("replayed records are the golden ones, byte for byte") {
  test::check_golden("tests/unit/replayed/golden/replay_1.bin", encode(batch()));
}

TEST_CASE("a partition's name says stage and number, and a source's own is none") {
  CHECK(partition_name("a:b", 12) == "replay:a:b:12");
  const auto parts = parse_partition_name("replay:a:b:12");
  REQUIRE(parts);
  CHECK(parts->stage == "a:b");
  CHECK(parts->number == 12);
  for (const auto* name :
       {"0", "spool", "replay:", "replay:a", "replay::1", "replay:a:", "replay:a:1x", "replay:a:-1"})
    CHECK_FALSE(parse_partition_name(name));
}
