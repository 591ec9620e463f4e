// Holds back output that depends on a decision until a capture in two copies that holds the decision is
// durable (docs/design/protocol.md, "Decisions"). Pure; one shard actor owns it and tells it of every
// capture, in order.
#pragma once

#include "runtime/base/ids.hpp"

#include <cstdint>
#include <deque>
#include <optional>

namespace millrace::delivery {

class decision_gate {
public:
  /// Output above `below` depends on a decision. The owner then begins a capture in two copies.
  void decided(position below) { gates_.push_back({below, begun_ + 1}); }

  void capture_begun() { ++begun_; }
  /// The oldest capture under way is durable.
  void capture_durable(bool twice);
  /// It is written together with the next, which then counts for its decisions, too.
  void capture_failed() { ++done_; }

  /// Output up to here depends on nothing that is not durable; none: all of it.
  [[nodiscard]] std::optional<position> limit() const {
    return gates_.empty() ? std::nullopt : std::optional(gates_.front().below);
  }

private:
  struct gate {
    position below;
    std::uint64_t capture;  // the first one that holds the decision
  };
  std::deque<gate> gates_;
  std::uint64_t begun_ = 0;
  std::uint64_t done_ = 0;  // captures that have been begun and are durable, or have failed
};

}  // namespace millrace::delivery
