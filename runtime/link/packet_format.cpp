#include "runtime/link/packet_format.hpp"

#include <cstring>

namespace millrace::link {
namespace {

unexpected malformed_packet() { return fatal_error(ec::corrupt, "a packet of a link is malformed"); }

template<class T>
void append(std::string& out, const T& plain) {
  out.append(reinterpret_cast<const char*>(&plain), sizeof(T));
}

/// The caller has checked that there are so many bytes.
template<class T>
T copied(std::string_view bytes) {
  T plain;
  std::memcpy(&plain, bytes.data(), sizeof(T));
  return plain;
}

bool is_good(const fragment_header& f, const limits& l) {
  return static_cast<std::uint8_t>(f.kind) < kinds && f.length <= f.total && f.total <= l.longest_message &&
         (f.unused[0] | f.unused[1] | f.unused[2]) == 0;
}

}  // namespace

pieces encode_packet(packet_header header, const std::vector<fragment>& fragments) {
  header.fragments = static_cast<std::uint16_t>(fragments.size());
  std::string table;
  table.reserve(sizeof(header) + fragments.size() * sizeof(fragment_header));
  append(table, header);
  std::size_t number = 1;
  for (const auto& f : fragments) {
    append(table, f.header);
    number += f.bytes.size();
  }
  pieces out;
  out.reserve(number);
  out.push_back(make_piece(std::move(table)));
  for (const auto& f : fragments)
    out.insert(out.end(), f.bytes.begin(), f.bytes.end());
  return out;
}

expected<received_packet> decode_packet(const piece& bytes, const limits& l) {
  const auto all = bytes.bytes;
  if (all.size() < sizeof(packet_header))
    return malformed_packet();
  received_packet p{copied<packet_header>(all), {}};
  const std::size_t number = p.header.fragments;
  auto at = sizeof(packet_header) + number * sizeof(fragment_header);
  if (p.header.what != static_cast<std::uint8_t>(parcel::packet) || p.header.unused != 0 ||
      p.header.sequence == 0 || number > l.most_fragments || all.size() < at ||
      all.size() - sizeof(packet_header) > l.fragment)
    return malformed_packet();
  p.fragments.reserve(number);
  for (std::size_t i = 0; i < number; ++i) {
    const auto h = copied<fragment_header>(all.substr(sizeof(packet_header) + i * sizeof(fragment_header)));
    if (!is_good(h, l) || h.length > all.size() - at)
      return malformed_packet();
    p.fragments.push_back({h, part_of(bytes, at, h.length)});
    at += h.length;
  }
  if (at != all.size())
    return malformed_packet();
  return p;
}

}  // namespace millrace::link
