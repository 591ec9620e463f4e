#include "actors/node/control/control_keeper.hpp"

#include "runtime/control/spawn.hpp"

#include <caf/typed_event_based_actor.hpp>
#include <spdlog/spdlog.h>

namespace millrace::node {
namespace {

control_appended answer_to(control_book& book, const cluster::epoch& by, std::uint64_t number,
                           cluster::append_outcome how) {
  if (how == cluster::append_outcome::refused)  // another one leads; the coordinator says so
    spdlog::debug("control was not changed under epoch {}: {}", by.term, book.last_error());
  else if (how != cluster::append_outcome::acknowledged)
    spdlog::warn("control was not changed under epoch {}: {}", by.term, book.last_error());
  return {by, number, how};
}

control_keeper::behavior_type control_keeper_behaviour(control_keeper::pointer self,
                                                       const std::shared_ptr<control_book>& book) {
  return {
      [=](const look_at_control&) {
        auto found = book->look();
        return found ? control_seen{std::move(*found), {}} : control_seen{{}, std::move(found.error())};
      },
      [=](const open_control& m) {
        auto opened = book->open(m.mine);
        return opened ? control_opened{m.mine, std::move(*opened), {}}
                      : control_opened{m.mine, {}, std::move(opened.error())};
      },
      [=](const append_to_control& m) {
        return answer_to(*book, m.by, m.number, book->append(m.by, m.what));
      },
      [=](const write_control_base& m) {
        return answer_to(*book, m.by, m.number, book->write_base(m.by, m.state));
      },
      [=](const stop_keeper&) { self->quit(); },
  };
}

}  // namespace

control_keeper spawn_control_keeper(caf::actor_system& system, std::shared_ptr<chain_store> store) {
  return control::spawn_blocking(system, control_keeper_behaviour,
                                 std::make_shared<control_book>(std::move(store)));
}

}  // namespace millrace::node
