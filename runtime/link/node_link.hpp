// The link to one other node: a session that carries messages of edges, each edge's in order and once, for as
// long as the session lasts; the window that bounds what the transport holds; and whether the node is there.
// Pure: its owner carries bytes, says what time it is and runs the effects.
//
// A session ends by the first packet that is missing, and all that was under way in it with it. The
// link sends no message again: receivers ask again, or resume (docs/design/protocol.md). docs/design/link.md says why.
#pragma once

#include "runtime/link/handshake.hpp"
#include "runtime/link/liveness.hpp"
#include "runtime/link/meeting.hpp"
#include "runtime/link/open_session.hpp"

#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace millrace::link {

/// The time of an event: `steady` never goes backwards, `wall` goes into hellos.
struct moment {
  micros steady{0};
  event_micros wall = 0;
};

/// Messages may be sent from now on. Stand-ins of the peer's actors are made anew.
struct session_opened {
  session ends;
  std::uint32_t version = 0;
  std::optional<std::uint64_t> replaces;  // the peer's earlier process
  hello peer;
};
/// Every stand-in of this session is void, and what was sent may not have come.
struct session_ended {
  session ends;
  error why;
};
struct standing_changed {
  standing now = standing::lost;
  bool is_refused = false;  // lost, since nobody listens at its address: its process is over
};
/// No session with this peer until connected() is called again: close the connection.
struct peer_refused {
  error why;
};
struct peer_warned {
  std::string text;
};
using link_effect =
    std::variant<delivered, session_opened, session_ended, standing_changed, peer_refused, peer_warned>;

/// The effects of calls, which append to it: the owner runs the packets, then the others, then the room.
struct link_effect_list {
  std::vector<pieces> bytes;  // packets for the peer, each as one whole
  std::vector<link_effect> others;
  std::vector<edge_id> room;  // may try again, in this order, after taken::no_room
};

class node_link {
public:
  struct options {
    hello mine;        // `me`, `answers` and `clock` are filled in; `me.node` is this process
    std::string peer;  // name of the other node
    limits bounds = {};
    note_joiner join = {};
  };
  explicit node_link(options o);

  /// Other nodes that this one is linked to: a peer must not have the CAF node id of one of them.
  void know(std::vector<known_node> others) { others_ = std::move(others); }
  /// The plans that this node has now, for the next hello.
  void has_plans(std::vector<plan_generation> plans) { options_.mine.plans = std::move(plans); }
  /// Both nodes call it alike, before messages go on the edge.
  void set_credit(edge_id edge, std::size_t bytes);

  /// Bytes can be sent. Ends a session that was open before.
  void connected(const moment& at, link_effect_list& out);
  /// They cannot, and some of what was sent may not have come.
  void closed(const moment& at, link_effect_list& out);
  /// The peer's address refuses a connection: nobody is there.
  void connection_refused(const moment& at, link_effect_list& out);
  /// The packets of the session make no sense to who takes them, or more wait than may: a new one begins.
  void leave(error why, link_effect_list& out) {
    if (session_)
      begin_anew(std::move(why), out);
  }
  /// Takes what the peer has sent, as one whole.
  void received(const moment& at, const piece& bytes, link_effect_list& out);

  /// Moves from `m` where it is queued or joined; flush() sends it as soon as the window has room.
  [[nodiscard]] taken send(message&& m);
  void flush(link_effect_list& out) { send_waiting(false, out); }
  /// Every 50 to 100 ms.
  void tick(const moment& at, link_effect_list& out);

  [[nodiscard]] bool is_open() const { return session_.has_value(); }
  [[nodiscard]] standing peer_standing() const { return liveness_.now(); }
  /// Bytes that wait, and that the transport may hold.
  [[nodiscard]] std::size_t queued() const { return waiting_.queued(); }
  [[nodiscard]] std::size_t unacknowledged() const { return session_ ? session_->unacknowledged() : 0; }
  /// Counts the bytes of messages that have begun to come.
  [[nodiscard]] std::size_t begun() const { return session_ ? session_->begun() : 0; }

private:
  void on_hello(const moment& at, std::string_view bytes, link_effect_list& out);
  void on_packet(const moment& at, const piece& bytes, link_effect_list& out);
  void say_hello(const moment& at, link_effect_list& out);
  void open(const moment& at, link_effect_list& out);
  void end(error why, link_effect_list& out);
  void refuse(error why, link_effect_list& out);
  void begin_anew(error why, link_effect_list& out);
  /// `acknowledges`: also what has come since the last acknowledgement, however little.
  void send_waiting(bool acknowledges, link_effect_list& out);
  /// Tells what the change has made of the peer's standing.
  template<class Change>
  void change_standing(const Change& change, link_effect_list& out);

  options options_;
  handshake handshake_;
  liveness liveness_;
  fragments waiting_;
  std::map<edge_id, std::size_t> credits_;
  std::vector<known_node> others_;
  std::optional<known_node> peer_;  // the newest process that there was a session with
  std::optional<hello> greeted_;    // the newest hello that counts
  meeting met_;                     // the judgement on it
  std::optional<open_session> session_;
  bool is_refused_ = false;           // refused since the last session; told once
  std::optional<micros> said_hello_;  // no value: the next tick says it
  micros pinged_{0};
};

}  // namespace millrace::link
