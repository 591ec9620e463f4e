#include "actors/link/network.hpp"

#include "actors/link/caf_transport.hpp"
#include "actors/link/tls_transport.hpp"

namespace millrace::link {

expected<std::unique_ptr<network>> listen_for_links(caf::actor_system& system, network_options options) {
  if (options.tls)
    return tls_network::listen(std::move(options.me), std::move(options.listens), *options.tls);
  return caf_network::listen(system, {std::move(options.me), std::move(options.secret)},
                             std::move(options.listens));
}

}  // namespace millrace::link
