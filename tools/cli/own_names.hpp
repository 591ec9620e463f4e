// The names that the status server answers for. A page of a foreign site can have its own name lead to this
// machine (DNS rebinding) and then read what is here; the Host header still tells the foreign name.
#pragma once

#include <boost/asio/ip/address.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace millrace::cli {

class own_names {
public:
  own_names() = default;
  /// Names or addresses beside those that it has anyway: the address that was connected to, loopback,
  /// "localhost" and this machine's name.
  explicit own_names(std::vector<std::string> more);

  /// `host`: of a request, perhaps with a port; empty where HTTP/1.0 gives none. `local`: what it came to.
  [[nodiscard]] bool have(std::string_view host, const boost::asio::ip::address& local) const;

private:
  std::vector<std::string> names_;
};

}  // namespace millrace::cli
