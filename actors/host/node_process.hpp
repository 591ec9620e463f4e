// A whole node: everything that one process of a cluster has, from its links to its API. Whoever owns it is the
// command `millrace node`, or a test.
#pragma once

#include "actors/api/server.hpp"
#include "actors/host/address_book.hpp"
#include "actors/host/cluster_note.hpp"
#include "actors/host/node_group.hpp"
#include "actors/link/caf_transport.hpp"
#include "actors/link/network.hpp"

#include <caf/actor_system.hpp>

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace millrace::host {

struct process_options : node_settings {
  link::endpoint listen;                                   // port 0: any
  std::optional<tls::credentials> tls = {};                // without them, links are for loopback
  std::vector<link::endpoint> join;                        // other nodes; empty: none is waited for
  std::function<bool()> cancelled = [] { return false; };  // asked while it joins
};

class node_process {
public:
  /// Listens, writes its address into the store, and waits until the coordinator has taken it in; blocks. The system
  /// has CAF's networking (link::configure_network). User errors: another process has its name, another store, a
  /// store that has lost the cluster that this node was in, nobody answers where it is to join.
  [[nodiscard]] static expected<std::unique_ptr<node_process>> start(caf::actor_system& system,
                                                                     process_options options);
  /// stop() comes before.
  ~node_process() = default;
  node_process(const node_process&) = delete;
  node_process& operator=(const node_process&) = delete;

  [[nodiscard]] api::cluster_view& view() { return *requests_; }
  [[nodiscard]] const link::endpoint& address() const { return mine_.at; }
  /// From any thread: its actors commit and end, and the coordinator hears that it has left. on_over follows.
  void leave(std::string why = "it was asked to end");
  /// After on_over: ends what is left.
  void stop();

private:
  node_process(caf::actor_system& system, process_options options)
      : system_(system), options_(std::move(options)) {}
  [[nodiscard]] expected<void> check_cluster();
  [[nodiscard]] expected<void> note_cluster(const std::string& id);
  [[nodiscard]] expected<void> listen();
  [[nodiscard]] expected<std::string> link_secret() const;
  [[nodiscard]] expected<void> check_name(const addresses& known) const;
  [[nodiscard]] expected<void> write_address();
  void spawn_all();
  [[nodiscard]] expected<void> check_join();
  [[nodiscard]] expected<void> wait_for_session();
  void wait_until_over() const;

  caf::actor_system& system_;
  process_options options_;
  node_address mine_;
  cluster_note noted_;
  std::unique_ptr<link::network> network_;
  node_group group_;
  std::unique_ptr<api::cluster_view> requests_;
  std::shared_ptr<std::atomic<bool>> is_over_ = std::make_shared<std::atomic<bool>>(false);
};

}  // namespace millrace::host
