// A packet of a link: fragments of messages, with what acknowledges and probes. Drawn in docs/development/formats.md,
// covered by a golden file and a fuzzer. There is no checksum: the connection below is TLS, or does not leave
// the machine.
//
//   packet_header | fragment_header x fragments | the fragments' bytes, one after the other
#pragma once

#include "runtime/base/error.hpp"
#include "runtime/link/limits.hpp"
#include "runtime/link/message.hpp"
#include "runtime/link/piece.hpp"
#include "runtime/link/session.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace millrace::link {

/// The first byte of all that one node sends another.
enum class parcel : std::uint8_t { hello, packet };

struct packet_header {
  std::uint8_t what = static_cast<std::uint8_t>(parcel::packet);
  std::uint8_t version = 1;     // the wire version that both have agreed on
  std::uint16_t fragments = 0;  // their number
  std::uint32_t from_attempt = 0;
  std::uint64_t from_node = 0;
  std::uint64_t to_node = 0;
  std::uint32_t to_attempt = 0;
  std::uint32_t ping = 0;          // asks for a pong of this number; 0: does not
  std::uint64_t sequence = 0;      // the packet's number in its session and direction, from 1 on
  std::uint64_t acknowledged = 0;  // all packets of the other direction up to this one have come
  std::uint32_t pong = 0;          // the last ping that has come since the last pong; 0: none has
  std::uint32_t unused = 0;
};
static_assert(sizeof(packet_header) == 56 && alignof(packet_header) == 8,
              "it is copied as it lies in memory");

struct fragment_header {
  edge_id edge = 0;
  link::kind kind = kind::content;
  std::uint8_t unused[3] = {};
  std::uint32_t length = 0;  // the fragment's length
  std::uint32_t total = 0;   // the whole message's length, the same in each of its fragments
};
static_assert(sizeof(fragment_header) == 16, "it is copied as it lies in memory");

struct fragment {
  fragment_header header;
  pieces bytes;
};

/// The packet's own bytes are one piece, the fragments' stay where they are.
[[nodiscard]] pieces encode_packet(packet_header header, const std::vector<fragment>& fragments);

struct received_fragment {
  fragment_header header;
  piece bytes;  // lies in the packet
};
struct received_packet {
  packet_header header;
  std::vector<received_fragment> fragments;
  [[nodiscard]] link::session session() const {
    return {{header.from_node, header.from_attempt}, {header.to_node, header.to_attempt}};
  }
};
/// Never trusts the bytes: ec::corrupt. All numbers and lengths are within the limits and fit each other;
/// whether a fragment fits those before it is reassembly's to say.
[[nodiscard]] expected<received_packet> decode_packet(const piece& bytes, const limits& l);

}  // namespace millrace::link
