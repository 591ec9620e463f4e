// Holds what waits to be sent, by edge, and says which of it goes next: a fragment of each edge in turn, so that a large
// frame of one edge holds another's messages up by one fragment at most. Pure; belongs to one link.
//
// The messages of an edge stay in order. Notes are joined, and credit and acknowledgements give way to later
// ones of the same log, as long as they have not begun to leave and no content lies between: nothing overtakes
// content.
#pragma once

#include "runtime/link/message.hpp"
#include "runtime/link/packet_format.hpp"

#include <deque>
#include <map>
#include <optional>
#include <vector>

namespace millrace::link {

class fragments {
public:
  fragments(const limits& l, note_joiner join) : limits_(l), join_(std::move(join)) {}

  /// Sets, for one edge, in the place of limits::credit: bytes that may wait, and the longest message that goes beside
  /// others.
  void set_credit(edge_id edge, std::size_t bytes) { credits_[edge] = bytes; }
  /// Moves from `m` where it is queued or joined. Never no_session. take_room() has the edge after no_room as
  /// soon as it would find room.
  [[nodiscard]] taken queue(message&& m);
  /// The next fragments that fit one packet and take at most `room` bytes with their headers; nothing where
  /// all has left, or there is no room.
  [[nodiscard]] std::vector<fragment> next(std::size_t room);

  [[nodiscard]] bool empty() const { return queues_.empty(); }
  /// Bytes that wait, with what is counted for each message.
  [[nodiscard]] std::size_t queued() const { return queued_; }
  /// Edges that were refused and find room now, each once. They try in this order, before others do.
  [[nodiscard]] std::vector<edge_id> take_room();
  /// The session is over: all that waits is gone, and every edge that was refused may try again.
  void clear();

private:
  struct waiting {
    message what;
    std::size_t total = 0;
    std::size_t sent = 0;
  };
  struct edge_queue {
    std::deque<waiting> messages;
    std::size_t bytes = 0;  // bytes as the cost counts them
  };
  struct filling {
    std::vector<fragment> out;
    std::size_t used = 0, most = 0;
  };
  struct refusal {
    edge_id edge = 0;
    std::size_t cost = 0;  // the cost of the message that found no room
  };
  enum class turn : std::uint8_t { sent, passed, packet_full };

  [[nodiscard]] std::size_t credit_of(edge_id edge) const;
  [[nodiscard]] bool fits(edge_id edge, std::size_t cost, std::size_t beside) const;
  [[nodiscard]] bool join(edge_queue& q, message& m);
  [[nodiscard]] bool begins(edge_id edge, const waiting& w);
  [[nodiscard]] turn take_turn(filling& f, edge_id edge, edge_queue& q);
  void send_front(filling& f, edge_queue& q, std::size_t length);
  void refuse(edge_id edge, std::size_t cost);

  limits limits_;
  note_joiner join_;
  std::map<edge_id, std::size_t> credits_;
  std::map<edge_id, edge_queue> queues_;  // only edges with something that waits
  std::deque<edge_id> ring_;              // the same edges, in turn
  std::size_t queued_ = 0;
  std::size_t begun_ = 0;              // the whole length of messages that have left in part
  std::optional<edge_id> next_large_;  // waits to begin; no other large message does before it
  std::vector<refusal> refused_;       // sorted by their first refusals
  /// One of them, whose message needs more than half of all that may wait: others would always be before it.
  std::optional<edge_id> kept_free_for_;
};

}  // namespace millrace::link
