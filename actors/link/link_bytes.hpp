// The one message of ours that crosses processes by CAF: bytes of a link, as one whole. CAF's I/O thread writes
// them out piece by piece, and reads them into one block.
#pragma once

#include "runtime/link/hello.hpp"
#include "runtime/link/packet_format.hpp"

#include <caf/deserializer.hpp>
#include <caf/error.hpp>
#include <caf/meta/type_name.hpp>
#include <caf/sec.hpp>
#include <caf/serializer.hpp>

#include <type_traits>

namespace millrace::link {

/// No honest one is longer: a hello, or a packet of one fragment with its headers.
inline constexpr std::size_t longest_link_bytes = longest_hello;

struct link_bytes {
  pieces bytes;
};

inline caf::error write_link_bytes(caf::serializer& out, const link_bytes& m) {
  auto size = size_of(m.bytes);
  if (auto failed = out.begin_sequence(size))
    return failed;
  for (const auto& p : m.bytes)
    if (!p.bytes.empty())
      // CAF's serializers do not write to what they are given.
      if (auto failed = out.apply_raw(p.bytes.size(), const_cast<char*>(p.bytes.data())))
        return failed;
  return out.end_sequence();
}
inline caf::error read_link_bytes(caf::deserializer& in, link_bytes& m) {
  std::size_t size = 0;
  if (auto failed = in.begin_sequence(size))
    return failed;
  if (size > longest_link_bytes)
    return caf::make_error(caf::sec::invalid_argument, "the bytes of a link are too long");
  // An empty buffer has no address for CAF.
  caf::error failed;
  m.bytes = {
      make_piece_of(size, [&](char* to) { failed = size == 0 ? caf::error() : in.apply_raw(size, to); })};
  return failed ? failed : in.end_sequence();
}

template<class Inspector>
typename Inspector::result_type inspect(Inspector& f, link_bytes& m) {
  if constexpr (std::is_base_of_v<caf::serializer, Inspector>) {
    return write_link_bytes(f, m);
  } else if constexpr (std::is_base_of_v<caf::deserializer, Inspector>) {
    return read_link_bytes(f, m);
  } else {
    auto size = size_of(m.bytes);
    return f(caf::meta::type_name("link_bytes"), size);
  }
}

}  // namespace millrace::link
