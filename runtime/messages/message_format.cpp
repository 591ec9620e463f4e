// u8 version | u8 which of edge_message | its members
#include "runtime/messages/message_format.hpp"

#include "runtime/delivery/output_format.hpp"
#include "runtime/wire/batch_format.hpp"
#include "runtime/wire/fields.hpp"

#include <fmt/format.h>

#include <utility>

namespace millrace::delivery {

template<class Codec, class T>
requires std::is_same_v<std::remove_const_t<T>, fence>
void fields(Codec& c, T& f) {
  c.field(f.life);
  c.field(f.number);
}

template<class Codec, class T>
requires std::is_same_v<std::remove_const_t<T>, answer>
void fields(Codec& c, T& a) {
  c.field(a.stamp);
  c.field(a.have);
}

template<class Codec, class T>
requires std::is_same_v<std::remove_const_t<T>, stage_counts>
void fields(Codec& c, T& n) {
  c.field(n.in);
  c.field(n.out);
  c.field(n.filtered);
  c.field(n.late);
  c.field(n.dead);
}

template<class Codec, class T>
requires std::is_same_v<std::remove_const_t<T>, counted>
void fields(Codec& c, T& n) {
  c.field(n.stage);
  c.field(n.counts);
}

template<class Codec, class T>
requires std::is_same_v<std::remove_const_t<T>, dead_letter>
void fields(Codec& c, T& l) {
  c.field(l.stage);
  c.field(l.partition);
  c.field(l.at);
  c.field(l.error);
  c.field(l.record);
}

template<class Codec, class T>
requires std::is_same_v<std::remove_const_t<T>, lane_frame>
void fields(Codec& c, T& f) {
  c.field(f.log);
  c.field(f.stamp);
  c.field(f.from);
  c.field(f.to);
  c.field(f.watermark);
  c.field(f.idle);
  c.field(f.counts);
  c.field(f.bytes);
}

}  // namespace millrace::delivery

