#include "runtime/control/snapshot_writer.hpp"

#include "runtime/base/shard_name.hpp"
#include "runtime/control/spawn.hpp"
#include "runtime/delivery/output_format.hpp"

#include <caf/typed_event_based_actor.hpp>
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

  expected<entry*> find(const std::string& actor, const life& whose) {
    const auto at = entries.find(actor);
    if (at == entries.end() || at->second.owner.life != whose)
      return unexpected(error{ec::fenced,
                              fault::ours,
                              false,
                              "a newer life of " + lasting_name(actor) + " writes snapshots",
                              {}});
    return &at->second;
  }

  messages::capture_written write(const messages::write_capture& m) {
    const auto found = find(m.actor, m.life);
    if (!found)
      return {m.twice, found.error()};
    auto& e = **found;
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
    // Where another life takes the chain over, its next capture says so.
    if (const auto compacted = e.owner.chain->compact(e.owner.merge);
        !compacted && compacted.error().code != ec::locked && compacted.error().code != ec::fenced)
      spdlog::warn("{}: its snapshots could not be compacted: {}", e.owner.in_logs,
                   compacted.error().message);
    return {twice, std::nullopt};
  }

  messages::segment_written spill(const messages::write_segment& m) {
    const auto written = find(m.actor, m.life).and_then([&](entry* e) {
      return e->owner.segments->write(m.id, delivery::encode_segment(*m.frames));
    });
    return {m.id, written ? std::nullopt : std::optional(written.error())};
  }

  /// A newer life removes the segments that its snapshots do not name: where one is not as it was written, the chain
  /// says first whether this life is over.
  static expected<std::string> read(const entry& e, const segment_id& id) {
    auto bytes = e.owner.segments->read(id);
    if (!bytes && !bytes.error().retry)
      RETURN_IF_ERROR(e.owner.chain->load());
    return bytes;
  }

  messages::segment_read read(const messages::read_segment& m) {
    auto frames =
        find(m.actor, m.life)
            .and_then([&](entry* e) { return read(*e, m.id); })
            .and_then([&](const std::string& bytes) { return delivery::decode_segment(bytes, m.log); });
    if (!frames)
      return {m.id, {}, frames.error()};
    return {m.id, std::move(*frames), std::nullopt};
  }

  void remove(const messages::remove_segments& m) {
    const auto found = find(m.actor, m.life);
    if (!found)  // a newer life removes them
      return;
    if (const auto done = (*found)->owner.segments->remove(m.ids); !done && done.error().code != ec::fenced)
      spdlog::warn("{}: files of spilled output could not be removed: {}; the next start removes them",
                   (*found)->owner.in_logs, done.error().message);
  }
};

messages::snapshot_writer::behavior_type writer_behaviour(messages::snapshot_writer::pointer self,
                                                          const std::shared_ptr<writer_state>& state) {
  return {
      [=](const adopt_snapshots& m) {
        state->entries[m.actor] = {m, {}, false};
      },
      [=](const messages::write_capture& m) { return state->write(m); },
      [=](const messages::write_segment& m) { return state->spill(m); },
      [=](const messages::read_segment& m) { return state->read(m); },
      [=](const messages::remove_segments& m) { state->remove(m); },
      [=](const messages::stop&) { self->quit(); },
  };
}

}  // namespace

messages::snapshot_writer spawn_snapshot_writer(caf::actor_system& system) {
  return spawn_blocking(system, writer_behaviour, std::make_shared<writer_state>());
}

}  // namespace millrace::control
