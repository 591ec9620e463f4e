// How long to wait before a way to a peer is tried again. Pure.
#pragma once

#include "runtime/base/time.hpp"

#include <algorithm>

namespace millrace::link {

class back_off {
public:
  /// Twice as long each time, up to `most`: a node that begins again is met within that.
  static constexpr micros first{100'000};
  static constexpr micros most{2'000'000};
  /// After a peer was refused: somebody has to mend a configuration.
  static constexpr micros after_refusal{5'000'000};

  [[nodiscard]] micros next() {
    const auto now = wait_;
    wait_ = std::min(wait_ * 2, most);
    return now;
  }
  /// A session was opened.
  void went_well() { wait_ = first; }

private:
  micros wait_ = first;
};

}  // namespace millrace::link
