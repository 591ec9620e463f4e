// u8 version | u8 1: a change, 2: a base | a change: count, then for each record u8 which, its members
//
// Version 2: a change may hold pause_set; a base ends with the names of the topologies that are paused. It is written
// only where that is so: nodes of a version that knows no pause read what all others write.
#include "runtime/cluster/control_fields.hpp"
#include "runtime/cluster/control_log.hpp"
#include "runtime/wire/alternative.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace millrace::cluster {
namespace {

constexpr std::uint8_t first_version = 1;
constexpr std::uint8_t format_version = 2;
enum class content : std::uint8_t { change = 1, base = 2 };

wire::writer begin(content what, bool has_pause) {
  wire::writer out;
  out.fixed(has_pause ? format_version : first_version);
  out.fixed(static_cast<std::uint8_t>(what));
  return out;
}

unexpected malformed() {
  return fatal_error(ec::corrupt, "a record of the chain control is whole but unreadable; restore the store "
                                  "from a copy, or found the cluster again in another one");
}

/// Returns the version, and leaves `in` behind the head.
expected<std::uint8_t> read_head(wire::reader& in, content what) {
  const auto version = in.fixed<std::uint8_t>();
  if (in.ok() && version > format_version)
    return user_error(ec::unsupported,
                      fmt::format("the chain control has format {}, this version of millrace reads up to {}; "
                                  "run the later version on this node",
                                  version, format_version));
  if (in.fixed<std::uint8_t>() != static_cast<std::uint8_t>(what) || version < first_version)
    return malformed();
  return version;
}

void read_members(wire::decoder& from, std::size_t which, record& out) {
  if (wire::emplace_alternative(out, which))
    std::visit([&](auto& members) { fields(from, members); }, out);
  else
    from.in.fail();
}

}  // namespace

std::string encode_change(const change& c) {
  auto out = begin(content::change, std::ranges::any_of(c, [](const record& r) {
                     return std::holds_alternative<records::pause_set>(r);
                   }));
  out.varint(c.size());
  for (const auto& r : c) {
    out.fixed(static_cast<std::uint8_t>(r.index()));
    std::visit(
        [&](const auto& members) {
          wire::encoder to{out};
          fields(to, members);
        },
        r);
  }
  return out.take();
}

expected<change> decode_change(std::string_view bytes) {
  if (bytes.size() > max_change_bytes)
    return malformed();
  wire::reader in(bytes);
  if (auto head = read_head(in, content::change); !head)
    return unexpected(head.error());
  change c;
  // Grows with what is there: a count from outside reserves nothing.
  for (auto left = in.varint(); left > 0 && in.ok(); --left) {
    wire::decoder from{in};
    read_members(from, in.fixed<std::uint8_t>(), c.emplace_back());
  }
  if (!in.ok() || !in.at_end())
    return malformed();
  return c;
}

std::string encode_base(const control_state& s) {
  std::vector<std::string> paused;
  for (const auto& [name, t] : s.topologies)
    if (t.is_paused)
      paused.push_back(name);
  auto out = begin(content::base, !paused.empty());
  wire::encoder to{out};
  to.field(s);
  if (!paused.empty())
    to.field(paused);
  return out.take();
}

expected<control_state> decode_base(std::string_view bytes) {
  wire::reader in(bytes);
  const auto version = read_head(in, content::base);
  if (!version)
    return unexpected(version.error());
  control_state s;
  wire::decoder from{in};
  from.field(s);
  std::vector<std::string> paused;
  if (*version > first_version)
    from.field(paused);
  for (const auto& name : paused)
    if (const auto t = s.topologies.find(name); t != s.topologies.end())
      t->second.is_paused = true;
    else
      in.fail();
  if (!in.ok() || !in.at_end())
    return malformed();
  return s;
}

expected<control_state> sum_up(std::string_view base, const std::vector<std::string>& increments) {
  auto all = base.empty() ? expected<control_state>() : decode_base(base);
  for (const auto& bytes : increments) {
    if (!all)
      break;
    const auto changed = decode_change(bytes);
    if (!changed)
      return unexpected(changed.error());
    for (const auto& r : *changed)
      if (auto done = all->apply(r); !done)
        return unexpected(done.error());
  }
  return all;
}

}  // namespace millrace::cluster
