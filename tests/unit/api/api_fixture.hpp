// A server of the API over a cluster in memory, and clients that keep to no rules.
#pragma once

#include "actors/api/client.hpp"
#include "actors/api/server.hpp"
#include "tests/support/memory_cluster.hpp"
#include "tests/support/scratch.hpp"

#include <catch2/catch.hpp>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <optional>
#include <string>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>

namespace millrace::api::test {

inline constexpr auto plan =
    R"({"topology":"t","stages":{"in":{"source":"generator"},"out":{"sink":"console","from":"in"}}})";

/// Ends with its object.
class raw_connection {
public:
  explicit raw_connection(const boost::asio::ip::tcp::endpoint& to) : fd_(::socket(AF_INET, SOCK_STREAM, 0)) {
    REQUIRE(fd_ >= 0);
    const timeval patience{30, 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    REQUIRE(::connect(fd_, to.data(), static_cast<socklen_t>(to.size())) == 0);
  }
  /// It is connected.
  explicit raw_connection(int fd) : fd_(fd) {}
  raw_connection(raw_connection&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  raw_connection(const raw_connection&) = delete;
  raw_connection& operator=(const raw_connection&) = delete;
  raw_connection& operator=(raw_connection&&) = delete;
  ~raw_connection() {
    if (fd_ >= 0)
      ::close(fd_);
  }
  raw_connection& send(const std::string& bytes) {
    static_cast<void>(::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL));
    return *this;
  }
  /// Reads until this text has come so often, or the server closes the connection.
  std::string until(const std::string& text, std::size_t times = 1) {
    std::string out;
    const auto found = [&] {
      std::size_t n = 0;
      for (auto at = out.find(text); at != std::string::npos; at = out.find(text, at + text.size()))
        ++n;
      return n >= times;
    };
    char buffer[4096];
    for (ssize_t n = 0; !found() && (n = ::read(fd_, buffer, sizeof buffer)) > 0;)
      out.append(buffer, static_cast<std::size_t>(n));
    return out;
  }
  /// All that comes until the server closes it.
  std::string rest() {
    std::string out;
    char buffer[4096];
    for (ssize_t n = 0; (n = ::read(fd_, buffer, sizeof buffer)) > 0;)
      out.append(buffer, static_cast<std::size_t>(n));
    return out;
  }

private:
  int fd_;
};

struct running_api {
  explicit running_api(server_limits limits = {}, std::optional<tls::credentials> own = {}) {
    const auto loopback = boost::asio::ip::make_address("127.0.0.1");
    auto started = server::start({{loopback, 0}, std::move(own), {"secret", {}, false}, limits}, cluster);
    REQUIRE(started);
    api.emplace(std::move(*started));
  }
  [[nodiscard]] expected<answer> ask(const request& what, const std::string& token = "secret") const {
    const auto c = client::make({api->url(), {}, token});
    REQUIRE(c);
    return c->ask(what);
  }
  [[nodiscard]] std::string asked(const std::string& bytes) const {
    return raw_connection(api->endpoint()).send(bytes).rest();
  }

  millrace::test::memory_cluster cluster{{"a", "b"}};
  std::optional<server> api;
};

/// An authority with the certificates of the node `a` and the client `alice`, in a folder that is gone at the end.
class tls_folder {
public:
  tls_folder() {
    REQUIRE(tls::init_folder(path, when));
    REQUIRE(tls::issue(path, {tls::role::node, "a", {"127.0.0.1"}}, when, tls::if_there::keep));
    REQUIRE(tls::issue(path, {tls::role::client, "alice", {}}, when, tls::if_there::keep));
  }
  [[nodiscard]] tls::credentials node(const std::string& name = "a") const {
    auto out = tls::node_credentials(path, name, system_clock().now());
    REQUIRE(out);
    return *out;
  }
  [[nodiscard]] tls::credentials client(const std::string& name = "alice") const {
    auto out = tls::client_credentials(path, name, system_clock().now());
    REQUIRE(out);
    return *out;
  }

  static constexpr event_micros day = 86'400'000'000;
  tls::validity when{system_clock().now() - day, system_clock().now() + day};
  millrace::test::scratch own;
  std::string path = own.path().string();
};

}  // namespace millrace::api::test
