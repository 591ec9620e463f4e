// The bytes of snapshots and segments on disk, against golden files.
#include "runtime/snapshot/dir_segments.hpp"
#include "runtime/snapshot/snapshot_format.hpp"
#include "tests/support/golden_file.hpp"

#include <random>

using namespace millrace;
using namespace millrace::snapshot;

namespace {

void check_golden(const std::string& name, const std::string& bytes) {
  test::check_golden("tests/unit/snapshot/golden/" + name, bytes);
}

std::string encode(const record& r, const std::string& actor, const std::string& payload) {
  return std::string(bytes_of(seal(r, actor, payload))) + actor + payload;
}

}  // namespace

TEST_CASE("snapshot files are the golden ones, byte for byte") {
  const record increment{record_kind::increment, 2, 7, 3, 6, 0x0123456789abcdef, 0, {}};
  check_golden("increment_1.bin", encode(increment, "counts/0", "what has changed"));
  const record base{record_kind::base, 1, 7, 3, 7, 0xfedcba9876543210, 0, {}};
  check_golden("base_1.bin", encode(base, "counts/0", "everything"));
  const record opening{record_kind::opening, 2, 1, 1, 0, 0, 0, {}};
  check_golden("opening_1.bin", encode(opening, "counts/0", ""));
}

TEST_CASE("segment files are the golden ones, byte for byte, and a changed bit anywhere is damage") {
  const segment_id id{3, 7};
  const std::string payload = "spilled output";
  const auto bytes = std::string(bytes_of(seal(id, "counts/0", payload))) + "counts/0" + payload;
  check_golden("segment_1.bin", bytes);
  std::string back;
  REQUIRE(decode_segment_file(bytes, id, "counts/0", back) == reading::whole);
  CHECK(back == payload);
  CHECK(decode_segment_file(bytes, id, "counts/1", back) == reading::damaged);
  CHECK(decode_segment_file(bytes, {3, 8}, "counts/0", back) == reading::damaged);
  for (std::size_t n = 0; n < bytes.size(); ++n) {
    auto flipped = bytes;
    flipped[n] ^= 1;
    REQUIRE(decode_segment_file(flipped, id, "counts/0", back) == reading::damaged);
    REQUIRE(decode_segment_file(bytes.substr(0, n), id, "counts/0", back) == reading::damaged);
  }
}

TEST_CASE("a record comes back as it was, and a changed bit anywhere is damage") {
  std::mt19937_64 random(1);
  for (int i = 0; i < 200; ++i) {
    const record r{record_kind{static_cast<std::uint8_t>(1 + random() % 3)},
                   1,
                   random(),
                   random(),
                   random(),
                   random(),
                   0,
                   {}};
    const std::string payload(random() % 40, static_cast<char>(random()));
    auto bytes = encode(r, "an actor", payload);
    record back;
    REQUIRE(decode_record(bytes, "an actor", back) == reading::whole);
    REQUIRE((back.payload == payload && back.sequence == r.sequence && back.life == r.life &&
             back.kind == r.kind && back.predecessor == r.predecessor &&
             back.predecessor_checksum == r.predecessor_checksum));
    REQUIRE(decode_record(bytes, "another", back) == reading::damaged);
    bytes[random() % bytes.size()] ^= static_cast<char>(1U << random() % 8);
    REQUIRE(decode_record(bytes, "an actor", back) == reading::damaged);
    bytes.resize(random() % bytes.size());
    REQUIRE(decode_record(bytes, "an actor", back) == reading::damaged);
  }
}
