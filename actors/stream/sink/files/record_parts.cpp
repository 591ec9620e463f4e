#include "actors/stream/sink/files/record_parts.hpp"

#include <fmt/format.h>

namespace millrace::sink {

void put_head(wire::writer& out, std::uint64_t version, const target_owner& owner) {
  out.varint(version);
  out.string(owner.state_id);
  out.string(owner.topology);
  out.string(owner.sink);
  out.varint(owner.life);
}

expected<void> read_head(wire::reader& in, std::uint64_t version, target_owner& owner) {
  if (const auto v = in.varint(); v != version)
    return fatal_error(ec::unsupported,
                       fmt::format("it was written by another version of millrace (format {}, this "
                                   "one reads {}); go on with that version",
                                   v, version));
  owner.state_id = in.string();
  owner.topology = in.string();
  owner.sink = in.string();
  owner.life = in.varint();
  return {};
}

void put(wire::writer& out, const std::optional<progress>& at) {
  if (at)
    out.string(encode_progress(*at));
}

expected<void> read_tail(wire::reader& in, bool there, std::optional<progress>& at) {
  if (there) {
    ASSIGN_OR_RETURN(at, decode_progress(in.string()));
  }
  if (!in.ok() || !in.at_end())
    return fatal_error(ec::corrupt, "its record has the wrong length");
  return {};
}

}  // namespace millrace::sink
