// The API of `millrace run`: a topology's node answers questions about it, and the answers about the process
// as a whole are put together from all. It refuses what a process without a cluster cannot do, with the
// remedy.
#pragma once

#include "actors/api/cluster_view.hpp"
#include "actors/observe/running.hpp"
#include "tools/cli/topology_run.hpp"

#include <caf/actor_system.hpp>

#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace millrace::cli {

class topology_views final : public api::cluster_view {
public:
  /// `runs` and `board` outlive it. `process`: the name of this process.
  topology_views(const std::vector<std::unique_ptr<topology_run>>& runs,
                 const observe::running_topologies& board, std::string process)
      : runs_(runs), board_(board), process_(std::move(process)) {}

  /// Dead letters are read in it from here on. It outlives this.
  void attach(caf::actor_system* system);

  void ask(api::request what, api::reply to) override;

  /// All topologies are over. A client that has asked for a stop waits next, and finds out how it ended. Blocks until then, no
  /// longer than `limit`.
  void settle(std::chrono::milliseconds limit);

private:
  using answers_of_nodes = std::vector<std::optional<api::answer>>;  // sorted as runs_; no value: no node
  struct asked_nodes;

  void ask_about(topology_run& r, api::request what, api::reply to);
  void ask_nodes(const api::request& what, std::function<void(const answers_of_nodes&)> then) const;
  [[nodiscard]] topology_run* find(const std::string& topology) const;
  /// Returns null before the actors are there, and where there never will be any.
  [[nodiscard]] std::shared_ptr<api::cluster_view> node_of(topology_run& r) const;
  [[nodiscard]] expected<api::answer> without_node(topology_run& r, const api::request& what) const;
  void trace_without_node(topology_run& r, const api::requests::trace& what, api::reply to);
  [[nodiscard]] api::answers::topologies topologies_by(const answers_of_nodes& all) const;
  [[nodiscard]] api::answers::nodes nodes_by(const answers_of_nodes& all) const;

  const std::vector<std::unique_ptr<topology_run>>& runs_;
  const observe::running_topologies& board_;
  std::string process_;
  std::mutex mutex_;  // guards what follows
  std::condition_variable settled_;
  bool is_stop_untold_ = false;  // somebody has asked for a stop, and not yet for the end
  caf::actor_system* system_ = nullptr;
};

}  // namespace millrace::cli
