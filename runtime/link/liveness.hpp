// Judges whether a peer is there, by the times at which it has shown a sign of life: a pong, or progress of
// its acknowledgements. Other bytes of it are no sign, since they do not show that anything reaches it. Pure;
// times come from any clock that does not go backwards.
#pragma once

#include "runtime/link/limits.hpp"

#include <algorithm>

namespace millrace::link {

enum class standing : std::uint8_t {
  lost,     // never met, silent for too long, or nobody answers at its address: its actors begin elsewhere
  alive,    // shown a sign of life within suspect_after
  suspect,  // silent: senders detach its receivers, so that it holds nobody up
};

class liveness {
public:
  explicit liveness(const limits& l) : suspect_after_(l.suspect_after), lost_after_(l.lost_after) {}

  /// It was there at this time.
  void sign(micros now) {
    last_ = now_ = std::max(now, now_);
    standing_ = standing::alive;
  }
  /// Its address refuses connections: no process is there.
  void refused() { standing_ = standing::lost; }
  /// The standing at this time, which may be another one than before.
  standing look(micros now) {
    now_ = std::max(now, now_);
    const auto silent = now_ - last_;
    if (standing_ != standing::lost && silent >= lost_after_)
      standing_ = standing::lost;
    else if (standing_ == standing::alive && silent >= suspect_after_)
      standing_ = standing::suspect;
    return standing_;
  }
  [[nodiscard]] standing now() const { return standing_; }

private:
  micros suspect_after_, lost_after_;
  micros last_{0}, now_{0};
  standing standing_ = standing::lost;
};

}  // namespace millrace::link
