// A handle of an actor of a topology, of any kind, for those who spawn and introduce actors by name.
#pragma once

#include "runtime/messages/messages.hpp"

#include <caf/actor_addr.hpp>

#include <type_traits>
#include <utility>
#include <variant>

namespace millrace::control {

/// No actor: it does not live.
using any_actor = std::variant<std::monostate, messages::lane, messages::shard, messages::sink>;

/// Calls `what` with the handle of its kind, where it lives.
template<class F>
void with_living(const any_actor& actor, F&& what) {
  std::visit(
      [&]<class Handle>(const Handle& h) {
        if constexpr (!std::is_same_v<Handle, std::monostate>)
          what(h);
      },
      actor);
}

/// Returns it as one of this interface; null where it does not live, or is none.
template<class Interface>
[[nodiscard]] Interface as(const any_actor& actor) {
  Interface out;
  with_living(actor, [&]<class Handle>(const Handle& h) {
    if constexpr (messages::is_one_of<Handle, Interface>)
      out = h;
  });
  return out;
}

/// Returns null for an actor that does not live.
[[nodiscard]] inline caf::actor_addr address_of(const any_actor& actor) {
  caf::actor_addr out;
  with_living(actor, [&](const auto& h) { out = h.address(); });
  return out;
}

}  // namespace millrace::control
