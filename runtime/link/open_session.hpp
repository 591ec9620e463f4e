// One open session of a link, from its agreement to its end: packets that leave get sequence numbers and stay
// within the window, packets that come are delivered in order and acknowledged. It sends nothing again. Pure.
#pragma once

#include "runtime/link/fragments.hpp"
#include "runtime/link/reassembly.hpp"
#include "runtime/link/send_window.hpp"

#include <cstdint>
#include <map>
#include <vector>

namespace millrace::link {

class open_session {
public:
  /// `version`: the wire version that both ends have agreed on.
  open_session(const session& ends, std::uint8_t version, const limits& l,
               std::map<edge_id, std::size_t> credits)
      : ends_(ends), version_(version), limits_(l), window_(l.window), reassembly_(l, std::move(credits)) {}

  [[nodiscard]] const session& ends() const { return ends_; }
  void set_credit(edge_id edge, std::size_t bytes) { reassembly_.set_credit(edge, bytes); }

  struct progress {
    std::vector<delivered> messages;  // messages in order
    bool is_sign_of_life = false;     // something that was sent has come there
  };
  /// A packet that belongs to this session. One that has come before changes nothing. Errors end the session:
  /// ec::unavailable for a gap, ec::corrupt for what makes no sense.
  [[nodiscard]] expected<progress> receive(const received_packet& p);

  /// Appends the packets that may be sent now of what waits. `now`: also what is not urgent.
  void flush(fragments& waiting, bool now, std::vector<pieces>& out);
  /// The next packet asks for a pong.
  void ping() { ping_ = ++pings_; }

  [[nodiscard]] std::size_t unacknowledged() const { return window_.unacknowledged(); }
  [[nodiscard]] std::size_t begun() const { return reassembly_.begun(); }

private:
  [[nodiscard]] pieces packet_of(const std::vector<fragment>& fragments);

  session ends_;
  std::uint8_t version_;
  limits limits_;
  send_window window_;
  reassembly reassembly_;
  std::uint64_t sent_ = 0;             // sequence of the last packet
  std::uint64_t received_ = 0;         // likewise
  std::size_t to_acknowledge_ = 0;     // bytes that have come since the last packet left
  std::uint32_t ping_ = 0, pong_ = 0;  // numbers for the next packet; 0: none
  std::uint32_t pings_ = 0;            // number of the last one
  std::uint32_t answered_ = 0;         // the last one that was answered
};

}  // namespace millrace::link
