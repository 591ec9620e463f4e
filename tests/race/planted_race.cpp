// Shows that ThreadSanitizer still sees a race between two actors of ours: spawned as ours are, one of them
// writes what another reads beside all messages. "planted": it must be reported. No argument: the same number
// travels in a message, and no race may be reported.
#include "runtime/control/spawn.hpp"

#include <caf/actor_system_config.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/scoped_actor.hpp>
#include <caf/stateful_actor.hpp>

#include <cstdint>
#include <memory>
#include <string>

namespace {

using namespace millrace;

struct tally {
  std::uint64_t rows = 0;
  std::string last;
};

struct counting_state {
  std::shared_ptr<tally> counted;
};

/// Takes rows; answers with how many it has.
caf::behavior counting_actor(caf::stateful_actor<counting_state>* self, std::shared_ptr<tally> counted) {
  self->state.counted = std::move(counted);
  return {[self](const std::string& row) {
    auto& t = *self->state.counted;
    ++t.rows;
    t.last = row;
    return t.rows;
  }};
}

constexpr int rows = 200;

}  // namespace

int main(int argc, char** argv) {
  const bool planted = argc > 1 && std::string(argv[1]) == "planted";
  caf::actor_system_config config;
  caf::actor_system system(config);
  const auto first = std::make_shared<tally>();
  const auto second = planted ? first : std::make_shared<tally>();
  const auto blocking = control::spawn_blocking(system, counting_actor, first);
  const auto scheduled = system.spawn(counting_actor, second);
  caf::scoped_actor self(system);
  for (int i = 0; i < rows; ++i) {
    self->send(blocking, std::string(i % 50, 'x'));
    self->send(scheduled, std::string(i % 70, 'y'));
  }
  for (int i = 0; i < 2 * rows; ++i)
    self->receive([](std::uint64_t) {});
  return 0;
}
