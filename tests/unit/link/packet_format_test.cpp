#include "tests/support/golden_file.hpp"
#include "tests/unit/link/link_fixture.hpp"

#include <catch2/catch.hpp>

#include <cstring>

using namespace millrace;
using namespace millrace::link;

namespace {

packet_header a_header() {
  packet_header h;
  h.from_node = 7;
  h.from_attempt = 3;
  h.to_node = 5;
  h.to_attempt = 9;
  h.sequence = 12;
  h.acknowledged = 11;
  h.ping = 4;
  h.pong = 6;
  return h;
}
std::vector<fragment> two() {
  return {{{1, kind::content, {}, 5, 20}, {make_piece("he"), make_piece("llo")}},
          {{2, kind::note, {}, 0, 0}, {}},
          {{3, kind::acknowledgement, {}, 2, 2}, {make_piece("ok")}}};
}
std::string bytes_of(const std::vector<fragment>& fragments) {
  return text_of(encode_packet(a_header(), fragments));
}
expected<received_packet> decoded(std::string bytes, const limits& l = {}) {
  return decode_packet(make_piece(std::move(bytes)), l);
}
std::string with_fragment_header(fragment_header h, std::string content) {
  auto bytes = bytes_of({{{}, {}}});
  std::memcpy(bytes.data() + sizeof(packet_header), &h, sizeof(h));
  return bytes + content;
}

}  // namespace

TEST_CASE("a packet comes back as it was, and its fragments lie in its bytes") {
  const auto bytes = make_piece(bytes_of(two()));
  const auto p = decode_packet(bytes, limits{});
  REQUIRE(p.has_value());
  CHECK(p->session() == session{{7, 3}, {5, 9}});
  CHECK(p->header.sequence == 12);
  CHECK(p->header.acknowledged == 11);
  CHECK(p->header.ping == 4);
  CHECK(p->header.pong == 6);
  REQUIRE(p->fragments.size() == 3);
  CHECK(p->fragments[0].header.edge == 1);
  CHECK(p->fragments[0].header.total == 20);
  CHECK(p->fragments[0].bytes.bytes == "hello");
  CHECK(p->fragments[0].bytes.owner == bytes.owner);
  CHECK(p->fragments[1].header.kind == kind::note);
  CHECK(p->fragments[1].bytes.bytes.empty());
  CHECK(p->fragments[2].bytes.bytes == "ok");
}

TEST_CASE("the bytes of large messages are not copied into a packet") {
  const auto large = make_piece(std::string(100'000, 'x'));
  const auto packet =
      encode_packet(a_header(), {{{1, kind::content, {}, 50'000, 100'000}, {part_of(large, 10, 50'000)}}});
  REQUIRE(packet.size() == 2);
  CHECK(packet[1].owner == large.owner);
  CHECK(packet[1].bytes.data() == large.bytes.data() + 10);
}

TEST_CASE("the format of packets is the golden file's, byte for byte") {
  millrace::test::check_golden("tests/unit/link/golden/packet_1.bin", bytes_of(two()));
}

TEST_CASE("a packet that is cut off anywhere, or has more behind it, is refused") {
  const auto bytes = bytes_of(two());
  for (std::size_t n = 0; n < bytes.size(); ++n)
    CHECK_FALSE(decoded(bytes.substr(0, n)).has_value());
  CHECK(decoded(bytes + "x").error().code == ec::corrupt);
}

TEST_CASE("a fragment's numbers are within the limits and fit each other") {
  const limits l;
  const auto good = [&](fragment_header h, std::string content = "four") {
    return decoded(with_fragment_header(h, std::move(content)), l).has_value();
  };
  CHECK(good({1, kind::content, {}, 4, 4}));
  CHECK_FALSE(good({1, kind::content, {}, 5, 5}));
  CHECK_FALSE(good({1, kind::content, {}, 4, 3}));
  CHECK_FALSE(good({1, kind{kinds}, {}, 4, 4}));
  CHECK_FALSE(good({1, kind::content, {0, 1, 0}, 4, 4}));
  CHECK(good({1, kind::content, {}, 4, static_cast<std::uint32_t>(l.longest_message)}));
  CHECK_FALSE(good({1, kind::content, {}, 4, static_cast<std::uint32_t>(l.longest_message + 1)}));
  CHECK_FALSE(good({1, kind::content, {}, 0xFFFF'FFFF, 0xFFFF'FFFF}));
}

TEST_CASE("a packet is bounded in bytes and fragments, and has a sequence number") {
  const auto l = link::test::small_limits();
  const auto of = [&](std::size_t length) {
    return bytes_of(
        {{{1, kind::content, {}, static_cast<std::uint32_t>(length), static_cast<std::uint32_t>(length)},
          {make_piece(std::string(length, 'x'))}}});
  };
  CHECK(decoded(of(l.fragment - sizeof(fragment_header)), l).has_value());
  CHECK_FALSE(decoded(of(l.fragment - sizeof(fragment_header) + 1), l).has_value());
  CHECK(decoded(bytes_of(std::vector<fragment>(l.most_fragments)), l).has_value());
  CHECK_FALSE(decoded(bytes_of(std::vector<fragment>(l.most_fragments + 1)), l).has_value());
  auto h = a_header();
  h.sequence = 0;
  CHECK_FALSE(decoded(text_of(encode_packet(h, {}))).has_value());
  h = a_header();
  h.unused = 1;
  CHECK_FALSE(decoded(text_of(encode_packet(h, {}))).has_value());
}

TEST_CASE("a part of pieces begins and ends anywhere") {
  const pieces all{make_piece("abc"), make_piece(""), make_piece("defg")};
  for (std::size_t from = 0; from <= 7; ++from)
    for (std::size_t length = 0; from + length <= 7; ++length) {
      pieces part;
      append_part(part, all, from, length);
      CHECK(text_of(part) == std::string("abcdefg").substr(from, length));
    }
}
