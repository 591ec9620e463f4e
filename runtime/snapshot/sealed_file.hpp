// The common part of the files of a state folder: a header that begins with magic and version, the owner's
// name, the payload; one checksum over all three. The journal alone is another, because it grows.
#pragma once

#include "runtime/snapshot/checksum.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace millrace::snapshot {

struct file_mark {
  char magic[8];
  std::uint16_t version;
};

/// Fills in what all headers have; the rest must be there already.
template<class Header>
void seal(Header& h, const file_mark& mark, std::string_view name, std::string_view payload) {
  std::copy(std::begin(mark.magic), std::end(mark.magic), h.magic);
  h.version = mark.version;
  h.name_length = static_cast<std::uint32_t>(name.size());
  h.payload_length = payload.size();
  h.checksum = 0;
  h.checksum = checksum_of({bytes_of(h), name, payload});
}

/// Header and payload (a view into `bytes`) of a whole file. Another name is damage: it cannot have got here
/// by itself.
template<class Header>
[[nodiscard]] reading unseal(std::string_view bytes, const file_mark& mark, std::string_view name, Header& h,
                             std::string_view& payload) {
  if (bytes.size() < sizeof h)
    return reading::damaged;
  std::memcpy(&h, bytes.data(), sizeof h);
  const auto stored = std::exchange(h.checksum, 0);
  bytes.remove_prefix(sizeof h);
  if (!std::equal(std::begin(mark.magic), std::end(mark.magic), h.magic) ||
      checksum_of({bytes_of(h), bytes}) != stored)
    return reading::damaged;
  if (h.version > mark.version)
    return reading::later;
  if (h.name_length > bytes.size() || bytes.substr(0, h.name_length) != name ||
      h.payload_length != bytes.size() - h.name_length)
    return reading::damaged;
  h.checksum = stored;
  payload = bytes.substr(h.name_length);
  return reading::whole;
}

}  // namespace millrace::snapshot
