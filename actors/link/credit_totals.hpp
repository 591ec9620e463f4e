// Credit as a total under its fence, so that on a link a later message says all that an earlier one says. The
// receiver of frames adds up what it gives back, the lane's side takes the difference. Pure; both begin anew with
// each session, and each fence begins with nothing.
#pragma once

#include "runtime/messages/messages.hpp"

#include <map>

namespace millrace::link {

class credit_totals {
public:
  /// An increment becomes the total of its log and fence. False: of an earlier fence, by which nobody counts
  /// any more.
  [[nodiscard]] bool add_up(messages::credit_returned& m) {
    auto& t = logs_[m.log];
    if (m.stamp < t.stamp)
      return false;
    t.bytes = m.stamp == t.stamp ? t.bytes + m.bytes : m.bytes;
    t.stamp = m.stamp;
    m.bytes = t.bytes;
    return true;
  }
  /// A total becomes the increment since the last one. False: it says nothing new.
  [[nodiscard]] bool take_apart(messages::credit_returned& m) {
    auto& t = logs_[m.log];
    const auto had = m.stamp == t.stamp ? t.bytes : 0;
    if (m.stamp < t.stamp || m.bytes <= had)
      return false;
    t = {m.stamp, m.bytes};
    m.bytes -= had;
    return true;
  }

private:
  struct total {
    delivery::fence stamp;
    std::size_t bytes = 0;
  };
  std::map<log_id, total> logs_;
};

}  // namespace millrace::link
