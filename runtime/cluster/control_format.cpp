// u8 version | u8 1: a change, 2: a base | a change: count, then for each record u8 which, its members
#include "runtime/base/earlier_format.hpp"
#include "runtime/cluster/control_fields.hpp"
#include "runtime/cluster/control_log.hpp"
#include "runtime/wire/alternative.hpp"

#include <fmt/format.h>

#include <utility>

namespace millrace::cluster {
namespace {

constexpr std::uint8_t format_version = 6;
enum class content : std::uint8_t { change = 1, base = 2 };

wire::writer begin(content what) {
  wire::writer out;
  out.fixed(format_version);
  out.fixed(static_cast<std::uint8_t>(what));
  return out;
}

unexpected malformed() {
  return fatal_error(ec::corrupt, "a record of the chain control is whole but unreadable; restore the store "
                                  "from a copy, or found the cluster again in another one");
}

/// Reads the head; `in` stands after it then.
expected<void> read_head(wire::reader& in, content what) {
  const auto version = in.fixed<std::uint8_t>();
  if (in.ok() && version > format_version)
    return user_error(
        ec::unsupported,
        fmt::format("the chain control has format {} of a later version of millrace, this one reads "
                    "{}; run the later version on this node; to go back to this one, restore a copy of "
                    "the store from before the upgrade, or begin anew with an empty store and a new "
                    "state folder (--state), and apply the topologies there",
                    version, format_version));
  if (in.ok() && version != 0 && version < format_version)
    return earlier_format("the chain control", version, format_version,
                          "or give the cluster an empty store and its nodes new state folders (--state), and "
                          "apply its topologies there");
  if (in.fixed<std::uint8_t>() != static_cast<std::uint8_t>(what) || version != format_version)
    return malformed();
  return {};
}

void read_members(wire::decoder& from, std::size_t which, record& out) {
  if (wire::emplace_alternative(out, which))
    std::visit([&](auto& members) { fields(from, members); }, out);
  else
    from.in.fail();
}

}  // namespace

std::string encode_change(const change& c) {
  auto out = begin(content::change);
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
  RETURN_IF_ERROR(read_head(in, content::change));
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
  auto out = begin(content::base);
  wire::encoder to{out};
  to.field(s);
  return out.take();
}

expected<control_state> decode_base(std::string_view bytes) {
  wire::reader in(bytes);
  RETURN_IF_ERROR(read_head(in, content::base));
  control_state s;
  wire::decoder from{in};
  from.field(s);
  if (!in.ok() || !in.at_end())
    return malformed();
  return s;
}

expected<control_state> sum_up(std::string_view base, const std::vector<std::string>& increments) {
  auto all = base.empty() ? expected<control_state>() : decode_base(base);
  for (const auto& bytes : increments) {
    if (!all)
      break;
    ASSIGN_OR_RETURN(const auto changed, decode_change(bytes));
    for (const auto& r : changed)
      RETURN_IF_ERROR(all->apply(r));
  }
  return all;
}

}  // namespace millrace::cluster
