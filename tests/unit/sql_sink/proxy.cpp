#include "tests/unit/sql_sink/proxy.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <cctype>
#include <netinet/in.h>
#include <poll.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

namespace sink_sql_test {
namespace {

sockaddr_in loopback(int port) {
  sockaddr_in a{};
  a.sin_family = AF_INET;
  a.sin_port = htons(static_cast<std::uint16_t>(port));
  a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return a;
}

bool send_all(int to, const char* bytes, ssize_t n) {
  while (n > 0) {
    const auto sent = send(to, bytes, static_cast<std::size_t>(n), MSG_NOSIGNAL);
    if (sent <= 0)
      return false;
    bytes += sent;
    n -= sent;
  }
  return true;
}

bool holds(std::string text, const std::string& marker) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::tolower(c); });
  return text.find(marker) != std::string::npos;
}

}  // namespace

proxy::proxy(int server_port) : listener_(socket(AF_INET, SOCK_STREAM, 0)), server_port_(server_port) {
  auto a = loopback(0);
  socklen_t size = sizeof a;
  (void)bind(listener_, reinterpret_cast<sockaddr*>(&a), size);
  (void)listen(listener_, 8);
  (void)getsockname(listener_, reinterpret_cast<sockaddr*>(&a), &size);
  port_ = ntohs(a.sin_port);
  acceptor_ = std::thread([this] { serve(); });
}

proxy::~proxy() {
  stop_ = true;
  shutdown(listener_, SHUT_RDWR);
  acceptor_.join();
  for (auto& c : connections_)
    c.join();
  close(listener_);
}

void proxy::arm(fault f, std::string marker) {
  marker_ = std::move(marker);
  fired_ = false;
  fault_ = f;
}

void proxy::serve() {
  for (;;) {
    const int client = accept(listener_, nullptr, nullptr);
    if (client < 0 || stop_)
      return;
    connections_.emplace_back([this, client] { connection(client); });
  }
}

void proxy::connection(int client) {
  const int server = socket(AF_INET, SOCK_STREAM, 0);
  const auto a = loopback(server_port_);
  bool open = connect(server, reinterpret_cast<const sockaddr*>(&a), sizeof a) == 0;
  bool losing_reply = false, is_silent = false;
  std::array<char, 65536> buffer{};
  while (open && !stop_) {
    std::array<pollfd, 2> ends{{{client, POLLIN, 0}, {server, POLLIN, 0}}};
    if (poll(ends.data(), ends.size(), 20) <= 0)
      continue;
    if ((ends[0].revents & (POLLIN | POLLHUP)) != 0) {
      const auto n = recv(client, buffer.data(), buffer.size(), 0);
      open = n > 0;
      if (open && fault_ != fault::none && holds({buffer.data(), static_cast<std::size_t>(n)}, marker_)) {
        losing_reply = fault_ == fault::lose_reply;
        is_silent = fault_ == fault::stall;
        open = losing_reply || is_silent;
        fault_ = fault::none;
        fired_ = true;
      }
      open = open && (is_silent || send_all(server, buffer.data(), n));
    }
    if (open && (ends[1].revents & (POLLIN | POLLHUP)) != 0) {
      const auto n = recv(server, buffer.data(), buffer.size(), 0);
      open = n > 0 && !losing_reply && send_all(client, buffer.data(), n);
    }
  }
  close(server);
  close(client);
}

}  // namespace sink_sql_test
