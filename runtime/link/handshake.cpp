#include "runtime/link/handshake.hpp"

namespace millrace::link {

void handshake::begin() {
  ++mine_.attempt;
  state_ = state::greeting;
  has_heard_ = false;
}

std::optional<link_end> handshake::answers() const {
  return has_heard_ ? std::optional(theirs_) : std::nullopt;
}

handshake::heard handshake::hello(const link_end& from, const std::optional<link_end>& answers) {
  if (state_ == state::stopped || from < theirs_)
    return heard::late;
  if (state_ == state::open)
    return from == theirs_ ? heard::again : heard::left;
  theirs_ = from;
  has_heard_ = true;
  if (answers != mine_)
    return heard::answer;
  state_ = state::open;
  return heard::opened;
}

handshake::belongs handshake::packet(const session& s) {
  const bool names_both = s.mine == theirs_ && s.theirs == mine_;
  if (state_ == state::open) {
    if (names_both)
      return belongs::here;
    return s.mine > theirs_ || s.theirs > mine_ ? belongs::foreign : belongs::late;
  }
  if (state_ == state::stopped || !has_heard_ || !names_both)
    return belongs::late;
  state_ = state::open;
  return belongs::opens;
}

}  // namespace millrace::link
