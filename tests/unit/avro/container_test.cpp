// Checks heads and blocks of Avro object containers: whole, in parts, damaged and too large.
#include "runtime/avro/container.hpp"
#include "tests/support/avro_container.hpp"

#include <catch2/catch.hpp>

using namespace millrace;
using namespace millrace::avro;
using namespace millrace::test;

namespace {

constexpr std::string_view texts_schema = R"("string")";
const std::vector<std::string> codecs{"null", "deflate", "snappy", "zstandard"};

codec codec_named(const std::string& name) {
  const auto head = read_container_head(avro_head(texts_schema, name));
  REQUIRE(head);
  REQUIRE(*head);
  return (*head)->packed_by;
}

std::string message_of(const error& e) { return e.message; }

std::string blank(std::size_t size) { return std::string(size, ' '); }

}  // namespace

TEST_CASE("a container's head gives schema, codec and sync marker") {
  const auto bytes = avro_head(texts_schema, "snappy");
  const auto head = read_container_head(bytes + "more");
  REQUIRE(head);
  REQUIRE(*head);
  CHECK((*head)->schema == texts_schema);
  CHECK((*head)->packed_by == codec::snappy);
  CHECK(std::string((*head)->sync.data(), (*head)->sync.size()) == test_sync);
  CHECK((*head)->size == bytes.size());
}

TEST_CASE("a container's head needs all of its bytes, wherever it is cut") {
  const auto bytes = avro_head(texts_schema, "deflate");
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    const auto head = read_container_head(std::string_view(bytes).substr(0, size));
    REQUIRE(head);
    CHECK_FALSE(*head);
  }
}

TEST_CASE("a container's metadata may come in parts, with their sizes, with other keys and without a codec") {
  const auto entries = avro_text("avro.schema") + avro_text(texts_schema);
  const auto other = avro_text("writer") + avro_text("somebody");
  const auto bytes = std::string(container_magic) + avro_long(-1) +
                     avro_long(static_cast<std::int64_t>(entries.size())) + entries + avro_long(1) + other +
                     avro_long(0) + test_sync;
  const auto head = read_container_head(bytes);
  REQUIRE(head);
  REQUIRE(*head);
  CHECK((*head)->schema == texts_schema);
  CHECK((*head)->packed_by == codec::null);
}

TEST_CASE("a head that is none, or says too much, is refused with the reason") {
  const auto wrong = [](const std::string& bytes, ec code) {
    const auto head = read_container_head(bytes);
    REQUIRE_FALSE(head);
    CHECK(head.error().code == code);
    return head.error().message;
  };
  CHECK_THAT(wrong("{\"a\":1}", ec::corrupt), Catch::Contains("does not begin"));
  CHECK_THAT(wrong("Obj\x02", ec::corrupt), Catch::Contains("does not begin"));
  const std::string begin(container_magic);
  CHECK_THAT(wrong(begin + avro_long(0) + test_sync, ec::corrupt), Catch::Contains("no avro.schema"));
  CHECK_THAT(wrong(begin + avro_long(1) + avro_long(-5), ec::corrupt), Catch::Contains("damaged at byte 6"));
  CHECK_THAT(wrong(begin + std::string(11, '\xFF'), ec::corrupt), Catch::Contains("damaged"));
  const auto entry = avro_text("avro.schema") + avro_text(texts_schema);
  CHECK_THAT(wrong(begin + avro_long(2) + entry + entry, ec::corrupt), Catch::Contains("damaged"));
  for (const auto* name : {"bzip2", "xz", "brotli"})
    CHECK_THAT(wrong(avro_head(texts_schema, name), ec::unsupported),
               Catch::Contains(name) && Catch::Contains("avro-tools recodec"));
  CHECK_THAT(wrong(avro_head(blank(longest_head)), ec::unsupported), Catch::Contains("longer than 5 MiB"));
  CHECK_THAT(wrong(begin + avro_long(1) + avro_long(std::int64_t{1} << 40U), ec::unsupported),
             Catch::Contains("longer than 5 MiB"));
  CHECK(read_container_head(avro_head(blank(longest_head - 100))));
}

