// Removes the chains of a removed topology from the store: on a thread of its own, which it has for one call.
#pragma once

#include "actors/node/stores/chain_store.hpp"

#include <caf/actor_system.hpp>
#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/typed_actor.hpp>

#include <optional>
#include <string>

namespace millrace::node {

/// Answered by chains_went, after which the clearer ends.
struct clear_these {
  std::string chains;
};
struct chains_went {
  std::string chains;
  std::optional<error> failure;
};

using chain_clearer = caf::typed_actor<caf::replies_to<clear_these>::with<chains_went>>;

[[nodiscard]] chain_clearer spawn_chain_clearer(caf::actor_system& system,
                                                std::shared_ptr<chain_store> store);

}  // namespace millrace::node

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(millrace::node::clear_these)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(millrace::node::chains_went)
