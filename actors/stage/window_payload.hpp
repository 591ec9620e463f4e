// A lane frame carries this to a shard: the partial aggregates of its positions.
#pragma once

#include "runtime/delivery/frame.hpp"
#include "runtime/window/window.hpp"

namespace millrace::stage {

struct window_payload final : delivery::payload {
  window::partials_ptr partials;
  [[nodiscard]] std::size_t byte_size() const override { return partials ? window::byte_size(*partials) : 0; }
};

}  // namespace millrace::stage