TEST_CASE("a block's head gives records and bytes, and needs all of its own") {
  const auto bytes = avro_long(300) + avro_long(70'000);
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    const auto head = read_block_head(std::string_view(bytes).substr(0, size));
    REQUIRE(head);
    CHECK_FALSE(*head);
  }
  const auto head = read_block_head(bytes + "more");
  REQUIRE(head);
  REQUIRE(*head);
  CHECK((*head)->records == 300);
  CHECK((*head)->packed == 70'000);
  CHECK((*head)->size == bytes.size());
}

TEST_CASE("a block's head that says too much or less than nothing is refused") {
  const auto most_bytes = static_cast<std::int64_t>(longest_block);
  const auto most_records = static_cast<std::int64_t>(most_block_records);
  CHECK(read_block_head(avro_long(most_records) + avro_long(most_bytes)));
  for (const auto& [bytes, code] :
       std::vector<std::pair<std::string, ec>>{{avro_long(1) + avro_long(most_bytes + 1), ec::unsupported},
                                               {avro_long(most_records + 1) + avro_long(1), ec::unsupported},
                                               {avro_long(-1) + avro_long(1), ec::corrupt},
                                               {avro_long(1) + avro_long(-1), ec::corrupt},
                                               {std::string(10, '\xFF'), ec::corrupt}}) {
    const auto head = read_block_head(bytes);
    REQUIRE_FALSE(head);
    CHECK(head.error().code == code);
  }
}

TEST_CASE("a block is unpacked to what was packed, by each codec") {
  std::string mixed;
  for (int i = 0; i < 100'000; ++i)
    mixed += static_cast<char>((1LL * i * i) >> 3);
  std::string out = "what was there before";
  for (const auto& name : codecs)
    for (const auto& bytes : {std::string(), std::string("a"), mixed, blank(longest_block)}) {
      const auto done = unpack_block(codec_named(name), packed_block(name, bytes), out);
      REQUIRE(done);
      REQUIRE(out == bytes);
    }
}

TEST_CASE("a block that unpacks to more than is read is refused, and its memory stays bounded") {
  std::string out;
  for (const auto& name : codecs) {
    const auto done = unpack_block(codec_named(name), packed_block(name, blank(longest_block + 1)), out);
    REQUIRE_FALSE(done);
    CHECK(done.error().code == ec::unsupported);
    CHECK_THAT(message_of(done.error()), Catch::Contains("64 MiB"));
    CHECK(out.capacity() <= longest_block + 1);
  }
}

TEST_CASE("a packed block that is cut anywhere, or has other bytes, is told") {
  const std::string bytes = "one two three one two three one two three one two three";
  std::string out;
  for (const auto& name : codecs) {
    if (name == "null")
      continue;
    const auto packed = packed_block(name, bytes);
    for (std::size_t size = name == "zstandard" ? 1 : 0; size < packed.size(); ++size) {
      const auto done = unpack_block(codec_named(name), std::string_view(packed).substr(0, size), out);
      REQUIRE_FALSE(done);
      CHECK(done.error().code == ec::corrupt);
    }
    CHECK_FALSE(unpack_block(codec_named(name), packed + "12345", out));
  }
  auto other = packed_block("snappy", bytes);
  other.back() = static_cast<char>(other.back() ^ 1);
  const auto done = unpack_block(codec::snappy, other, out);
  REQUIRE_FALSE(done);
  CHECK_THAT(message_of(done.error()), Catch::Contains("checksum"));
}

TEST_CASE(
    "up to four bytes behind a deflated block are passed over, as some writers leave a checksum there") {
  std::string out;
  REQUIRE(unpack_block(codec::deflate, packed_block("deflate", "text") + "1234", out));
  CHECK(out == "text");
}

TEST_CASE("a block of several frames of zstandard is all of them") {
  std::string out;
  REQUIRE(unpack_block(codec::zstandard, packed_block("zstandard", "one") + packed_block("zstandard", "two"),
                       out));
  CHECK(out == "onetwo");
}
