// millrace run: one process, all roles.
#include "actors/pipeline.hpp"
#include "tools/millrace/logging.hpp"
#include "tools/millrace/progress.hpp"
#include "tools/millrace/report.hpp"
#include "tools/millrace/status_server.hpp"
#include "tools/millrace/subcommands.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/scoped_actor.hpp>
#include <caf/send.hpp>
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <csignal>
#include <cstdlib>
#include <iostream>
#include <thread>

namespace millrace::cli {
namespace {

struct run_arguments {
  std::vector<std::string> topologies;
  std::vector<std::string> overlays;
  std::vector<std::string> sets;
  std::string state;
  std::string report;
  std::string http;
  std::string start_timeout = "30 s";
  std::string log_level = "info";
  std::string log_format = "text";
  unsigned threads = 0;
  bool fresh = false;
  bool adopt = false;
};

std::string default_state_folder(const std::string& topology) {
  const char* xdg = std::getenv("XDG_STATE_HOME");
  const char* home = std::getenv("HOME");
  const std::string base = xdg && *xdg ? xdg : std::string(home ? home : ".") + "/.local/state";
  return base + "/millrace/" + topology;
}

int refuse(const error& e) {
  std::cerr << "millrace: " << describe(e) << "\n";
  return exit_wrong;
}

int refuse_late(const error& e) {
  std::cerr << "millrace: " << describe(e) << "\n";
  return exit_failed;
}

/// CAF's scheduler starts four threads and polls by default; we say how many and let them sleep.
struct system_config : caf::actor_system_config {
  explicit system_config(std::size_t threads) {
    set("scheduler.max-threads", threads);
    set("work-stealing.aggressive-poll-attempts", std::size_t{10});
    set("work-stealing.moderate-poll-attempts", std::size_t{50});
    set("work-stealing.moderate-sleep-duration", caf::timespan(std::chrono::microseconds(50)));
    set("work-stealing.relaxed-sleep-duration", caf::timespan(std::chrono::milliseconds(1)));
  }
};

/// The state belongs to this topology, as far as keys, types and windows go.
expected<void> check_fingerprint(snapshot::state_store& store, const config::topology& t) {
  constexpr std::string_view name = "fingerprint";
  const auto stored = store.get(name);
  if (!stored && stored.error().code == ec::not_found)
    return store.put(name, t.state_fingerprint);
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

/// A stop was asked for before anybody takes signals.
bool stop_is_pending() {
  sigset_t pending;
  sigpending(&pending);
  return sigismember(&pending, SIGTERM) == 1 || sigismember(&pending, SIGINT) == 1;
}

/// Signals as messages: SIGTERM and SIGINT end the run, SIGUSR1 writes the report. The signals are blocked in
/// all threads; this one takes them.
class signal_thread {
public:
  signal_thread(const sigset_t& signals, caf::actor supervisor, std::function<void()> on_report)
      : thread_([signals, supervisor = std::move(supervisor), on_report = std::move(on_report), this] {
          for (;;) {
            int signal = 0;
            sigwait(&signals, &signal);
            if (done_)
              return;
            if (signal == SIGUSR1) {
              on_report();
            } else if (!std::exchange(stopping_, true)) {
              spdlog::info("stopping: committing what was taken");
              caf::anon_send(supervisor, control::end_run{});
            }
          }
        }) {}
  ~signal_thread() {
    done_ = true;
    pthread_kill(thread_.native_handle(), SIGUSR1);
    thread_.join();
  }
  signal_thread(const signal_thread&) = delete;
  signal_thread& operator=(const signal_thread&) = delete;

private:
  std::atomic<bool> done_{false};
  bool stopping_ = false;
  std::thread thread_;
};

int run_topology(const run_arguments& a, const std::shared_ptr<const config::topology>& topology,
                 const sigset_t& signals) {
  const auto start_timeout = parse_duration(a.start_timeout);
  if (!start_timeout)
    return refuse(start_timeout.error());
  auto folder = a.state.empty() ? default_state_folder(topology->name) : a.state;
  auto opened = snapshot::open_dir_store({folder, topology->name, a.fresh, false});
  if (!opened)
    return refuse(opened.error());
  const std::shared_ptr<snapshot::state_store> store = std::move(*opened);
  if (a.fresh)
    spdlog::warn("--fresh: a new state begins; files are replaced, tables and topics keep the rows they "
                 "have, so those "
                 "that are computed again stand there twice");
  if (store->id().finished) {
    spdlog::info("topology '{}' has come to its end in {}; nothing is left to do (--fresh runs it again)",
                 topology->name, folder);
    return exit_done;
  }
  if (const auto fits = check_fingerprint(*store, *topology); !fits)
    return refuse(fits.error());

  const auto threads = a.threads != 0 ? a.threads : std::max(1U, std::thread::hardware_concurrency());
  system_config config(threads);
  caf::actor_system system(config);
  pipeline_options options;
  options.topology = topology;
  options.store = store;
  options.start_timeout = std::chrono::duration_cast<std::chrono::milliseconds>(*start_timeout);
  options.threads = threads;
  options.adopt = a.adopt;
  options.fresh = a.fresh || !store->id().previous_state_id.empty();
  options.cancelled = stop_is_pending;
  auto prepared = prepare_pipeline(system, options);
  if (!prepared && prepared.error().why.code == ec::cancelled) {
    spdlog::info("{}", describe(prepared.error().why));
    return exit_done;
  }
  if (!prepared) {
    std::cerr << "millrace: " << describe(prepared.error().why) << "\n";
    return prepared.error().contacted ? exit_failed : exit_wrong;
  }
  const auto gauges = prepared->gauges;
  caf::scoped_actor self(system);
  const auto snapshot_writer = prepared->supervised.snapshot_writer;
  const auto supervisor =
      control::spawn_supervisor(system, std::move(prepared->supervised), caf::actor_cast<caf::actor>(self));
  std::optional<status_server> http;
  if (!a.http.empty()) {
    auto listening = status_server::start(a.http, *topology, gauges, store);
    if (!listening) {
      caf::anon_send(supervisor, control::end_run{});
      self->receive([](const control::run_ended&) {});
      caf::anon_send(snapshot_writer, messages::stop{});
      return refuse(listening.error());
    }
    http.emplace(std::move(*listening));
  }
  const auto write = [&](const std::vector<messages::report_part>& parts, bool ended) {
    if (a.report.empty())
      return;
    if (const auto ok = write_report(a.report, *topology, parts, ended); !ok)
      spdlog::error("{}", ok.error().message);
  };
  control::run_ended end;
  {
    progress_printer progress(*topology, gauges, store);
    signal_thread takes_signals(signals, supervisor, [&] {
      caf::scoped_actor asker(system);
      asker->send(supervisor, control::get_report{});
      asker->receive([&](const control::report_collected& r) { write(r.parts, false); },
                     caf::after(std::chrono::seconds(10)) >>
                         [] { spdlog::warn("no report could be collected"); });
    });
    self->receive([&](const control::run_ended& m) { end = m; });
  }
  write(end.parts, end.finished);
  // Last: whoever is killed before goes on, finds everything done and writes the report.
  if (end.finished)
    if (const auto noted = store->mark_finished(); !noted)
      return refuse_late(noted.error());
  if (end.failure) {
    return refuse_late(*end.failure);
  }
  if (end.finished)
    spdlog::info("'{}' has come to its end", topology->name);
  else
    spdlog::info("'{}' has stopped; the same command goes on", topology->name);
  return exit_done;
}

int run(const run_arguments& a) {
  // Before any thread is there: they all inherit it. A closed pipe is an error of the sink that writes to it.
  std::signal(SIGPIPE, SIG_IGN);
  sigset_t signals;
  sigemptyset(&signals);
  for (const int s : {SIGTERM, SIGINT, SIGUSR1})
    sigaddset(&signals, s);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);

  set_up_logging(a.log_level, a.log_format, {});
  if (a.topologies.size() > 1) {
    std::cerr << "millrace: this version runs one topology a process; start one process for each\n";
    return exit_wrong;
  }
  auto loaded = config::load({a.topologies.front(), a.overlays, a.sets}, connectors());
  for (const auto& f : loaded.findings)
    std::cerr << config::to_string(f) << "\n";
  if (!loaded.plan)
    return exit_wrong;
  set_up_logging(a.log_level, a.log_format, loaded.plan->secrets);
  return run_topology(a, std::make_shared<const config::topology>(std::move(*loaded.plan)), signals);
}

}  // namespace

void add_run(CLI::App& app, int& status) {
  auto* command = app.add_subcommand("run", "Run a topology in this process");
  auto a = std::make_shared<run_arguments>();
  command->add_option("topology", a->topologies, "Topology file")->required();
  command->add_option("--with", a->overlays, "Overlay file, laid over the topology (JSON merge patch)");
  command->add_option("--set", a->sets, "PATH=VALUE, such as stages.clicks.rate=10/s");
  command->add_option("--state", a->state, "Folder of the state (default: by topology under XDG_STATE_HOME)");
  command->add_flag("--fresh", a->fresh,
                    "Start over under a new state id; files are replaced, tables keep their rows");
  command->add_flag("--adopt", a->adopt,
                    "Where a state folder is lost: sinks go on from what they committed under the old one");
  command->add_option("--report", a->report, "Write the ledger to this file at the end and on SIGUSR1");
  command->add_option("--http", a->http, "Serve /metrics and /healthz on ADDR, such as 127.0.0.1:9100");
  command->add_option("--threads", a->threads, "Worker threads (default: one a core)");
  command->add_option("--start-timeout", a->start_timeout, "How long to wait for servers at the start")
      ->capture_default_str();
  command->add_option("--log-level", a->log_level, "trace, debug, info, warn, error")->capture_default_str();
  command->add_option("--log-format", a->log_format, "text or json")->capture_default_str();
  command->footer("Example:\n  millrace run pipelines/active_users/topology.json --with "
                  "pipelines/active_users/embedded.json "
                  "--state /tmp/active_users");
  command->callback([a, &status] { status = run(*a); });
}

}  // namespace millrace::cli
