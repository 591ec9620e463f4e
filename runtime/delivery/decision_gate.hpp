// Holds back output that depends on a decision until a capture in two copies that holds the decision is
// durable (design: the decision journal). Pure; one shard actor owns it and tells it of every capture, in
// order.
#pragma once

#include "runtime/delivery/frame.hpp"

#include <cstdint>
#include <deque>
#include <vector>

namespace millrace::delivery {

class decision_gate {
public:
  /// What a shard put out: frames above `before`. Returned are those that may leave now. After a decision
  /// the owner begins a capture in two copies.
  [[nodiscard]] std::vector<output_frame> pass(position before, std::vector<output_frame> frames,
                                               bool decision);

  void capture_begun() { ++begun_; }
  /// The oldest capture under way is durable; what may leave now.
  [[nodiscard]] std::vector<output_frame> capture_durable(bool twice);
  /// It is written together with the next, which then counts for its decisions, too.
  void capture_failed() { ++done_; }

  /// Output up to here depends on nothing that is not durable.
  [[nodiscard]] bool may_leave(const output_frame& f) const {
    return gates_.empty() || f.reached <= gates_.front().below;
  }
  [[nodiscard]] bool closed() const { return !gates_.empty(); }

private:
  struct gate {
    position below;
    std::uint64_t capture;  // the first one that holds the decision
    std::vector<output_frame> frames;
  };
  std::deque<gate> gates_;
  std::uint64_t begun_ = 0;
  std::uint64_t done_ = 0;  // of those begun: durable or failed
};

}  // namespace millrace::delivery
