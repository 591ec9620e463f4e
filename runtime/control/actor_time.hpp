// An actor's clock, which a simulation drives.
#pragma once

#include "runtime/base/steady_time.hpp"

#include <caf/local_actor.hpp>

namespace millrace::control {

class actor_time final : public steady_time {
public:
  /// `self` outlives it.
  explicit actor_time(const caf::local_actor& self) : self_(self) {}
  [[nodiscard]] clock::time_point now() const override { return self_.clock().now(); }

private:
  const caf::local_actor& self_;
};

}  // namespace millrace::control
