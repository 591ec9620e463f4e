#include "runtime/link/open_session.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace millrace::link {
namespace {

std::size_t size_of(const received_packet& p) {
  auto size = sizeof(packet_header);
  for (const auto& f : p.fragments)
    size += sizeof(fragment_header) + f.header.length;
  return size;
}

}  // namespace

expected<open_session::progress> open_session::receive(const received_packet& p) {
  const auto& h = p.header;
  if (h.version != version_ || h.acknowledged > sent_ || h.pong > pings_)
    return fatal_error(ec::corrupt, "a packet answers what was never sent");
  if (h.sequence <= received_)
    return progress{};
  if (h.sequence != received_ + 1)
    return outside_error(ec::unavailable, fmt::format("packets {} to {} of the session are lost",
                                                      received_ + 1, h.sequence - 1));
  received_ = h.sequence;
  progress done;
  done.is_sign_of_life = window_.acknowledged(h.acknowledged) || h.pong > answered_;
  answered_ = std::max(answered_, h.pong);
  if (h.ping != 0)
    pong_ = h.ping;
  // Packets without messages are not acknowledged: two idle ends would never fall silent.
  if (!p.fragments.empty())
    to_acknowledge_ += size_of(p);
  for (const auto& f : p.fragments) {
    ASSIGN_OR_RETURN(auto whole, reassembly_.take(f));
    if (whole)
      done.messages.push_back(std::move(*whole));
  }
  return done;
}

pieces open_session::packet_of(const std::vector<fragment>& fragments) {
  packet_header h;
  h.version = version_;
  h.from_node = ends_.mine.node;
  h.from_attempt = ends_.mine.attempt;
  h.to_node = ends_.theirs.node;
  h.to_attempt = ends_.theirs.attempt;
  h.sequence = ++sent_;
  h.acknowledged = received_;
  h.ping = std::exchange(ping_, 0);
  h.pong = std::exchange(pong_, 0);
  to_acknowledge_ = 0;
  return encode_packet(h, fragments);
}

void open_session::flush(fragments& waiting, bool now, std::vector<pieces>& out) {
  while (window_.room() > sizeof(packet_header)) {
    const auto next = waiting.next(window_.room() - sizeof(packet_header));
    if (next.empty())
      break;
    out.push_back(packet_of(next));
    window_.sent(sent_, link::size_of(out.back()));
  }
  if (ping_ != 0 || pong_ != 0 || to_acknowledge_ >= limits_.acknowledge_at || (now && to_acknowledge_ > 0))
    out.push_back(packet_of({}));
}

}  // namespace millrace::link
