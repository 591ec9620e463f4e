#include "tools/millrace/topology_run.hpp"

#include "actors/client/replay/replay_log.hpp"
#include "tools/millrace/report.hpp"
#include "tools/millrace/signal_watch.hpp"

#include <caf/scoped_actor.hpp>
#include <caf/send.hpp>
#include <fmt/format.h>
#include <spdlog/spdlog.h>

namespace millrace::cli {
namespace {

constexpr std::string_view fingerprint_name = "fingerprint";
/// How many replayed batches an earlier process had taken in when it came to its end.
constexpr std::string_view replayed_name = "replayed";

/// When the state began, for `millrace replay`: an older dead letter is of another state.
expected<void> note_begin(snapshot::state_store& store) {
  if (store.get(fingerprint_name) || store.get(replay::state_began_name))
    return {};
  return store.put(replay::state_began_name, std::to_string(system_clock().now()));
}

expected<std::uint64_t> replayed_before(const snapshot::state_store& store) {
  const auto stored = store.get(replayed_name);
  if (!stored && stored.error().code == ec::not_found)
    return 0;
  return stored.map([](const std::string& text) { return std::stoull(text); });
}

/// The state belongs to this topology, as far as keys, types and windows go.
expected<void> check_fingerprint(snapshot::state_store& store, const config::topology& t) {
  const auto stored = store.get(fingerprint_name);
  if (!stored && stored.error().code == ec::not_found)
    return store.put(fingerprint_name, t.state_fingerprint);
  if (!stored)
    return unexpected(stored.error());
  if (*stored == t.state_fingerprint)
    return {};
  return user_error(
      ec::mismatch,
      fmt::format("the state in {} was made by another version of topology '{}': {}; run the old topology, "
                  "give another --state folder, or start over with --fresh",
                  store.folder(), t.name, first_difference(*stored, t.state_fingerprint)));
}

}  // namespace

expected<std::unique_ptr<topology_run>> topology_run::open(std::shared_ptr<const config::topology> topology,
                                                           const std::string& folder,
                                                           const run_settings& settings) {
  auto opened = snapshot::open_dir_store({folder, topology->name, settings.fresh, false});
  if (!opened)
    return unexpected(opened.error());
  std::unique_ptr<topology_run> out(new topology_run);
  out->topology_ = std::move(topology);
  out->store_ = std::move(*opened);
  out->settings_ = settings;
  const auto& id = out->store_->id();
  const auto now = replay::batches_in(snapshot::posix_file_system(),
                                      replay::folder_of_state(out->store_->folder(), id.state_id));
  const auto before = replayed_before(*out->store_);
  if (!now || !before)
    return unexpected(now ? before.error() : now.error());
  out->replayed_ = *now;
  out->was_finished_ = id.finished && *now <= *before;
  if (const auto noted = note_begin(*out->store_); !noted)
    return unexpected(noted.error());
  if (!out->was_finished())
    if (const auto fits = check_fingerprint(*out->store_, *out->topology_); !fits)
      return unexpected(fits.error());
  return out;
}

expected<void> topology_run::mark_finished() {
  if (replayed_ != 0)
    if (auto noted = store_->put(replayed_name, std::to_string(replayed_)); !noted)
      return noted;
  return store_->mark_finished();
}

void topology_run::run(caf::actor_system& system, running_topologies& board) {
  pipeline_options options;
  options.topology = topology_;
  options.store = store_;
  options.start_timeout = settings_.start_timeout;
  options.threads = settings_.threads;
  options.adopt = settings_.adopt;
  options.fresh = settings_.fresh || !store_->id().previous_state_id.empty();
  options.cancelled = [this] {
    const std::lock_guard lock(mutex_);
    return stopping_;
  };
  std::optional<doing> at_work;
  options.asking = [&](const std::string& source) {
    at_work.reset();
    at_work.emplace(fmt::format("asking source \"{}\" of '{}' what it holds", source, topology_->name));
  };
  auto prepared = prepare_pipeline(system, options);
  at_work.reset();
  if (!prepared) {
    if (prepared.error().why.code == ec::cancelled) {
      spdlog::info("{}", describe(prepared.error().why));
      return;
    }
    const std::lock_guard lock(mutex_);
    end_.failure = prepared.error().why;
    found_wrong_ = !prepared.error().contacted;
    return;
  }
  board.add({topology_, prepared->gauges, store_});
  caf::scoped_actor self(system);
  const auto supervisor =
      control::spawn_supervisor(system, std::move(prepared->supervised), caf::actor_cast<caf::actor>(self));
  started_ = true;
  {
    const std::lock_guard lock(mutex_);
    supervisor_ = supervisor;
    if (stopping_)
      caf::anon_send(supervisor_, control::end_run{});
  }
  const doing what(fmt::format("running '{}' and ending its stages", topology_->name));
  control::run_ended end;
  self->monitor(supervisor);
  self->receive([&](const control::run_ended& m) { end = m; },
                [&](const caf::down_msg&) {  // an exception: it has said nothing
                  end.failure = error{ec::internal,
                                      fault::ours,
                                      true,
                                      "the supervisor of its stages has failed; nothing is lost: the same "
                                      "command goes on",
                                      {}};
                });
  board.ended(topology_->name);
  const std::lock_guard lock(mutex_);
  end_ = std::move(end);
  supervisor_ = nullptr;  // a system waits for detached actors until nobody holds them
}

void topology_run::stop() {
  const std::lock_guard lock(mutex_);
  stopping_ = true;
  if (supervisor_)
    caf::anon_send(supervisor_, control::end_run{});
}

topology_run::standing topology_run::report(caf::actor_system& system) {
  caf::actor supervisor;
  {
    const std::lock_guard lock(mutex_);
    if (!supervisor_)
      return {end_.parts, end_.finished};
    supervisor = supervisor_;
  }
  standing now;
  caf::scoped_actor asker(system);
  asker->send(supervisor, control::get_report{});
  asker->receive([&](const control::report_collected& r) { now.parts = r.parts; },
                 caf::after(std::chrono::seconds(10)) >>
                     [&] { spdlog::warn("{}: no report could be collected", topology_->name); });
  return now;
}

}  // namespace millrace::cli
