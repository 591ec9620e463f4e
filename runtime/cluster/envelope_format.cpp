// u8 version | cluster | node, instance of the sender | instance of the receiver | u8 which | its members
#include "runtime/cluster/control_log.hpp"
#include "runtime/cluster/envelope.hpp"
#include "runtime/cluster/node_message_format.hpp"
#include "runtime/wire/fields.hpp"

#include <fmt/format.h>

namespace millrace::cluster {
namespace {

constexpr std::uint8_t envelope_version = 2;
/// The envelope's own bytes, around a message of the greatest length.
constexpr std::size_t max_envelope_bytes = 4 * max_name_bytes;

unexpected unreadable(std::string_view why) {
  return fatal_error(ec::corrupt, fmt::format("a message of another node cannot be read: {}", why));
}

struct member_writer {
  wire::writer& out;
  void operator()(const epoch& x) const {
    out.varint(x.term);
    out.varint(x.count);
  }
  void operator()(const signs::word& x) const {
    (*this)(x.of);
    out.fixed(x.clock);
    out.fixed(static_cast<std::uint8_t>(x.yields));
  }
  void operator()(const signs::heard& x) const { (*this)(x.of); }
  void operator()(const signs::alive& x) const {
    out.varint(x.session);
    out.fixed(x.word);
    out.fixed(x.clock);
  }
  void operator()(const signs::left& x) const { out.varint(x.session); }
  void operator()(const signs::declined& x) const {
    out.string(std::string_view(x.why).substr(0, max_text_bytes));
  }
  void operator()(const node_command& x) const { out.string(encode_command(x)); }
  void operator()(const node_event& x) const { out.string(encode_event(x)); }
};

epoch read_epoch(wire::reader& in) {
  epoch x;
  x.term = in.varint();
  const auto count = in.varint();
  if (number_of({x.term, 0}) >> count_bits != x.term || count > most_counts)
    in.fail();
  x.count = static_cast<std::uint32_t>(count & most_counts);
  return x;
}

signs::word read_word(wire::reader& in) {
  signs::word x;
  x.of = read_epoch(in);
  x.clock = in.fixed<event_micros>();
  const auto yields = in.fixed<std::uint8_t>();
  if (yields > 1)
    in.fail();
  x.yields = yields == 1;
  return x;
}

signs::alive read_alive(wire::reader& in) {
  signs::alive x;
  x.session = in.varint();
  x.word = in.fixed<event_micros>();
  x.clock = in.fixed<event_micros>();
  return x;
}

signs::declined read_declined(wire::reader& in) {
  signs::declined x{std::string(in.string())};
  if (x.why.size() > max_text_bytes)
    in.fail();
  return x;
}

/// Reads the content of the envelope, after the byte that says which; an inner message has errors of its own.
expected<void> read_what(wire::reader& in, std::uint8_t which, envelope& l) {
  switch (which) {
  case 0:
    l.what = read_word(in);
    return {};
  case 1:
    l.what = read_alive(in);
    return {};
  case 2:
    l.what = signs::left{in.varint()};
    return {};
  case 3:
    l.what = read_declined(in);
    return {};
  case 4: {
    const auto bytes = in.string();
    return in.ok() ? decode_command(bytes).map([&](node_command&& c) { l.what = std::move(c); })
                   : expected<void>();
  }
  case 5: {
    const auto bytes = in.string();
    return in.ok() ? decode_event(bytes).map([&](node_event&& e) { l.what = std::move(e); })
                   : expected<void>();
  }
  case 6:
    l.what = signs::heard{read_epoch(in)};
    return {};
  default:
    return unreadable(fmt::format("number {} is not known", which));
  }
}

bool is_short_name(const std::string& name) { return !name.empty() && name.size() <= max_name_bytes; }

}  // namespace

std::string encode_envelope(const envelope& l) {
  wire::writer out;
  out.fixed(envelope_version);
  out.string(l.cluster);
  out.string(l.from.node);
  out.varint(l.from.instance);
  out.varint(l.to);
  out.fixed(static_cast<std::uint8_t>(l.what.index()));
  std::visit(member_writer{out}, l.what);
  return out.take();
}

expected<envelope> decode_envelope(std::string_view bytes) {
  if (bytes.size() > max_node_message_bytes + max_envelope_bytes)
    return unreadable(fmt::format("it has {} bytes", bytes.size()));
  wire::reader in(bytes);
  const auto version = in.fixed<std::uint8_t>();
  if (in.ok() && version > envelope_version)
    return user_error(ec::unsupported,
                      fmt::format("a message of another node has format {}, this version of millrace reads "
                                  "up to {}; run the later version on this node",
                                  version, envelope_version));
  envelope l;
  l.cluster = in.string();
  l.from.node = in.string();
  l.from.instance = in.varint();
  l.to = in.varint();
  const auto which = in.fixed<std::uint8_t>();
  if (!in.ok() || version != envelope_version || !is_short_name(l.cluster) || !is_short_name(l.from.node))
    return unreadable("its envelope is cut off or empty");
  RETURN_IF_ERROR(read_what(in, which, l));
  if (!in.ok() || !in.at_end())
    return unreadable("what is in it is cut off, or more than it says");
  return l;
}

}  // namespace millrace::cluster
