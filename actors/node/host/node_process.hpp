// A whole node: everything that one process of a cluster has, from its links to its API. The command
// `millrace node` owns it, or a test.
#pragma once

#include "actors/api/server.hpp"
#include "actors/link/caf_transport.hpp"
#include "actors/link/network.hpp"
#include "actors/node/host/address_book.hpp"
#include "actors/node/host/cluster_note.hpp"
#include "actors/node/host/node_group.hpp"

#include <caf/actor_system.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace millrace::host {

struct process_options : node_settings {
  link::endpoint listen;                                   // the address that others reach, but for the port
  link::listening_socket listens;                          // there (link::listen_at)
  std::optional<tls::credentials> tls = {};                // links are for loopback without them
  std::vector<link::endpoint> join;                        // other nodes; empty: none is waited for
  std::function<bool()> cancelled = [] { return false; };  // asked while it joins
};

class node_process {
public:
  /// Writes its address into the store, which answers (store_wait), and waits until the coordinator has taken it in; blocks. The system
  /// has CAF's networking (link::configure_network). Errors say why it must leave, or is not taken in: another process has its name,
  /// another store, a store that has lost the cluster that this node was in, nobody answers where it is to join.
  [[nodiscard]] static expected<std::unique_ptr<node_process>> start(caf::actor_system& system,
                                                                     process_options options);
  /// stop() comes before.
  ~node_process() = default;
  node_process(const node_process&) = delete;
  node_process& operator=(const node_process&) = delete;

  [[nodiscard]] api::cluster_view& view() { return *requests_; }
  [[nodiscard]] const link::endpoint& address() const { return mine_.at; }
  /// Makes the actors commit and end, and the coordinator hears that the node has left. on_over follows. Any
  /// thread may call.
  void leave(std::string why = "it was asked to end");
  /// Ends what is left, after on_over.
  void stop();

private:
  /// Keeps why the node's actors have ended; the agent tells it on a thread of its own.
  class ending {
  public:
    void tell(const std::string& why);
    [[nodiscard]] std::optional<std::string> why() const;

  private:
    mutable std::mutex mutex_;
    std::optional<std::string> why_;
  };
  /// The look so far at the addresses where the node is to join.
  struct join_look {
    std::vector<std::string> tried;  // an address each, and why it is none
    std::optional<std::chrono::steady_clock::time_point> answers_since;
  };

  node_process(caf::actor_system& system, process_options options)
      : system_(system), options_(std::move(options)) {}
  [[nodiscard]] expected<void> check_cluster();
  [[nodiscard]] expected<void> note_cluster(const std::string& id) const;
  [[nodiscard]] expected<void> listen();
  [[nodiscard]] expected<std::string> link_secret() const;
  [[nodiscard]] expected<void> check_name(const addresses& known) const;
  [[nodiscard]] expected<void> write_address();
  void spawn_all();
  [[nodiscard]] std::optional<error> why_over() const;
  [[nodiscard]] expected<bool> finds_node(join_look& so_far);
  [[nodiscard]] expected<void> check_join();
  [[nodiscard]] expected<bool> has_session() const;
  [[nodiscard]] expected<void> wait_for_session();
  [[nodiscard]] std::string nobody_leads() const;
  void wait_until_over() const;

  caf::actor_system& system_;
  process_options options_;
  node_address mine_;
  cluster_note noted_;
  std::unique_ptr<link::network> network_;
  node_group group_;
  std::unique_ptr<api::cluster_view> requests_;
  std::shared_ptr<ending> ending_ = std::make_shared<ending>();
};

}  // namespace millrace::host
