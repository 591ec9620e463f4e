// Holds what a stand-in has to send over its link, in order, and how much of it may be with the link at a time. Pure;
// belongs to one end of an edge in one session.
//
// It is bounded by its local sender: content is sent within the credit of the receiver, or one message an ask;
// what needs no credit is joined here while it waits: progress without content, credit, acknowledgements.
#pragma once

#include "runtime/link/message.hpp"
#include "runtime/messages/message_format.hpp"
#include "runtime/messages/messages.hpp"

#include <algorithm>
#include <deque>
#include <map>
#include <optional>

namespace millrace::link {

/// Credit as a total under its fence, so that on a link a later message says all that an earlier one says. The
/// receiver of frames adds up what it gives back, the lane's side takes the difference. Pure; both begin anew with
/// each session, and each fence begins with nothing.
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

/// The link's treatment of an edge's message.
struct treatment {
  link::kind kind = kind::content;
  link::stamp stamp;
  std::uint64_t about = 0;
  friend bool operator==(const treatment&, const treatment&) = default;
};
[[nodiscard]] treatment treatment_of(const messages::edge_message& m);

class outgoing_messages {
public:
  /// Encoded bytes that are with the link and have found no room in it; beyond them, one message at a time.
  static constexpr std::size_t most_unanswered = std::size_t{256} << 10;

  struct item {
    messages::edge_message what;
    treatment how;
  };

  void push(messages::edge_message m);
  /// The next one that may go to the link now; sent() tells its encoded bytes.
  [[nodiscard]] std::optional<item> next();
  void sent(std::size_t bytes) { unanswered_ += bytes; }
  /// The link has taken so many of them.
  void answered(std::size_t bytes) { unanswered_ -= std::min(bytes, unanswered_); }

  [[nodiscard]] std::size_t waiting() const { return items_.size(); }

private:
  [[nodiscard]] bool join(const messages::edge_message& m, const treatment& how);

  std::deque<item> items_;
  std::size_t unanswered_ = 0;
  credit_totals credit_;
};

}  // namespace millrace::link