namespace millrace::messages {

template<class Codec, class T>
requires std::is_same_v<std::remove_const_t<T>, ask_position>
void fields(Codec& c, T& m) {
  c.field(m.log);
  c.field(m.lane);
  c.field(m.receiver);
}

template<class Codec, class T>
requires std::is_same_v<std::remove_const_t<T>, position_answered>
void fields(Codec& c, T& m) {
  c.field(m.log);
  c.field(m.receiver);
  c.field(m.answer);
}

template<class Codec, class T>
requires std::is_same_v<std::remove_const_t<T>, credit_returned>
void fields(Codec& c, T& m) {
  c.field(m.log);
  c.field(m.receiver);
  c.field(m.stamp);
  c.field(m.bytes);
}

template<class Codec, class T>
requires std::is_same_v<std::remove_const_t<T>, ask_again>
void fields(Codec& c, T& m) {
  c.field(m.log);
  c.field(m.receiver);
}

template<class Codec, class T>
requires std::is_same_v<std::remove_const_t<T>, acknowledged>
void fields(Codec& c, T& m) {
  c.field(m.log);
  c.field(m.receiver);
  c.field(m.below);
}

template<class Codec, class T>
requires std::is_same_v<std::remove_const_t<T>, resume_output>
void fields(Codec& c, T& m) {
  c.field(m.log);
  c.field(m.sink);
  c.field(m.life);
  c.field(m.at);
  c.field(m.taken);
  c.field(m.durable);
}

template<class Codec, class T>
requires std::is_same_v<std::remove_const_t<T>, furthest_known>
void fields(Codec& c, T& m) {
  c.field(m.log);
  c.field(m.sink);
  c.field(m.taken);
}

template<class Codec, class T>
requires std::is_same_v<std::remove_const_t<T>, output_resumed>
void fields(Codec& c, T& m) {
  c.field(m.log);
  c.field(m.from);
}

template<class Codec, class T>
requires std::is_same_v<std::remove_const_t<T>, output_acknowledged>
void fields(Codec& c, T& m) {
  c.field(m.log);
  c.field(m.sink);
  c.field(m.at);
}

template<class Codec, class T>
requires std::is_same_v<std::remove_const_t<T>, output_taken>
void fields(Codec& c, T& m) {
  c.field(m.log);
  c.field(m.sink);
  c.field(m.life);
  c.field(m.at);
}

namespace {

constexpr std::uint8_t format_version = 1;

unexpected malformed() { return fatal_error(ec::corrupt, "a message of an edge is malformed"); }

struct content_writer {
  wire::encoder& out;
  void operator()(std::monostate) const {}
  void operator()(const delivery::partials_ptr& p) const { window::encode_partials(out.out, *p); }
  void operator()(const delivery::rows_ptr& rows) const {
    out.out.varint(rows->size());
    for (const auto& b : *rows)
      wire::encode_batch(out.out, b);
  }
  void operator()(const delivery::letters_ptr& letters) const { out.field(*letters); }
};

struct message_writer {
  wire::encoder& out;
  template<class Message>
  void operator()(const Message& m) const {
    fields(out, m);
  }
  void operator()(const lane_frame& m) const {
    out.field(m.receiver);
    out.field(*m.frame);
    out.out.fixed(static_cast<std::uint8_t>(m.frame->content.index()));
    std::visit(content_writer{out}, m.frame->content);
  }
  void operator()(const output& m) const {
    out.field(m.frame->log);
    delivery::encode_frames(out.out, {m.frame});
  }
};

expected<delivery::content> read_content(wire::decoder& in,
                                         const std::optional<window::partials_reader>& partials) {
  const auto kind = in.in.fixed<std::uint8_t>();
  switch (in.in.ok() ? kind : std::uint8_t{0xFF}) {
  case 0:
    return delivery::content{};
  case 1:
    if (!partials)
      return malformed();
    return partials->read(in.in).map([](auto&& p) { return delivery::content(std::move(p)); });
  case 2: {
    delivery::row_batches rows;
    for (auto n = in.in.varint(); n > 0 && in.in.ok(); --n) {
      auto b = wire::decode_batch(in.in);
      if (!b)
        return unexpected(b.error());
      rows.push_back(std::move(*b));
    }
    return delivery::content(std::make_shared<const delivery::row_batches>(std::move(rows)));
  }
  case 3: {
    delivery::dead_letters letters;
    in.field(letters);
    return delivery::content(std::make_shared<const delivery::dead_letters>(std::move(letters)));
  }
  default:
    return malformed();
  }
}

expected<edge_message> read_frame(wire::decoder& in, const std::optional<window::partials_reader>& partials) {
  lane_frame m{};
  delivery::lane_frame f;
  in.field(m.receiver);
  in.field(f);
  auto content = read_content(in, partials);
  if (!content)
    return unexpected(content.error());
  f.content = std::move(*content);
  if (f.to < f.from)
    return malformed();
  m.frame = std::make_shared<const delivery::lane_frame>(std::move(f));
  return edge_message(std::move(m));
}

expected<edge_message> read_output(wire::decoder& in) {
  std::string log;
  in.field(log);
  auto frames = delivery::decode_frames(in.in, log);
  if (!frames)
    return unexpected(frames.error());
  if (frames->size() != 1)
    return malformed();
  return edge_message(output{std::move(frames->front())});
}

/// The message of this place in edge_message, with its members from `in`.
template<std::size_t Place = 0>
expected<edge_message> read_plain(wire::decoder& in, std::size_t which) {
  if constexpr (Place < std::variant_size_v<edge_message>) {
    using message = std::variant_alternative_t<Place, edge_message>;
    if (which != Place)
      return read_plain<Place + 1>(in, which);
    if constexpr (!std::is_same_v<message, lane_frame> && !std::is_same_v<message, output>) {
      message m{};
      fields(in, m);
      return edge_message(std::move(m));
    }
  }
  return malformed();
}

}  // namespace

std::string encode_message(const edge_message& m) {
  wire::encoder out;
  out.out.fixed(format_version);
  out.out.fixed(static_cast<std::uint8_t>(m.index()));
  std::visit(message_writer{out}, m);
  return out.out.take();
}

message_reader::message_reader(const std::optional<window::definition>& window) {
  if (window)
    partials_.emplace(*window);
}

expected<edge_message> message_reader::read(std::string_view bytes) const {
  wire::decoder in{wire::reader(bytes)};
  if (const auto version = in.in.fixed<std::uint8_t>(); in.in.ok() && version != format_version)
    return fatal_error(
        ec::unsupported,
        fmt::format("a message of an edge has format {}, this program reads {}", version, format_version));
  const auto which = std::size_t{in.in.fixed<std::uint8_t>()};
  auto m = which == edge_message(lane_frame{}).index() ? read_frame(in, partials_)
           : which == edge_message(output{}).index()   ? read_output(in)
                                                       : read_plain(in, which);
  if (m && (!in.in.ok() || !in.in.at_end()))
    return malformed();
  return m;
}

}  // namespace millrace::messages
