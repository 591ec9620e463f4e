#include "runtime/delivery/decision_gate.hpp"

namespace millrace::delivery {

void decision_gate::capture_durable(bool twice) {
  ++done_;
  while (twice && !gates_.empty() && gates_.front().capture <= done_)
    gates_.pop_front();
}

}  // namespace millrace::delivery
