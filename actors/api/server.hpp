// The API of a node as an HTTP server: one thread that accepts, reads, asks the cluster's view and answers.
// It listens on loopback alone without TLS. docs/design/api.md says who may ask for what.
#pragma once

#include "actors/api/assets.hpp"
#include "actors/api/cluster_view.hpp"
#include "actors/api/guard.hpp"
#include "runtime/base/time.hpp"
#include "runtime/tls/folder.hpp"

#include <boost/asio/ip/tcp.hpp>

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <span>

namespace millrace::api {

struct server_limits {
  /// A request must be there as soon after the one before, and its answer be taken.
  std::chrono::milliseconds request = std::chrono::seconds(10);
  /// A request that waits for an end is answered without one after as long; it comes again.
  std::chrono::milliseconds patience = std::chrono::seconds(25);
  /// The cluster's view answers within this, or the client is told that it does not.
  std::chrono::milliseconds answer = std::chrono::seconds(30);
  /// People and probes are few; a further one ends the oldest that asks for nothing, or else the oldest that
  /// waits for an end, which is answered without one.
  std::size_t connections = 64;
  /// Connections that are kept beside those, once all of those are taken: for probes, metrics and clients
  /// with the token.
  std::size_t kept = 8;
  /// Bounds the events that go on: each costs the view a question a second.
  std::size_t streams = 8;
  std::chrono::milliseconds event = std::chrono::seconds(1);      // least time between two of them
  std::chrono::milliseconds heartbeat = std::chrono::seconds(5);  // goes out while the view does not answer
  std::size_t head = 16U << 10;
  std::size_t headers = 100;
};

struct server_options {
  boost::asio::ip::tcp::endpoint listen;
  std::optional<tls::credentials> tls;  // a node's
  guard_rules guard;
  server_limits limits;
  std::span<const asset> assets = {};  // live as long as the process
};

class server {
public:
  /// Listens when it returns. `view` and `clock` outlive the server. Errors:
  /// listen_failure's, of the option --http; of the user's, an address that is not loopback without TLS.
  [[nodiscard]] static expected<server> start(server_options options, cluster_view& view,
                                              const wall_clock& clock = system_clock());
  server(server&&) noexcept;
  server& operator=(server&&) noexcept;
  /// Ends all connections; replies that come later are dropped.
  ~server();

  /// Blocks until every answer is written, no longer than `limit`.
  void settle(std::chrono::milliseconds limit);

  /// Has the port that it was given where it asked for any.
  [[nodiscard]] boost::asio::ip::tcp::endpoint endpoint() const;
  /// "https://127.0.0.1:1234"
  [[nodiscard]] std::string url() const;

private:
  struct impl;
  explicit server(std::unique_ptr<impl> i);
  std::unique_ptr<impl> impl_;
};

}  // namespace millrace::api
