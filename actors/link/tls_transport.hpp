// The transport of links over a network that is not trusted: TLS with certificates on both sides, one
// connection a peer, on one thread of its own. A peer that shows no node's certificate of the cluster's
// authority is turned away in the handshake, before a byte of a link is read; bytes go to the link of the
// name in the certificate and to no other (docs/design/tls.md). CAF's networking has no part in it.
//
// As with caf_transport.hpp, of two nodes the one whose name comes first connects.
#pragma once

#include "actors/link/network.hpp"
#include "actors/link/tls_connection.hpp"

#include <thread>

namespace millrace::link {

struct tls_core;

class tls_network : public network {
public:
  /// Errors: libssl does not take the credentials. `clock` outlives it.
  [[nodiscard]] static expected<std::unique_ptr<network>> listen(std::string me, listening_socket at,
                                                                 const tls::credentials& own,
                                                                 const tls_patience& patience = {},
                                                                 const wall_clock& clock = system_clock());
  ~tls_network() override;

  [[nodiscard]] std::uint16_t port() const override { return port_; }
  [[nodiscard]] transport_factory to(const std::string& peer, const endpoint& at) const override;
  [[nodiscard]] probe_result probe(const endpoint& at, micros patience) const override;
  void close() override;

private:
  tls_network(std::shared_ptr<tls_core> core, std::uint16_t port);

  std::shared_ptr<tls_core> core_;
  std::uint16_t port_;
  std::thread thread_;
};

}  // namespace millrace::link
