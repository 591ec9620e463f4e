// A process's way to other nodes: it listens at one port, and makes the transports of its links. There are
// two: CAF's networking in plain text with a proof of the store's secret, for loopback (caf_transport.hpp),
// and TLS (tls_transport.hpp).
#pragma once

#include "actors/link/connect_probe.hpp"
#include "actors/link/link_actor.hpp"
#include "runtime/tls/folder.hpp"

#include <caf/actor_system.hpp>

#include <memory>
#include <optional>
#include <string>

namespace millrace::link {

class network {
public:
  network() = default;
  virtual ~network() = default;
  network(const network&) = delete;
  network& operator=(const network&) = delete;

  [[nodiscard]] virtual std::uint16_t port() const = 0;
  /// Makes the transport of the link to `peer`, which listens at `at`.
  [[nodiscard]] virtual transport_factory to(const std::string& peer, const endpoint& at) const = 0;
  /// Returns whether any node listens there. Blocks, for `patience` at most.
  [[nodiscard]] virtual probe_result probe(const endpoint& at, micros patience) const = 0;
  /// Called after the links have been stopped.
  virtual void close() = 0;
};

struct network_options {
  std::string me;  // this node's name
  listening_socket listens;
  std::optional<tls::credentials> tls = {};  // the address is loopback without them
  /// The store's, by which nodes without TLS prove that they read it (proof.hpp).
  std::string secret = {};
};

/// Takes the socket (listen_at). configure_network() comes before, where there are no credentials. Errors: libssl does not take the
/// credentials.
[[nodiscard]] expected<std::unique_ptr<network>> listen_for_links(caf::actor_system& system,
                                                                  network_options options);

}  // namespace millrace::link
