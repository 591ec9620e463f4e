#include "actors/node/host/value_keeper.hpp"

#include "runtime/control/spawn.hpp"
#include "runtime/snapshot/life_fence.hpp"

#include <algorithm>
#include <map>
#include <string>

namespace millrace::host {
namespace {

/// Puts values that several actors of this node may share, as the lanes of a source share its identity. All of
/// them live here, so none is to be fenced off by another one's higher term: a value is put under the highest
/// life that has kept it here.
class shared_values {
public:
  explicit shared_values(put_value put) : put_(std::move(put)) {}

  expected<void> put(const messages::keep_value& m) {
    // R1 among the lives of one actor in this process; the chain has it among processes.
    auto& newest = lives_[m.actor];
    if (m.life < newest)
      return snapshot::superseded(m.life.term, m.actor, newest.term);
    newest = m.life;
    auto& highest = highest_[m.name];
    highest = std::max(highest, m.life);
    return put_(m.name, m.value, highest);
  }

private:
  put_value put_;
  std::map<std::string, life> lives_;    // keyed by actor
  std::map<std::string, life> highest_;  // keyed by value
};

messages::state_keeper::behavior_type value_keeper_behaviour(messages::state_keeper::pointer self,
                                                             const std::shared_ptr<shared_values>& values) {
  return {
      [=](const messages::keep_value& m) -> messages::value_kept {
        const auto done = values->put(m);
        return {m.name, done ? std::nullopt : std::optional(done.error())};
      },
      [=](const messages::stop&) { self->quit(); },
  };
}

}  // namespace

messages::state_keeper spawn_value_keeper(caf::actor_system& system, put_value put) {
  return control::spawn_blocking(system, value_keeper_behaviour,
                                 std::make_shared<shared_values>(std::move(put)));
}

}  // namespace millrace::host
