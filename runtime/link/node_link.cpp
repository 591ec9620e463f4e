#include "runtime/link/node_link.hpp"

#include <fmt/format.h>

#include <utility>

namespace millrace::link {

node_link::node_link(options o)
    : options_(std::move(o)), handshake_(options_.mine.me.node), liveness_(options_.bounds),
      waiting_(options_.bounds, options_.join) {}

void node_link::set_credit(edge_id edge, std::size_t bytes) {
  credits_[edge] = bytes;
  waiting_.set_credit(edge, bytes);
  if (session_)
    session_->set_credit(edge, bytes);
}

template<class Change>
void node_link::change_standing(const Change& change, link_effect_list& out) {
  const auto before = liveness_.now();
  change(liveness_);
  if (liveness_.now() != before)
    out.others.emplace_back(standing_changed{liveness_.now()});
}

// --- sessions

/// Messages under way are void at both ends: the other hears of it by this end's next name.
void node_link::end(error why, link_effect_list& out) {
  if (!session_)
    return;
  out.others.emplace_back(session_ended{session_->ends(), std::move(why)});
  session_.reset();
  waiting_.clear();
}

/// The hello waits for the next tick, so that two ends that disagree for good do not do it without pause.
void node_link::begin_anew(error why, link_effect_list& out) {
  end(std::move(why), out);
  handshake_.begin();
  said_hello_.reset();
}

void node_link::refuse(error why, link_effect_list& out) {
  end(why, out);
  handshake_.stop();
  out.others.emplace_back(peer_refused{std::move(why)});
}

void node_link::open(const moment& at, link_effect_list& out) {
  session_.emplace(handshake_.open_session(), static_cast<std::uint8_t>(met_.version), options_.bounds,
                   credits_);
  peer_ = known_node{greeted_->node, greeted_->me.node, greeted_->caf_node};
  out.others.emplace_back(
      session_opened{session_->ends(), met_.version, std::exchange(met_.replaces, std::nullopt), *greeted_});
  change_standing([&](liveness& l) { l.sign(at.steady); }, out);
  is_refused_ = false;
  // The first packet tells the other end that this one is open.
  session_->ping();
  pinged_ = at.steady;
  session_->flush(waiting_, true, out.bytes);
}

void node_link::say_hello(const moment& at, link_effect_list& out) {
  auto h = options_.mine;
  h.me = handshake_.mine();
  h.answers = handshake_.answers();
  h.clock = at.wall;
  out.bytes.push_back({make_piece(encode_hello(h))});
  said_hello_ = at.steady;
}

// --- the connection

void node_link::connected(const moment& at, link_effect_list& out) {
  begin_anew(outside_error(ec::unavailable, "the connection was made anew").value(), out);
  say_hello(at, out);
}

void node_link::closed(const moment& at, link_effect_list& out) {
  end(outside_error(ec::unavailable, "the connection was closed").value(), out);
  handshake_.stop();
  change_standing([&](liveness& l) { l.look(at.steady); }, out);
}

void node_link::connection_refused(const moment&, link_effect_list& out) {
  end(outside_error(ec::unavailable, "the connection was refused").value(), out);
  handshake_.stop();
  if (!std::exchange(is_refused_, true)) {
    liveness_.refused();
    out.others.emplace_back(standing_changed{standing::lost, true});
  }
}

// --- incoming

void node_link::received(const moment& at, const piece& bytes, link_effect_list& out) {
  if (handshake_.is_stopped())
    return;
  if (!bytes.bytes.empty() && bytes.bytes.front() == static_cast<char>(parcel::hello))
    on_hello(at, bytes.bytes, out);
  else
    on_packet(at, bytes, out);
}

void node_link::on_hello(const moment& at, std::string_view bytes, link_effect_list& out) {
  auto theirs = decode_hello(bytes);
  if (!theirs)
    return refuse(theirs.error(), out);
  auto heard = handshake_.hello(theirs->me, theirs->answers);
  if (heard == handshake::heard::late)
    return;
  if (heard == handshake::heard::again) {
    if (theirs->answers == handshake_.mine())
      session_->ping();  // its hello shows that the first packet is yet to come, or lost
    return flush(out);
  }
  auto mine = options_.mine;
  mine.me = handshake_.mine();
  mine.clock = at.wall;
  auto known = others_;
  if (peer_)
    known.push_back(*peer_);
  auto met =
      theirs->node == options_.peer || theirs->node == mine.node || theirs->cluster != mine.cluster
          ? meet(mine, *theirs, known)
          : user_error(ec::mismatch, fmt::format("node {} answers where {} was looked for: the address "
                                                 "stands under the wrong name",
                                                 theirs->node, options_.peer));
  if (!met)
    return refuse(met.error(), out);
  if (met->warning && (!greeted_ || greeted_->me.node != theirs->me.node))
    out.others.emplace_back(peer_warned{*met->warning});
  greeted_ = *theirs;
  met_ = std::move(*met);
  if (heard == handshake::heard::left) {
    begin_anew(outside_error(ec::unavailable, "the other end has left the session").value(), out);
    heard = handshake_.hello(theirs->me, theirs->answers);
  }
  if (heard == handshake::heard::opened)
    open(at, out);
  else
    say_hello(at, out);
}

void node_link::on_packet(const moment& at, const piece& bytes, link_effect_list& out) {
  const auto packet = decode_packet(bytes, options_.bounds);
  if (!packet)
    return begin_anew(packet.error(), out);
  switch (handshake_.packet(packet->session())) {
  case handshake::belongs::late:
    return;
  case handshake::belongs::foreign:
    return begin_anew(
        outside_error(ec::unavailable, "the other end is in a session that this one has missed").value(),
        out);
  case handshake::belongs::opens:
    open(at, out);
    break;
  case handshake::belongs::here:
    break;
  }
  auto done = session_->receive(*packet);
  if (!done)
    return begin_anew(done.error(), out);
  for (auto& m : done->messages)
    out.others.emplace_back(std::move(m));
  if (done->is_sign_of_life)
    change_standing([&](liveness& l) { l.sign(at.steady); }, out);
  flush(out);
}

// --- outgoing

taken node_link::send(message&& m) {
  if (!session_)
    return taken::no_session;
  return waiting_.queue(std::move(m));
}

void node_link::send_waiting(bool acknowledges, link_effect_list& out) {
  if (session_)
    session_->flush(waiting_, acknowledges, out.bytes);
  for (const auto edge : waiting_.take_room())
    out.room.push_back(edge);
}

void node_link::tick(const moment& at, link_effect_list& out) {
  change_standing([&](liveness& l) { l.look(at.steady); }, out);
  if (session_ && liveness_.now() == standing::lost)
    begin_anew(outside_error(ec::unavailable, fmt::format("node {} is silent", options_.peer)).value(), out);
  if (session_) {
    if (at.steady - pinged_ >= options_.bounds.ping_every) {
      session_->ping();
      pinged_ = at.steady;
    }
    send_waiting(true, out);
  } else if (!handshake_.is_stopped() &&
             (!said_hello_ || at.steady - *said_hello_ >= options_.bounds.hello_every)) {
    say_hello(at, out);
  }
}

}  // namespace millrace::link
