#include "tools/cli/run_all.hpp"

#include "actors/observe/report.hpp"
#include "runtime/base/allocator.hpp"
#include "runtime/control/spawn.hpp"
#include "tools/cli/conclusion.hpp"
#include "tools/cli/last_words.hpp"
#include "tools/cli/logging.hpp"
#include "tools/cli/progress.hpp"
#include "tools/cli/refuse.hpp"
#include "tools/cli/report_file.hpp"
#include "tools/cli/resources.hpp"
#include "tools/cli/signal_watch.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>
#include <optional>
#include <thread>
#include <utility>

namespace millrace::cli {
namespace {

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
    const auto at =
        std::find_if(shown.begin(), shown.end(), [&](const auto& t) { return t.store == r->store(); });
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
  const doing what("writing the report and the end of the run");
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

}  // namespace

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

}  // namespace millrace::cli
