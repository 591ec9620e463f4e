// The bytes of records: what was encoded is read as the same, and nothing else is.
#include "actors/node/stores/kafka/follower.hpp"
#include "actors/node/stores/kafka/record_format.hpp"

#include <catch2/catch.hpp>

#include <set>

using namespace millrace;
using namespace millrace::kafka_chain;

namespace {

const owner whose{"clicks", "w/0"};
const record_name fifth{{{3, 2}, 77}, 5, record_kind::increment};

std::string hex(std::string_view bytes) {
  std::string out;
  for (const unsigned char c : bytes) {
    out += "0123456789abcdef"[c >> 4U];
    out += "0123456789abcdef"[c & 15U];
  }
  return out;
}

}  // namespace

TEST_CASE("a key is read as what it was made of") {
  const auto key = encode_key(prefix_of(whose), {fifth, 9});
  const auto read = decode_key(key);
  REQUIRE(read);
  CHECK(read->prefix == prefix_of(whose));
  CHECK(read->key == piece_key{fifth, 9});
}

TEST_CASE("the bytes of keys and values stay as they are") {
  const auto all = cut(prefix_of(whose), fifth, "ab");
  REQUIRE(all.size() == 1);
  CHECK(hex(all[0].key) == "4d524301"               // MRC, version 1
                           "06636c69636b73"         // clicks
                           "03772f30"               // w/0
                           "02"                     // increment
                           "0200000300000000"       // life
                           "4d00000000000000"       // opening
                           "0500000000000000"       // number
                           "00000000"               // piece
                           "8d78d9e5");             // checksum
  CHECK(hex(*all[0].value) == "01000000"            // pieces
                              "6162"                // payload
                              "400466bf30d9b2f9");  // checksum
  CHECK(partition_of(prefix_of(whose)) == 12);
  CHECK(partition_of(prefix_of({"clicks", "w/1"})) == 7);
}

TEST_CASE("a key that was changed anywhere, or cut, is none") {
  const auto key = encode_key(prefix_of(whose), {fifth, 0});
  for (std::size_t i = 0; i < key.size(); ++i) {
    auto changed = key;
    changed[i] ^= 1;
    CHECK_FALSE(decode_key(changed));
    CHECK_FALSE(decode_key(key.substr(0, i)));
  }
  CHECK_FALSE(decode_key(key + "x"));
  const record_name unnumbered{{{3, 2}, 77}, 0, record_kind::base};
  CHECK_FALSE(decode_key(encode_key(prefix_of(whose), {unnumbered, 0})));
  CHECK(decode_key(encode_key(prefix_of(whose), {{fifth.by, 0, record_kind::opening}, 0})));
  CHECK_FALSE(decode_key(encode_key(prefix_of(whose), {{fifth.by, 1, static_cast<record_kind>(4)}, 0})));
}

TEST_CASE("a key of another version is told from bytes that are no key") {
  auto key = encode_key(prefix_of(whose), {fifth, 0});
  CHECK_FALSE(is_of_another_version(key));
  CHECK_FALSE(is_of_another_version("order 7"));
  key[3] = 2;
  CHECK(is_of_another_version(key));
}

TEST_CASE("owners whose names run into each other have other keys") {
  CHECK(prefix_of({"click", "sw/0"}) != prefix_of(whose));
  std::set<int> used;
  for (int i = 0; i < 200; ++i)
    used.insert(partition_of(prefix_of({"clicks", "w/" + std::to_string(i)})));
  CHECK(used.size() == partitions);
  CHECK(*used.begin() == 0);
  CHECK(*used.rbegin() == partitions - 1);
}

TEST_CASE("a payload is cut into pieces that a broker takes, and the last has the checksum") {
  const std::string payload(2 * largest_piece + 1, 'x');
  const auto all = cut(prefix_of(whose), fifth, payload);
  REQUIRE(all.size() == 3);
  std::string joined;
  std::vector<std::uint64_t> hashes;
  for (std::uint32_t i = 0; i < all.size(); ++i) {
    CHECK(all[i].key.size() + all[i].value->size() < 1'000'000);
    const auto p = decode_value(i, *all[i].value);
    REQUIRE(p);
    CHECK(p->digest.pieces == 3);
    CHECK(p->digest.checksum.has_value() == (i == 2));
    joined += p->payload;
    hashes.push_back(p->digest.hash);
  }
  CHECK(joined == payload);
  CHECK(decode_value(2, *all[2].value)->digest.checksum ==
        checksum_of_record(prefix_of(whose), fifth, hashes));
  CHECK(cut(prefix_of(whose), fifth, std::string(largest_piece, 'x')).size() == 1);
  CHECK(cut(prefix_of(whose), fifth, "").size() == 1);
}

TEST_CASE("a value is read as the piece that its key names, or not at all") {
  const auto value = *cut(prefix_of(whose), fifth, "").front().value;
  CHECK(decode_value(0, value));
  CHECK_FALSE(decode_value(1, value));
  CHECK_FALSE(decode_value(0, value.substr(0, value.size() - 1)));
  CHECK_FALSE(decode_value(0, ""));
  CHECK_FALSE(decode_value(0, std::string(12, '\0')));
  CHECK_FALSE(decode_value(0, std::string(12, '\xff')));
}

TEST_CASE("a message shows whose it is and what it holds; a foreign one nothing") {
  const auto m = cut(prefix_of(whose), fifth, "ab").front();
  const auto seen = see(7, m.key, *m.value);
  REQUIRE(seen);
  CHECK(seen->prefix == prefix_of(whose));
  CHECK(seen->payload == "ab");
  CHECK(seen->what.offset == 7);
  CHECK_FALSE(seen->what.is_tombstone);
  CHECK(see(7, m.key, std::nullopt)->what.is_tombstone);
  CHECK_FALSE(see(7, m.key, "")->what.digest);
  CHECK_FALSE(see(7, "order 7", "x"));
}
