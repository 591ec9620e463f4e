// The receivers of a lane as actors: the handle of each that lives, and the life that it is of.
#pragma once

#include "runtime/messages/messages.hpp"

#include <cstddef>
#include <vector>

namespace millrace::lane {

class receiver_handles {
public:
  explicit receiver_handles(std::size_t receivers) : all_(receivers) {}

  /// Returns false for a message from an earlier life than the known one.
  [[nodiscard]] bool is_up(const messages::receiver_up& m) {
    auto& r = all_[m.receiver];
    if (m.life < r.now)
      return false;
    r = {m.handle, m.life};
    return true;
  }
  [[nodiscard]] bool is_down(const messages::receiver_down& m) {
    auto& r = all_[m.receiver];
    if (m.life < r.now)
      return false;
    r.handle = nullptr;
    return true;
  }
  [[nodiscard]] const messages::frame_receiver& operator[](std::size_t receiver) const {
    return all_[receiver].handle;
  }

private:
  struct receiver {
    messages::frame_receiver handle;  // set while it lives
    life now;
  };

  std::vector<receiver> all_;
};

}  // namespace millrace::lane
