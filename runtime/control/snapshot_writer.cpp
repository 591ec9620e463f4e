#include "runtime/control/snapshot_writer.hpp"

#include <caf/event_based_actor.hpp>
#include <spdlog/spdlog.h>

#include <map>

namespace millrace::control {
namespace {

struct entry {
  adopt_snapshots owner;
  std::string unwritten;  // captures that could not be written yet
  bool unwritten_twice = false;
};

struct writer_state {
  std::map<std::string, entry> entries;

  messages::capture_written write(const messages::write_capture& m) {
    const auto at = entries.find(m.actor);
    if (at == entries.end() || at->second.owner.life != m.life)
      return {m.twice,
              error{ec::fenced, fault::ours, false, "a newer life of " + m.actor + " writes snapshots", {}}};
    auto& e = at->second;
    const bool twice = m.twice || e.unwritten_twice;
    const bool merged = !e.unwritten.empty();
    if (merged)
      e.unwritten += *m.bytes;
    const auto done = e.owner.chain->append(merged ? e.unwritten : *m.bytes, twice);
    if (!done) {
      if (!merged)
        e.unwritten = *m.bytes;
      e.unwritten_twice = twice;
      return {m.twice, done.error()};
    }
    e.unwritten.clear();
    e.unwritten_twice = false;
    if (const auto compacted = e.owner.chain->compact(e.owner.merge); !compacted)
      spdlog::warn("{}: its snapshots could not be compacted: {}", m.actor, compacted.error().message);
    return {twice, std::nullopt};
  }
};

caf::behavior writer_behaviour(caf::event_based_actor* self, const std::shared_ptr<writer_state>& state) {
  return {
      [=](const adopt_snapshots& m) {
        state->entries[m.actor] = {m, {}, false};
      },
      [=](const messages::write_capture& m) { return state->write(m); },
      [=](const messages::stop&) { self->quit(); },
  };
}

}  // namespace

caf::actor spawn_snapshot_writer(caf::actor_system& system) {
  // With an argument: of none CAF 0.17 makes a null pointer that it dereferences.
  return system.spawn<caf::detached>(writer_behaviour, std::make_shared<writer_state>());
}

}  // namespace millrace::control
