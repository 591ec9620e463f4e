// Spawns actors. This is the one place where actors that block get a thread of their own. CAF's testing
// scheduler gives a detached actor a real thread too, so simulations spawn them undetached, with connectors
// that never block.
#pragma once

#include "runtime/base/flight_recorder.hpp"
#include "runtime/base/random.hpp"
#include "runtime/control/actor_error.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/atom.hpp>
#include <caf/config_value.hpp>
#include <caf/scheduler/abstract_coordinator.hpp>
#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>

namespace millrace::control {

[[nodiscard]] inline bool is_simulated(const caf::actor_system& system) {
  return caf::get_or(system.config(), "scheduler.policy", caf::atom("stealing")) == caf::atom("testing");
}

/// The scheduler of a process that runs topologies: one queue for `threads` threads, who sleep on it until
/// there is work. Messages carry a chunk or a frame each, so the queue is no bottleneck. With CAF's default,
/// a queue a thread, a message waits behind a busy thread while an idle one sleeps between its looks at the
/// others' queues, and those looks go on when there is nothing to do. An actor gives its thread to the others
/// after a few messages; CAF's default is never while it has any, and with as many lanes as threads no shard
/// would get a turn.
inline void share_threads(caf::actor_system_config& config, std::size_t threads) {
  config.set("scheduler.policy", caf::atom("sharing"));
  config.set("scheduler.max-threads", threads);
  config.set("scheduler.max-throughput", std::size_t{8});
}

/// Returns the number of these threads, also for work that blocks before the actors begin; one in a
/// simulation, where order is all.
[[nodiscard]] inline std::size_t shared_threads(caf::actor_system& system) {
  return is_simulated(system) ? 1 : system.scheduler().num_workers();
}

/// Seeds an actor's random waits: by chance, but in a simulation.
[[nodiscard]] inline std::uint64_t jitter_seed(const caf::local_actor& self) {
  return is_simulated(self.system()) ? self.id() : random_bits();
}

/// An actor of a topology. While it has a thread, that is in the flight recorder: a crash names the actor. One that throws ends
/// with the exception's text (words_of). `Base` may be a caf::stateful_actor, whose state ends when the actor does.
template<class Base>
class recorded final : public Base {
public:
  using make_behaviour = std::function<typename Base::behavior_type(Base*)>;

  recorded(caf::actor_config& config, std::string topology, std::string actor, make_behaviour make)
      : Base(config), topology_(std::move(topology)), actor_(std::move(actor)), make_(std::move(make)) {
    this->set_exception_handler(
        [](caf::scheduled_actor*, std::exception_ptr& thrown) { return error_of(thrown); });
  }

  caf::resumable::resume_result resume(caf::execution_unit* on, std::size_t most) override {
    const at_work noted(topology_, actor_);
    return Base::resume(on, most);
  }

protected:
  typename Base::behavior_type make_behavior() override { return std::exchange(make_, nullptr)(this); }

private:
  std::string topology_, actor_;
  make_behaviour make_;
};

/// The actor that a handle stands for; with a state, one that holds it as `self->state`.
template<class Handle, class State = void>
struct actor_of {
  using type = caf::stateful_actor<State, typename Handle::base>;
};
template<class Handle>
struct actor_of<Handle, void> {
  using type = typename Handle::base;
};
template<class Handle, class State = void>
using recorded_actor = recorded<typename actor_of<Handle, State>::type>;

/// Spawns an actor of a topology on the shared threads.
template<class Handle, class State = void>
[[nodiscard]] auto spawn_recorded(caf::actor_system& system, const std::string& topology,
                                  const std::string& actor,
                                  typename recorded_actor<Handle, State>::make_behaviour make) {
  return system.spawn<recorded_actor<Handle, State>>(topology, actor, std::move(make));
}
/// Spawns in the same way an actor that may block.
template<class Handle, class State = void>
[[nodiscard]] auto
spawn_recorded_blocking(caf::actor_system& system, const std::string& topology, const std::string& actor,
                        typename recorded_actor<Handle, State>::make_behaviour make) noexcept {
  if (is_simulated(system))
    return spawn_recorded<Handle, State>(system, topology, actor, std::move(make));
  return system.spawn<recorded_actor<Handle, State>, caf::detached>(topology, actor, std::move(make));
}

/// Spawns a function-based actor whose behaviour may block. Give it an argument at least: of none CAF 0.17
/// makes a null pointer that it dereferences. A thread that cannot be started ends the process
/// (std::terminate): as an exception it would end the supervisor, and nobody else would know.
template<class F, class... Ts>
[[nodiscard]] auto spawn_blocking(caf::actor_system& system, F&& behaviour, Ts&&... args) noexcept {
  if (is_simulated(system))
    return system.spawn(std::forward<F>(behaviour), std::forward<Ts>(args)...);
  return system.spawn<caf::detached>(std::forward<F>(behaviour), std::forward<Ts>(args)...);
}

}  // namespace millrace::control
