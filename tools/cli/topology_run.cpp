#include "tools/cli/topology_run.hpp"

#include "actors/node/host/run_handover.hpp"
#include "actors/observe/loss_log.hpp"
#include "actors/stream/replay/stored_batches.hpp"
#include "config/plan/plan_model.hpp"
#include "runtime/snapshot/file_names.hpp"
#include "runtime/snapshot/made_folders.hpp"
#include "tools/cli/last_command.hpp"
#include "tools/cli/signal_watch.hpp"
#include "tools/cli/state_folder.hpp"
#include "tools/model/output_file.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <filesystem>

namespace millrace::cli {
namespace {

/// Names the value that holds the last end of the topology once it was told.
constexpr std::string_view end_name = "told_end";

expected<std::optional<told_end>> end_before(const snapshot::value_reader& values) {
  ASSIGN_OR_RETURN(const auto stored, snapshot::find_value(values, end_name));
  if (!stored)
    return std::optional<told_end>();
  return decode_told_end(*stored).map([](const told_end& e) { return std::optional(e); });
}

/// A copy of every model that the topology applies: a state that has read something fits no other.
expected<void> keep_models(const std::string& folder, const config::topology& t) {
  for (const auto& s : t.stages) {
    const auto* const m = config::model_of(s);
    if (m == nullptr)
      continue;
    const auto path = fmt::format("{}/models/{}.json", folder, m->content->hash);
    std::error_code failed;
    if (std::filesystem::exists(path, failed))
      continue;
    if (auto made = snapshot::make_folders(snapshot::posix_file_system(), folder + "/models"); !made)
      return made;
    if (auto written = model::write_whole_files({{path, m->bytes}}); !written)
      return written;
  }
  return {};
}

}  // namespace

std::string files_of(const config::topology& t) {
  std::string out;
  for (const auto& s : t.stages)
    if (config::traits_of(s).goes_on)
      out += (out.empty() ? "" : ", ") + s.options.text("path");
  return out;
}

expected<std::unique_ptr<topology_run>> topology_run::open(given_topology given, const std::string& folder,
                                                           const run_settings& settings) {
  std::unique_ptr<topology_run> out(new topology_run);
  out->topology_ = given.topology;
  out->settings_ = settings;
  const auto& t = *out->topology_;
  ASSIGN_OR_RETURN(out->folder_, host::run_folder::open(folder, settings.fresh));
  const std::map<std::string, std::string> values{{std::string(command_name), std::move(given.command)}};
  ASSIGN_OR_RETURN(auto found, host::take_state(*out->folder_, t, settings.fresh, values));
  RETURN_IF_ERROR(host::take_from_nodes(*out->folder_, found, t));
  RETURN_IF_ERROR(keep_models(out->folder(), t));
  ASSIGN_OR_RETURN(const auto replayed, replay::entries_in(*found.chains));
  out->replayed_ = replayed.size();
  out->values_ = found.values;
  out->goes_on_ = found.has_started;
  ASSIGN_OR_RETURN(const auto before, end_before(*out->values_));
  out->before_ = before.value_or(told_end());
  const bool has_ended =
      out->goes_on_ && found.topology->status == cluster::topology_status::finished && before;
  ASSIGN_OR_RETURN(
      out->begun_,
      host::begin_run({given.topology, settings.threads, std::move(given.text), values, settings.adopt},
                      *out->folder_, std::move(found), place_of_state(out->folder())));
  const auto& plan = out->begun_->plan;
  ASSIGN_OR_RETURN(const auto run, host::run_of(plan.plan));
  out->run_ = run.number;
  if (plan.is_next_run)
    spdlog::info("{}: its last run had ended; this one reads what is new in {}", t.name, files_of(t));
  out->was_finished_ = has_ended && out->before_.run == out->run_ && !plan.has_found &&
                       out->replayed_ <= out->before_.replayed;
  // A run that begins tells it itself.
  if (out->was_finished_ && !plan.after_end.empty())
    spdlog::warn("{}: {}", t.name, plan.after_end);
  return out;
}

job_counts topology_run::counts() const {
  return was_finished_ ? before_.last : counts_of(*topology_, end_.parts) - before_.all;
}

expected<void> topology_run::mark_finished() {
  return values_->put(end_name, encode({counts_of(*topology_, end_.parts), counts(), run_, replayed_}));
}

/// Returns how it has ended, which it has. The caller holds the lock.
api::answers::topology topology_run::outcome() const {
  const auto state = end_.failure    ? api::topology_state::failed
                     : end_.finished ? api::topology_state::ended
                                     : api::topology_state::stopped;
  api::answers::topology out{topology_->name, state, end_.failure ? describe(*end_.failure) : std::string()};
  out.ended_at = {*ended_at_};
  return out;
}

std::optional<api::answers::topology> topology_run::ended() {
  const std::lock_guard lock(mutex_);
  return ended_at_ ? std::optional(outcome()) : std::nullopt;
}

void topology_run::wait(api::reply to) {
  std::unique_lock lock(mutex_);
  if (!ended_at_) {
    std::erase_if(waits_, [](const api::reply& r) { return !r.is_wanted(); });
    waits_.push_back(std::move(to));
    return;
  }
  const auto now = outcome();
  lock.unlock();
  to(api::answer(api::answers::waited{true, now}));
}

void topology_run::run(caf::actor_system& system, const std::shared_ptr<observe::running_topologies>& board) {
  run_to_its_end(system, board);
  std::vector<api::reply> waits;
  std::optional<api::answers::topology> now;
  {
    const std::lock_guard lock(mutex_);
    ended_at_ = system_clock().now();
    waits = std::exchange(waits_, {});
    now = outcome();
  }
  for (const auto& to : waits)
    to(api::answer(api::answers::waited{true, *now}));
}

void topology_run::record_flight() {
  const auto own = snapshot::state_folder_of(folder(), begun_->plan.plan.state_id);
  auto opened = snapshot::make_folders(snapshot::posix_file_system(), own).and_then([&] {
    return flight_recorder::open(own + "/flight_recorder");
  });
  if (opened)
    recorder_ = std::move(*opened);
  else
    spdlog::warn("a record that ends this process will not be known to the next one: {}",
                 opened.error().message);
}

deployment::pipeline_options topology_run::how_to_run(std::optional<noted_work>& at_work) {
  deployment::pipeline_options options;
  options.start_timeout = settings_.start_timeout;
  options.threads = settings_.threads;
  options.losses = std::make_shared<stage::losses>(observe::loss_log(topology_, letters_lie_in()));
  options.cancelled = [this] {
    const std::lock_guard lock(mutex_);
    return stopping_;
  };
  options.asking = [&](const std::string& source) {
    at_work.reset();
    at_work.emplace(fmt::format("asking source \"{}\" of '{}' what it holds", source, topology_->name));
  };
  return options;
}

void topology_run::run_to_its_end(caf::actor_system& system,
                                  const std::shared_ptr<observe::running_topologies>& board) {
  std::optional<noted_work> at_work;
  host::lone_options options{folder_, std::move(*begun_), how_to_run(at_work)};
  if (recorder_)
    options.last_works = recorder_->told();
  options.running = board;
  auto begun = host::lone_topology::start(system, std::move(options));
  at_work.reset();
  if (!begun) {
    board->ended(topology_->name);
    if (begun.error().why.code == ec::cancelled) {
      spdlog::info("{}", describe(begun.error().why));
      return;
    }
    const std::lock_guard lock(mutex_);
    end_.failure = begun.error().why;
    found_wrong_ = !begun.error().contacted;
    return;
  }
  started_ = true;
  const std::shared_ptr<host::lone_topology> run = std::move(*begun);
  {
    const std::lock_guard lock(mutex_);
    running_ = run;
    if (stopping_)
      run->stop();
  }
  const noted_work what(fmt::format("running '{}' and ending its stages", topology_->name));
  auto end = run->wait();
  board->ended(topology_->name);
  const std::lock_guard lock(mutex_);
  end_ = std::move(end);
}

std::shared_ptr<host::lone_topology> topology_run::running() {
  const std::lock_guard lock(mutex_);
  return running_;
}

void topology_run::stop() {
  const std::lock_guard lock(mutex_);
  stopping_ = true;
  if (running_)
    running_->stop();
}

std::shared_ptr<api::cluster_view> topology_run::view() {
  const auto run = running();
  return run ? run->view() : nullptr;
}

void topology_run::leave() {
  std::shared_ptr<host::lone_topology> run;
  const std::lock_guard lock(mutex_);
  run.swap(running_);
}

topology_run::standing topology_run::last_report() {
  const std::lock_guard lock(mutex_);
  return {end_.parts, end_.finished};
}

topology_run::standing topology_run::report() {
  if (const auto run = running(); run && !ended()) {
    if (auto parts = run->report())
      return {std::move(*parts), false};
    spdlog::warn("{}: no report could be collected", topology_->name);
  }
  return last_report();
}

}  // namespace millrace::cli
