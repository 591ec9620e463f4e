// Lets two ends of a link agree on a session, and tell its bytes from those of others. Pure; one a peer, for
// as long as the node lives.
//
// Each end has a name of its own for each session that it begins, and the other end's name of a hello. It
// opens the session of both when it knows that the other has heard its name: by a hello that answers it, or
// by a packet that names it. A name that was in an open session is never in another one: an end that must
// leave a session begins with a new name, and so does the other end when it hears that.
#pragma once

#include "runtime/link/session.hpp"

#include <optional>

namespace millrace::link {

class handshake {
public:
  /// `node`: of this process; other processes of the same node have other numbers.
  explicit handshake(std::uint64_t node) : mine_{node, 0} {}

  /// A new name of this end, in no session: the other is to hear it.
  void begin();
  /// No connection: nothing is heard.
  void stop() { state_ = state::stopped; }

  enum class heard : std::uint8_t {
    late,    // belongs to a session that is over, or to none: it means nothing
    again,   // belongs to the open session; when it answers, the other end may not know yet that this one is
             // open
    answer,  // say hello to it, with answers()
    opened,  // the session is open: say so by a packet
    left,    // the other end has left the open session: begin(), and then it is heard again
  };
  [[nodiscard]] heard hello(const link_end& from, const std::optional<link_end>& answers);

  enum class belongs : std::uint8_t {
    here,     // belongs to the open session
    opens,    // belongs to the session that it opens
    late,     // belongs to a session that is over, or that this end does not know to be open: drop it
    foreign,  // belongs to a session that is not and never was open: this end has missed something
  };
  /// `s` as its sender names it.
  [[nodiscard]] belongs packet(const session& s);

  [[nodiscard]] bool is_open() const { return state_ == state::open; }
  [[nodiscard]] bool is_stopped() const { return state_ == state::stopped; }
  [[nodiscard]] const link_end& mine() const { return mine_; }
  /// The open session.
  [[nodiscard]] session open_session() const { return {mine_, theirs_}; }
  /// The other end's name, where it has come since this end has its own.
  [[nodiscard]] std::optional<link_end> answers() const;

private:
  enum class state : std::uint8_t { stopped, greeting, open };
  state state_ = state::stopped;
  link_end mine_;
  link_end theirs_;         // the newest name that was ever heard
  bool has_heard_ = false;  // has heard a hello since begin()
};

}  // namespace millrace::link
