// The framing of a link's messages in a stream of bytes: each message follows its length, four bytes, the
// lowest first (docs/development/formats.md). A length of 0 is sent once, by the end that has accepted the connection: it
// is a node.
#pragma once

#include "runtime/link/hello.hpp"
#include "runtime/link/limits.hpp"

#include <array>
#include <cstddef>

namespace millrace::link {

/// No honest one is longer: a hello, or a packet of one fragment with its headers.
inline constexpr std::size_t longest_link_bytes = longest_hello;
/// A link sends no more than this before it sees an acknowledgement, with room for hellos and pongs beside it.
inline constexpr std::size_t most_unsent = limits{}.window + 2 * longest_link_bytes;

using wire_length = std::array<char, 4>;

[[nodiscard]] constexpr wire_length length_bytes(std::size_t size) {
  wire_length out{};
  for (std::size_t i = 0; i < out.size(); ++i)
    out.at(i) = static_cast<char>(size >> 8 * i & 0xFFU);
  return out;
}
[[nodiscard]] constexpr std::size_t length_of(const wire_length& bytes) {
  std::size_t size = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i)
    size |= std::size_t{static_cast<unsigned char>(bytes.at(i))} << 8 * i;
  return size;
}
/// Tells whether a message may have this length.
[[nodiscard]] constexpr bool is_length_of_message(std::size_t size) {
  return size != 0 && size <= longest_link_bytes;
}

}  // namespace millrace::link
