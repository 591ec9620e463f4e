// u8 version | u8 1: a change, 2: a base | a change: count, then for each record u8 which, its members
//
// Version 2: a change may hold pause_set; a base ends with the names of the topologies that are paused.
// Version 3: a change may hold topology_removed and chains_cleared; a base has behind those names what was removed.
// Each is written only where that is so: nodes of a version that knows no pause, or no removal, read what all others
// write.
#include "runtime/cluster/control_fields.hpp"
#include "runtime/cluster/control_log.hpp"
#include "runtime/wire/alternative.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

namespace millrace::cluster {
namespace {

constexpr std::uint8_t first_version = 1;
constexpr std::uint8_t with_pauses = 2;
constexpr std::uint8_t with_removals = 3;
constexpr std::uint8_t format_version = with_removals;
enum class content : std::uint8_t { change = 1, base = 2 };

std::uint8_t version_of(const record& r) {
  if (std::holds_alternative<records::topology_removed>(r) ||
      std::holds_alternative<records::chains_cleared>(r))
    return with_removals;
  return std::holds_alternative<records::pause_set>(r) ? with_pauses : first_version;
}

wire::writer begin(content what, std::uint8_t version) {
  wire::writer out;
  out.fixed(version);
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

/// A base of version 3 has this of its topologies.
struct removals {
  std::map<std::string, std::uint64_t> removed = {};
  std::vector<std::string> leftovers = {};
  std::map<std::string, std::uint64_t> first_generations = {};  // of topologies where it is not 1
  std::vector<std::string> begin_anew = {};                     // topologies
  friend bool operator==(const removals&, const removals&) = default;
};
void fields(auto& c, wire::like<removals> auto& x) {
  wire::field_of_map(c, x.removed);
  c.members(x.leftovers);
  wire::field_of_map(c, x.first_generations);
  c.members(x.begin_anew);
}

removals removals_of(const control_state& s) {
  removals out{s.removed, {s.leftovers.begin(), s.leftovers.end()}};
  for (const auto& [name, t] : s.topologies) {
    if (t.first_generation != 1)
      out.first_generations[name] = t.first_generation;
    if (t.begins_anew)
      out.begin_anew.push_back(name);
  }
  return out;
}

/// False where it names a topology that is not there.
bool take_over(removals found, control_state& s) {
  for (const auto& [name, first] : found.first_generations)
    if (const auto t = s.topologies.find(name); t != s.topologies.end())
      t->second.first_generation = first;
    else
      return false;
  for (const auto& name : found.begin_anew)
    if (const auto t = s.topologies.find(name); t != s.topologies.end())
      t->second.begins_anew = true;
    else
      return false;
  s.leftovers = {found.leftovers.begin(), found.leftovers.end()};
  s.removed = std::move(found.removed);
  return true;
}

}  // namespace

std::string encode_change(const change& c) {
  auto version = first_version;
  for (const auto& r : c)
    version = std::max(version, version_of(r));
  auto out = begin(content::change, version);
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
  const auto removed = removals_of(s);
  const auto version = removed != removals() ? with_removals : !paused.empty() ? with_pauses : first_version;
  auto out = begin(content::base, version);
  wire::encoder to{out};
  to.field(s);
  if (version >= with_pauses)
    to.field(paused);
  if (version >= with_removals)
    to.field(removed);
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
  if (*version >= with_pauses)
    from.field(paused);
  for (const auto& name : paused)
    if (const auto t = s.topologies.find(name); t != s.topologies.end())
      t->second.is_paused = true;
    else
      in.fail();
  removals found;
  if (*version >= with_removals)
    from.field(found);
  if (!take_over(std::move(found), s) || !in.ok() || !in.at_end())
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
