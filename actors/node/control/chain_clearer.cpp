#include "actors/node/control/chain_clearer.hpp"

#include "runtime/control/spawn.hpp"

#include <caf/typed_event_based_actor.hpp>

namespace millrace::node {
namespace {

chain_clearer::behavior_type clearer_behaviour(chain_clearer::pointer self,
                                               const std::shared_ptr<chain_store>& store) {
  return {[=](const clear_these& m) -> chains_went {
    const auto done = store->clear(m.chains);
    self->quit();
    return {m.chains, done ? std::nullopt : std::optional(done.error())};
  }};
}

}  // namespace

chain_clearer spawn_chain_clearer(caf::actor_system& system, std::shared_ptr<chain_store> store) {
  return control::spawn_blocking(system, clearer_behaviour, std::move(store));
}

}  // namespace millrace::node
