// u8 version | u8 which of edge_message | its members
#include "runtime/messages/message_format.hpp"

#include "runtime/delivery/fields.hpp"
#include "runtime/delivery/output_format.hpp"
#include "runtime/wire/alternative.hpp"
#include "runtime/wire/batch_format.hpp"

#include <fmt/format.h>

#include <utility>

namespace millrace::delivery {

/// All but its content.
void fields(auto& c, wire::like<lane_frame> auto& f) {
  c.members(f.log, f.stamp, f.from, f.to, f.watermark, f.idle, f.counts, f.bytes);
}

}  // namespace millrace::delivery

namespace millrace::messages {

void fields(auto& c, wire::like<ask_position> auto& m) { c.members(m.log, m.lane, m.receiver); }

void fields(auto& c, wire::like<position_answered> auto& m) { c.members(m.log, m.receiver, m.answer); }

void fields(auto& c, wire::like<credit_returned> auto& m) { c.members(m.log, m.receiver, m.stamp, m.bytes); }

void fields(auto& c, wire::like<ask_again> auto& m) { c.members(m.log, m.receiver); }

void fields(auto& c, wire::like<acknowledged> auto& m) { c.members(m.log, m.receiver, m.below); }

void fields(auto& c, wire::like<resume_output> auto& m) {
  c.members(m.log, m.sink, m.life, m.at, m.taken, m.durable);
}

void fields(auto& c, wire::like<furthest_known> auto& m) { c.members(m.log, m.sink, m.taken); }

void fields(auto& c, wire::like<output_resumed> auto& m) { c.members(m.log, m.life, m.from); }

void fields(auto& c, wire::like<output_acknowledged> auto& m) { c.members(m.log, m.sink, m.at); }

void fields(auto& c, wire::like<output_taken> auto& m) { c.members(m.log, m.sink, m.life, m.at); }

namespace {

/// 1 counted by the numbers of stages, and named no lives.
constexpr std::uint8_t format_version = 3;

unexpected malformed() { return fatal_error(ec::corrupt, "a message of an edge is malformed"); }

struct content_writer {
  wire::writer& out;
  void operator()(std::monostate) const {}
  void operator()(const delivery::partials_ptr& p) const { window::encode_partials(out, *p); }
  void operator()(const delivery::rows_ptr& rows) const {
    out.varint(rows->size());
    for (const auto& b : *rows)
      wire::encode_batch(out, b);
  }
  void operator()(const delivery::letters_ptr& letters) const { wire::encoder{out}.field(*letters); }
};

struct message_writer {
  wire::writer& out;
  void operator()(const auto& m) const { wire::encoder{out}.field(m); }
  void operator()(const take_frame& m) const {
    wire::encoder{out}.members(m.receiver, *m.frame);
    out.fixed(static_cast<std::uint8_t>(m.frame->content.index()));
    std::visit(content_writer{out}, m.frame->content);
  }
  void operator()(const output& m) const {
    wire::encoder{out}.members(m.frame->log, m.life);
    delivery::encode_frames(out, {m.frame});
  }
};

expected<delivery::content> read_content(wire::reader& in,
                                         const std::optional<window::partials_reader>& partials) {
  const auto kind = in.fixed<std::uint8_t>();
  switch (in.ok() ? kind : std::uint8_t{0xFF}) {
  case 0:
    return delivery::content{};
  case 1:
    if (!partials)
      return malformed();
    return partials->read(in).map([](auto&& p) { return delivery::content(std::move(p)); });
  case 2: {
    delivery::row_batches rows;
    for (auto n = in.varint(); n > 0 && in.ok(); --n) {
      ASSIGN_OR_RETURN(auto b, wire::decode_batch(in));
      rows.push_back(std::move(b));
    }
    return delivery::content(std::make_shared<const delivery::row_batches>(std::move(rows)));
  }
  case 3: {
    delivery::dead_letters letters;
    wire::decoder{in}.field(letters);
    return delivery::content(std::make_shared<const delivery::dead_letters>(std::move(letters)));
  }
  default:
    return malformed();
  }
}

expected<edge_message> read_frame(wire::reader& in, const std::optional<window::partials_reader>& partials) {
  take_frame m{};
  delivery::lane_frame f;
  wire::decoder{in}.members(m.receiver, f);
  ASSIGN_OR_RETURN(f.content, read_content(in, partials));
  if (f.to < f.from)
    return malformed();
  m.frame = std::make_shared<const delivery::lane_frame>(std::move(f));
  return edge_message(std::move(m));
}

expected<edge_message> read_output(wire::reader& in) {
  log_id log;
  output m;
  wire::decoder{in}.members(log, m.life);
  ASSIGN_OR_RETURN(auto frames, delivery::decode_frames(in, log));
  if (frames.size() != 1)
    return malformed();
  m.frame = std::move(frames.front());
  return edge_message(std::move(m));
}

/// Reads the message of this place in edge_message, which is neither a frame nor output.
expected<edge_message> read_plain(wire::reader& in, std::size_t which) {
  edge_message out;
  if (!wire::emplace_alternative(out, which))
    return malformed();
  std::visit(
      [&]<class Message>(Message& m) {
        if constexpr (!std::is_same_v<Message, take_frame> && !std::is_same_v<Message, messages::output>)
          wire::decoder{in}.field(m);
      },
      out);
  return out;
}

}  // namespace

std::string encode_message(const edge_message& m) {
  wire::writer out;
  out.fixed(format_version);
  out.fixed(static_cast<std::uint8_t>(m.index()));
  std::visit(message_writer{out}, m);
  return out.take();
}

message_reader::message_reader(const std::optional<window::definition>& window) {
  if (window)
    partials_.emplace(*window);
}

expected<edge_message> message_reader::read(std::string_view bytes) const {
  wire::reader in(bytes);
  if (const auto version = in.fixed<std::uint8_t>(); in.ok() && version != format_version)
    return fatal_error(
        ec::unsupported,
        fmt::format("a message of an edge has format {}, this program reads {}", version, format_version));
  const auto which = std::size_t{in.fixed<std::uint8_t>()};
  auto m = which == edge_message(take_frame{}).index() ? read_frame(in, partials_)
           : which == edge_message(output{}).index()   ? read_output(in)
                                                       : read_plain(in, which);
  if (m && (!in.ok() || !in.at_end()))
    return malformed();
  return m;
}

}  // namespace millrace::messages
