#include "actors/deployment/state_keeper.hpp"

#include "actors/deployment/start_positions.hpp"
#include "runtime/control/spawn.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace millrace::deployment {
namespace {

messages::state_keeper::behavior_type keeper_behaviour(messages::state_keeper::pointer self,
                                                       const std::shared_ptr<state_keeper>& state) {
  return {
      [=](const messages::keep_value& m) { return state->keep(m); },
      [=](const messages::keep_start& m) { return state->keep(m); },
      [=](const messages::stop&) { self->quit(); },
  };
}

}  // namespace

messages::value_kept state_keeper::keep(const messages::keep_value& m) {
  const auto done = put(m);
  return {m.name, done ? std::nullopt : std::optional(done.error())};
}

expected<void> state_keeper::put(const messages::keep_value& m) {
  auto& newest = lives_[m.actor];
  if (m.life < newest)
    return unexpected(error{ec::fenced,
                            fault::ours,
                            false,
                            fmt::format("a newer life of {} keeps what it has to keep", m.actor),
                            {}});
  newest = m.life;
  const auto there = store_->get(m.name);
  return there && *there == m.value ? expected<void>() : store_->put(m.name, m.value);
}

messages::start_kept state_keeper::keep(const messages::keep_start& m) {
  const auto plan =
      std::find_if(plans_.begin(), plans_.end(), [&](const auto& p) { return p->name == m.plan; });
  if (plan == plans_.end())
    return {m.lane, m.life, m.partition,
            {},     {},     our_error(fmt::format("nothing is called {}", m.plan)).value()};
  const auto start = keep_start(**plan, *store_, m.partition, m.first);
  if (!start)
    return {m.lane, m.life, m.partition, {}, {}, start.error()};
  return {m.lane, m.life, m.partition, (*plan)->log(m.partition), {*start, no_watermark}, std::nullopt};
}

messages::state_keeper spawn_state_keeper(caf::actor_system& system,
                                          std::shared_ptr<snapshot::state_store> store, lane_plans plans) {
  return control::spawn_blocking(system, keeper_behaviour,
                                 std::make_shared<state_keeper>(std::move(store), std::move(plans)));
}

}  // namespace millrace::deployment
