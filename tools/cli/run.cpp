// Runs `millrace run`: one process, all roles.
#include "actors/catalog.hpp"
#include "actors/observe/report.hpp"
#include "runtime/base/allocator.hpp"
#include "runtime/control/spawn.hpp"
#include "tools/cli/conclusion.hpp"
#include "tools/cli/degraded_by.hpp"
#include "tools/cli/fresh_start.hpp"
#include "tools/cli/last_words.hpp"
#include "tools/cli/log_levels.hpp"
#include "tools/cli/logging.hpp"
#include "tools/cli/prepared_runs.hpp"
#include "tools/cli/progress.hpp"
#include "tools/cli/refuse.hpp"
#include "tools/cli/registry_wait.hpp"
#include "tools/cli/report_file.hpp"
#include "tools/cli/resources.hpp"
#include "tools/cli/run_arguments.hpp"
#include "tools/cli/signal_watch.hpp"
#include "tools/cli/state_folder.hpp"
#include "tools/cli/stop_desk.hpp"
#include "tools/cli/subcommands.hpp"
#include "tools/cli/topology_arguments.hpp"
#include "tools/cli/topology_options.hpp"
#include "tools/cli/usage.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <memory>
#include <optional>
#include <thread>
#include <utility>

namespace millrace::cli {
namespace {

// Runs the prepared topologies together, in one actor system, from the start of its threads to the exit status.

using runs = std::vector<std::unique_ptr<topology_run>>;

/// A call may still be under way for this long when all has been said and stored: a sink's, say, that its
/// server answers late or never. Its thread cannot be ended, and the actor system waits for it; a transaction
/// that it had open is rolled back.
constexpr std::chrono::seconds leave_limit{5};

/// Counts workers, and the threads of what blocks: readers, writers, and the keepers, directors and host of each topology.
std::size_t threads_of(const runs& all, unsigned workers) {
  constexpr std::size_t of_control = 5;
  std::size_t out = workers;
  for (const auto& r : all)
    out += of_control + r->topology().stages.size();
  return out;
}

void write_report(const run_arguments& a, const runs& all, const observe::running_topologies& board) {
  if (a.report.empty())
    return;
  std::vector<std::string> texts;
  const auto shown = board.all();
  for (const auto& r : all) {
    const auto at = std::find_if(shown.begin(), shown.end(), [&](const auto& t) {
      return t.topology == r->topology_ptr() && t.is_prepared;
    });
    if (at == shown.end())
      continue;
    const auto now = r->report();
    texts.push_back(observe::report_text(r->topology(), now.parts, now.finished, &at->flow));
  }
  if (!texts.empty())
    if (const auto ok = write_reports(a.report, texts, a.topologies.size() > 1); !ok)
      spdlog::error("{}", ok.error().message);
}

int end_all(const run_arguments& a, prepared_runs& prepared, const observe::running_topologies& board,
            const std::vector<int>& statuses) {
  const noted_work what("writing the report and the end of the run");
  const auto& all = prepared.all;
  write_report(a, all, board);
  // This comes last: a process that is killed before goes on, finds everything done and writes the report.
  for (const auto& r : all)
    if (r->end().finished)
      if (const auto noted = r->mark_finished(); !noted)
        return refuse(noted.error(), exit_failed);
  const bool done = std::all_of(statuses.begin(), statuses.end(), [](int s) { return s == exit_done; });
  const int status = all.size() == 1 ? conclude(*all.front(), prepared.fail_on)
                     : done          ? exit_done
                                     : exit_failed;
  return status == exit_done ? prepared.status : status;
}

/// Blocks until all have ended; may end the process itself, where a call of a sink does not return.
int run_all(const run_arguments& a, prepared_runs& prepared, unsigned workers, stop_desk& desk) {
  const auto& all = prepared.all;
  const auto running = std::make_shared<observe::running_topologies>(prepared.degraded_by);
  auto& board = *running;
  for (const auto& r : all)
    board.announce(r->topology_ptr());
  std::optional<run_api> http;
  if (!a.http.address.empty()) {
    auto listening = run_api::start(a.http, all, board);
    if (!listening)
      return refuse(listening.error());
    http.emplace(std::move(*listening));
  }
  if (const auto there = try_threads(threads_of(all, workers)); !there)
    return refuse(there.error(), exit_failed);
  caf::actor_system_config config;
  control::share_threads(config, workers);
  std::optional<start_watch> watch(std::in_place);
  caf::actor_system system(config);
  watch.reset();
  if (http)
    http->attach(&system);
  if (all.size() == 1)
    all.front()->record_flight();
  std::vector<int> statuses(all.size(), exit_done);
  {
    for (std::size_t i = 0; i < all.size(); ++i) {
      prepared.starts[i].http = http ? http->url() : std::string();
      log_with(spdlog::level::info, start_text(all[i]->topology(), prepared.starts[i]),
               start_members(all[i]->topology(), prepared.starts[i]));
    }
    if (http)
      http->announce();
    return_freed_memory();
    progress_printer progress(board, progress_style_of(a.progress), all.size() == 1);
    const attached takes_signals(
        desk,
        [&] {
          board.stopping();
          for (const auto& r : all)
            r->stop();
        },
        [&] { write_report(a, all, board); });
    std::vector<std::thread> threads;
    for (std::size_t i = 0; i < all.size(); ++i)
      threads.emplace_back([&, i] {
        all[i]->run(system, running);
        if (all.size() > 1)  // the others go on: it is said at once
          statuses[i] = conclude(*all[i], prepared.fail_on);
      });
    for (auto& t : threads)
      t.join();
  }
  const int status = end_all(a, prepared, board, statuses);
  if (http)
    http->settle();
  http.reset();
  leave_within(leave_limit, status);
  for (const auto& r : all)
    r->leave();
  return status;
}

/// This is longer than everything that an end in good order waits for at most (actors/node/host/directors.cpp),
/// one after the other, and shorter than what the service's unit allows.
constexpr std::chrono::seconds stop_limit{45};
constexpr unsigned most_threads = 1'024;

using plans = std::vector<std::shared_ptr<const config::topology>>;

expected<std::shared_ptr<const config::topology>>
load_one(const topology_arguments& a, const config::catalog& connectors, std::vector<std::string>& secrets) {
  auto loaded = config::load({a.file, a.overlays, a.sets}, connectors);
  for (const auto& f : loaded.findings)
    complain(config::to_string(f), f.warning);
  if (!loaded.plan || !has_its_secrets(*loaded.plan))
    return user_error(ec::invalid_argument, {});
  secrets.insert(secrets.end(), loaded.plan->secrets.begin(), loaded.plan->secrets.end());
  return std::make_shared<const config::topology>(std::move(*loaded.plan));
}

log_names names_of(const plans& topologies) {
  log_names out;
  for (const auto& t : topologies) {
    out.titles[t->name] = t->title.empty() ? t->name : t->title;
    for (const auto& s : t->stages)
      out.topologies_of[s.name].push_back(t->name);
    out.topologies_of[std::string(deployment::dead_letter_sink)].push_back(t->name);
  }
  return out;
}

/// Finds what is wrong with the options themselves.
expected<std::chrono::milliseconds> check_options(const run_arguments& a) {
  RETURN_IF_ERROR(check_fresh_and_adopt(a.fresh, a.adopt));
  const auto timeout = parse_duration(a.start_timeout);
  if (!timeout)
    return user_error(ec::invalid_argument, "--start-timeout: " + timeout.error().message);
  if (!a.report.empty())
    RETURN_IF_ERROR(check_report_place("--report", a.report, true));
  return std::chrono::duration_cast<std::chrono::milliseconds>(*timeout);
}

/// Loads all of them, also after a mistake in one. Nothing: there was one, which is said. Registries that give columns are waited
/// for, all of them together for `patience`.
std::optional<plans> load_all(const std::vector<topology_arguments>& given,
                              std::chrono::milliseconds patience, std::vector<std::string>& secrets) {
  plans out;
  const auto all = waiting_for_registries(connectors(), patience);
  for (const auto& one : given)
    if (auto topology = load_one(one, all, secrets))
      out.push_back(std::move(*topology));
  return out.size() == given.size() ? std::optional(std::move(out)) : std::nullopt;
}

expected<void> set_up_logging_of(const plans& topologies, const log_levels& levels,
                                 const std::string& format) {
  auto names = names_of(topologies);
  ASSIGN_OR_RETURN(names.levels_of_stages, levels_of_stages(levels, topologies));
  set_up_logging(levels.others, format, std::move(names));
  return {};
}

expected<std::string> state_folder_of(const run_arguments& a, const std::string& topology) {
  if (a.state.empty())
    return default_state_folder(topology);
  return a.topologies.size() == 1 ? a.state : a.state + "/" + topology;
}

/// Everything that can be found wrong is found before anything runs.
int run(const run_arguments& a) {
  // A closed pipe is an error of the sink that writes to it.
  std::signal(SIGPIPE, SIG_IGN);
  const auto levels = parse_log_levels(a.log_level);
  if (!levels)
    return refuse(levels.error());
  set_up_logging(levels->others, a.log_format);
  const auto start_timeout = check_options(a);
  if (!start_timeout)
    return refuse(start_timeout.error());
  const auto given = arguments_by_topology(a.topologies, a.overlays, a.sets);
  if (!given)
    return refuse(given.error());
  std::vector<std::string> secrets;
  const auto topologies = load_all(*given, *start_timeout, secrets);
  if (!topologies)
    return exit_wrong;
  if (const auto logs = set_up_logging_of(*topologies, *levels, a.log_format); !logs)
    return refuse(logs.error());
  auto rules = parse_fail_on(a.fail_on);
  if (!rules)
    return refuse(rules.error());
  const auto limits = parse_degraded_by(a.degraded_by);
  if (!limits)
    return refuse(limits.error());
  const run_settings settings{*start_timeout,
                              a.threads != 0 ? a.threads : std::max(1U, std::thread::hardware_concurrency()),
                              a.fresh, a.adopt};
  if (const auto few = raise_file_limit())
    spdlog::warn("{}", *few);
  // The run begins here; until here a signal ends the process at once.
  stop_desk desk;
  const orderly_end ends(
      stop_limit, [&] { desk.stop(); }, [&] { desk.report(); });
  prepared_runs prepared;
  prepared.fail_on = std::move(*rules);
  prepared.degraded_by = *limits;
  for (std::size_t i = 0; i < topologies->size(); ++i) {
    const auto& t = (*topologies)[i];
    const auto done = state_folder_of(a, t->name).and_then([&](const std::string& folder) {
      return prepare(prepared, t, folder, (*given)[i], secrets, settings);
    });
    if (!done)
      return refuse(done.error());
    if (desk.asked()) {
      spdlog::info("stopped before anything was started");
      return exit_done;
    }
  }
  for (std::size_t i = 0; a.fresh && i < topologies->size(); ++i) {
    const auto notice = notice_of_fresh_start(*(*topologies)[i]);
    spdlog::log(notice.is_warning ? spdlog::level::warn : spdlog::level::info, "{}", notice.text);
  }
  return prepared.all.empty() ? prepared.status : run_all(a, prepared, settings.threads, desk);
}

}  // namespace

void add_run(CLI::App& app, int& status) {
  auto* command = app.add_subcommand("run", "Run one or several topologies in this process");
  auto a = std::make_shared<run_arguments>();
  command->add_option("TOPOLOGY", a->topologies, "Topology files; their names must differ")->required();
  add_overlay_options_by_name(*command, a->overlays, a->sets);
  add_secrets_folder(*command);
  command
      ->add_option("--state", a->state,
                   "Folder of the state; of several topologies, DIR/NAME of each (default: by topology under "
                   "XDG_STATE_HOME)")
      ->type_name("DIR");
  command->add_flag("--fresh", a->fresh,
                    "Start over under a new state id; the log says what each sink does with the rows "
                    "that are there");
  command->add_flag(
      "--adopt", a->adopt,
      "After the loss of a state folder: sinks continue from what they committed under the old one");
  command
      ->add_option("--report", a->report,
                   "Write the ledger to this file at the end and on SIGUSR1; of several topologies, a list. "
                   "docs/api.md has its members; \"incomplete\" names who did not answer")
      ->type_name("FILE");
  command
      ->add_option(
          "--fail-on", a->fail_on,
          "What makes the run end with 1, once all is committed. dead_letters, late: more than N% of the "
          "records read are such (without =N%: any); empty: no record was read. Several with commas")
      ->type_name("WHAT[=N%]");
  add_degraded_by(*command, a->degraded_by);
  add_http_options(*command, a->http);
  command
      ->add_option("--threads", a->threads,
                   "Workers, the threads that share parsing and windows (default: one per core). Each source "
                   "and sink, snapshots and control have further threads, which mostly wait")
      ->check(at_most_threads(most_threads));
  command->add_option("--start-timeout", a->start_timeout, "How long to wait for servers at the start")
      ->type_name("DURATION")
      ->capture_default_str();
  command
      ->add_option("--log-level", a->log_level,
                   "trace, debug, info, warn or error; after commas, other levels for the lines of a stage, "
                   "or of a type or kind of stages: info,clicks=debug,kafka=warn")
      ->check(CLI::Validator(
          [](const std::string& text) {
            const auto levels = parse_log_levels(text);
            return levels ? std::string() : levels.error().message;
          },
          fmt::format("{{{}}}", fmt::join(level_names(), ","))))
      ->capture_default_str();
  command->add_option("--log-format", a->log_format, "text, or json: an object a line")
      ->check(CLI::IsMember({"text", "json"}))
      ->capture_default_str();
  command
      ->add_option("--progress", a->progress,
                   "line: one line that is rewritten; log: a log line every 10 s; none; auto: line on a "
                   "terminal, else log")
      ->check(CLI::IsMember({"auto", "line", "log", "none"}))
      ->capture_default_str();
  command->footer(
      "Example:\n  millrace run pipelines/active_users/topology.json --with "
      "pipelines/active_users/embedded.json "
      "--state /tmp/active_users\n"
      "  millrace run orders.json payments.json --set orders:stages.in.rate=10/s --state ./state\n\n"
      "If one of several topologies fails, the others go on; the exit status is then 1.");
  command->callback([a, &status] { status = run(*a); });
}

}  // namespace millrace::cli
