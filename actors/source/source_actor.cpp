#include "actors/source/source_actor.hpp"

#include "actors/stage/spawn.hpp"

namespace millrace::source {
namespace {

caf::behavior source_behaviour(caf::event_based_actor* self, std::shared_ptr<reader> connector) {
  return {
      [=](const assign& m) {
        if (const auto ok = connector->assign(m.partition, m.from); !ok)
          self->send(caf::actor_cast<caf::actor>(self->current_sender()),
                     chunk_read{0, nullptr, ok.error(), std::nullopt});
      },
      [=](const unassign& m) { connector->unassign(m.partition); },
      [=](const read& m) {
        auto got = connector->read(m.wanted, m.max_bytes, m.wait);
        chunk_read answer{m.ticket, nullptr, std::nullopt, connector->lag()};
        if (!got)
          answer.failure = got.error();
        else if (*got)
          answer.chunk = std::make_shared<const chunk>(std::move(**got));
        return answer;
      },
      [=](const durable& m) { connector->acknowledge(m.partition, m.below); },
      [=](const messages::stop&) { self->quit(); },
  };
}

} // namespace

caf::actor spawn_source(caf::actor_system& system, std::shared_ptr<reader> connector) {
  return stage::spawn_blocking(system, source_behaviour, std::move(connector));
}

} // namespace millrace::source
