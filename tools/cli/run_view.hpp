// What the API of `millrace run` answers of the topologies that run in this process: the same questions as a node's, so
// that scripts, the console and Prometheus ask both alike. What it cannot do (other nodes) it refuses with the remedy.
#pragma once

#include "actors/api/cluster_view.hpp"
#include "actors/observe/running.hpp"
#include "tools/cli/run_replays.hpp"
#include "tools/cli/topology_run.hpp"

#include <caf/actor_system.hpp>

#include <chrono>
#include <condition_variable>
#include <deque>
#include <list>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace millrace::cli {

class run_view final : public api::cluster_view {
public:
  /// `runs` and `board` outlive it. `node`: what it calls this process.
  run_view(const std::vector<std::unique_ptr<topology_run>>& runs, const observe::running_topologies& board,
           std::string node);
  ~run_view() override;
  run_view(const run_view&) = delete;
  run_view& operator=(const run_view&) = delete;

  /// Reports are collected by it from here on; null: no more.
  void attach(caf::actor_system* system);

  void ask(api::request what, api::reply to) override;

  /// All topologies are over: whoever waits for that is answered. A client that has asked for a stop waits next, and
  /// finds out how it ended. Blocks until then, no longer than `limit`.
  void settle(std::chrono::milliseconds limit);

private:
  struct question {
    api::request what;
    api::reply to;
  };
  struct looking;  // by request

  /// What is known at once; nothing for what takes longer.
  [[nodiscard]] std::optional<expected<api::answer>> look(const api::request& what);
  [[nodiscard]] expected<api::answer> look_inside(const std::string& topology,
                                                  const api::request& what) const;
  [[nodiscard]] expected<api::answer> tap(const std::string& topology, const std::string& edge,
                                          const std::string& after) const;
  [[nodiscard]] expected<api::answer> stop(const std::string& topology);
  [[nodiscard]] expected<api::answer> set_paused(const std::string& topology, bool is_paused);
  [[nodiscard]] expected<api::answer> restart(const std::string& topology, const std::string& who);
  void replay(const api::requests::replay& what, const api::reply& to);
  [[nodiscard]] api::answers::topologies topologies() const;
  [[nodiscard]] api::answers::nodes nodes() const;
  [[nodiscard]] expected<topology_run*> run_of(const std::string& topology) const;

  // On the thread.
  void work();
  [[nodiscard]] expected<api::answer> answer(const api::request& what);
  [[nodiscard]] expected<api::answer> key_state(const std::string& topology, const std::string& stage,
                                                const std::string& key);
  [[nodiscard]] expected<std::string> report(const std::string& topology);
  void end_waits();

  const std::vector<std::unique_ptr<topology_run>>& runs_;
  const observe::running_topologies& board_;
  std::string node_;

  run_replays replays_;
  std::mutex mutex_;  // guards what follows, but for the thread
  std::condition_variable wake_;
  std::condition_variable settled_;
  std::deque<question> asked_;
  std::list<question> waits_;
  bool is_stop_untold_ = false;  // somebody has asked for a stop, and not yet for the end
  caf::actor_system* system_ = nullptr;
  std::mutex using_system_;  // held while system_ is used
  bool is_over_ = false;
  std::thread thread_;  // collects reports, which takes as long as the slowest actor needs for its answer
};

}  // namespace millrace::cli
