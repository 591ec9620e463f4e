// u8 0 (what: hello) | u32 magic | u16 format | members. A later format has more members after these.
#include "runtime/link/hello.hpp"

#include "runtime/link/packet_format.hpp"
#include "runtime/wire/fields.hpp"

namespace millrace::link {

void fields(auto& c, wire::like<link_end> auto& e) { c.members(e.node, e.attempt); }
void fields(auto& c, wire::like<versions> auto& v) { c.members(v.lowest, v.highest); }
void fields(auto& c, wire::like<plan_generation> auto& p) { c.members(p.topology, p.generation); }

/// All but `plans`, whose number is checked before they are read.
void fields(auto& c, wire::like<hello> auto& h) {
  c.members(h.cluster, h.node, h.me, h.answers, h.wire, h.clock, h.caf_node);
}

namespace {

constexpr std::uint32_t magic = 0x686C'726D;  // "mrlh"
constexpr std::uint16_t format = 1;

unexpected malformed_hello() { return fatal_error(ec::corrupt, "a node's hello is malformed"); }

bool is_name(std::string_view text) { return !text.empty() && text.size() <= longest_name; }

}  // namespace

bool is_well_formed(const hello& h) {
  bool good = is_name(h.cluster) && is_name(h.node) && is_name(h.caf_node) && h.me.node != 0 &&
              h.wire.lowest <= h.wire.highest && h.plans.size() <= most_plans;
  for (const auto& p : h.plans)
    good = good && is_name(p.topology);
  return good;
}

std::string encode_hello(const hello& h) {
  wire::writer out;
  out.fixed(static_cast<std::uint8_t>(parcel::hello));
  out.fixed(magic);
  out.fixed(format);
  wire::encoder{out}.members(h, h.plans);
  return out.take();
}

expected<hello> decode_hello(std::string_view bytes) {
  if (bytes.size() > longest_hello)
    return malformed_hello();
  wire::reader in(bytes);
  if (in.fixed<std::uint8_t>() != static_cast<std::uint8_t>(parcel::hello) ||
      in.fixed<std::uint32_t>() != magic)
    return malformed_hello();
  const auto theirs = in.fixed<std::uint16_t>();
  hello h;
  wire::decoder{in}.field(h);
  const auto plans = in.varint();
  if (!in.ok() || theirs < format || plans > most_plans)
    return malformed_hello();
  for (auto n = plans; n > 0 && in.ok(); --n)
    wire::decoder{in}.field(h.plans.emplace_back());
  if (!in.ok() || (theirs == format && !in.at_end()) || !is_well_formed(h))
    return malformed_hello();
  return h;
}

}  // namespace millrace::link
