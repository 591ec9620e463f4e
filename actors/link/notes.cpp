#include "actors/link/notes.hpp"

#include "actors/link/edge_header.hpp"

#include <algorithm>

namespace millrace::link {
namespace {

using messages::edge_message;

std::optional<edge_message> join_frames(const messages::take_frame& a, const messages::take_frame& b) {
  if (a.frame->log != b.frame->log || a.frame->stamp != b.frame->stamp || a.frame->to != b.frame->from)
    return std::nullopt;
  auto sum = *b.frame;
  sum.from = a.frame->from;
  for (const auto& c : a.frame->counts) {
    const auto at = std::ranges::find(sum.counts, c.stage, &delivery::counted::stage);
    if (at == sum.counts.end())
      sum.counts.push_back(c);
    else
      at->counts += c.counts;
  }
  return edge_message(
      messages::take_frame{std::make_shared<const delivery::lane_frame>(std::move(sum)), b.receiver, b.from});
}

std::optional<edge_message> join_outputs(const messages::output& a, const messages::output& b) {
  if (a.frame->log != b.frame->log || a.life != b.life || a.frame->reached != b.frame->since)
    return std::nullopt;
  auto sum = *b.frame;
  sum.since = a.frame->since;
  return edge_message(
      messages::output{std::make_shared<const delivery::output_frame>(std::move(sum)), b.life});
}

}  // namespace

bool is_note(const edge_message& m) {
  if (const auto* f = std::get_if<messages::take_frame>(&m))
    return !f->frame->has_content() && !f->frame->idle && f->frame->bytes == 0;
  const auto* o = std::get_if<messages::output>(&m);
  return o != nullptr && !o->frame->has_content();
}

std::optional<edge_message> join_notes(const edge_message& earlier, const edge_message& later) {
  if (!is_note(earlier) || !is_note(later) || earlier.index() != later.index())
    return std::nullopt;
  if (const auto* f = std::get_if<messages::take_frame>(&earlier))
    return join_frames(*f, std::get<messages::take_frame>(later));
  return join_outputs(std::get<messages::output>(earlier), std::get<messages::output>(later));
}

std::optional<pieces> join_note_bytes(const pieces& earlier, const pieces& later) {
  const auto first = open_message(make_piece(text_of(earlier)));
  const auto second = open_message(make_piece(text_of(later)));
  if (!first || !second || first->of != second->of)
    return std::nullopt;
  const messages::message_reader reader;
  const auto a = reader.read(first->message.bytes);
  const auto b = reader.read(second->message.bytes);
  const auto sum = a && b ? join_notes(*a, *b) : std::nullopt;
  if (!sum)
    return std::nullopt;
  return with_header(second->of, messages::encode_message(*sum));
}

}  // namespace millrace::link
