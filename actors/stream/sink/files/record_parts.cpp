#include "actors/stream/sink/files/record_parts.hpp"

#include <fmt/format.h>

namespace millrace::sink {

expected<void> read_version(wire::reader& in, std::uint64_t version) {
  if (const auto v = in.varint(); v != version)
    return fatal_error(ec::unsupported,
                       fmt::format("it was written by another version of millrace (format {}, this "
                                   "one reads {}); go on with that version",
                                   v, version));
  return {};
}

void put(wire::writer& out, const target_owner& owner) {
  out.string(owner.state_id);
  out.string(owner.topology);
  out.string(owner.sink);
  out.varint(owner.life);
}

target_owner read_owner(wire::reader& in) {
  target_owner owner;
  owner.state_id = in.string();
  owner.topology = in.string();
  owner.sink = in.string();
  owner.life = in.varint();
  return owner;
}

void put(wire::writer& out, const std::optional<progress>& at) {
  if (at)
    out.string(encode_progress(*at));
}

expected<std::optional<progress>> read_progress(wire::reader& in, bool there) {
  if (!there)
    return std::optional<progress>();
  auto at = decode_progress(in.string());
  if (!at)
    return unexpected(at.error());
  return std::optional(std::move(*at));
}

expected<void> read_end(const wire::reader& in) {
  if (!in.ok() || !in.at_end())
    return fatal_error(ec::corrupt, "its record has the wrong length");
  return {};
}

}  // namespace millrace::sink
