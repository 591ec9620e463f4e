// A cluster in memory for the API: the real coordinator, whose records count at once, and nodes that do as
// they are told. Its clock stands still but when it is told; so a node is silent when a test says so.
#pragma once

#include "actors/api/cluster_view.hpp"
#include "runtime/cluster/coordinator.hpp"

#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace millrace::test {

class memory_cluster final : public api::cluster_view {
public:
  /// Asked by way of the first of them, which is the coordinator's.
  explicit memory_cluster(const std::vector<std::string>& nodes);

  void ask(api::request what, api::reply to) override;

  /// The topology's input is over, and all is committed.
  void finish(const std::string& topology);
  void fail(const std::string& topology, const std::string& actor, const std::string& why);
  /// No sign of life for so long that its actors are placed elsewhere.
  void silence(const std::string& node);
  /// Requests are not answered any more.
  void hang();
  /// Graphs are as long.
  void pad_graphs(std::size_t bytes);
  [[nodiscard]] std::size_t waiting();

private:
  struct pending {
    api::reply to;
    api::request what;
  };

  void run(cluster::coordinator_effect_list all);
  void on_command(const cluster::coordinator_effects::send& s);
  void join(const std::string& node);
  void record(cluster::request what, pending asked);
  void answer(const cluster::coordinator_effects::answer& a);
  void end_waits();
  [[nodiscard]] expected<api::answer> look(const api::request& what);
  [[nodiscard]] api::answers::topology describe(const std::string& topology) const;
  [[nodiscard]] api::answers::nodes describe_nodes() const;
  [[nodiscard]] cluster::moment now() const;

  std::mutex mutex_;
  cluster::coordinator boss_;
  std::string first_;
  std::vector<std::string> awake_;
  std::map<std::string, std::string> stopped_;  // topologies that somebody has stopped
  std::map<cluster::request_id, pending> recording_;
  std::vector<std::pair<std::string, api::reply>> waits_;
  cluster::request_id requests_ = 0;
  std::int64_t millis_ = 0;
  bool hangs_ = false;
  std::size_t padding_ = 0;
};

}  // namespace millrace::test
