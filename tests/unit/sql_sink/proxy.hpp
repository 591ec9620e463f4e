// A TCP proxy between writer and server that can lose what passes: how a network fails while a commit is
// under way. One connection at a time is watched; others pass as well.
#pragma once

#include <atomic>
#include <string>
#include <thread>
#include <vector>

namespace sink_sql_test {

class proxy {
public:
  enum class fault {
    none,
    lose_request,  // a request that holds the marker is not delivered; the connection breaks
    lose_reply,    // it is delivered, the answer is not; the connection breaks
    stall,         // it is not delivered, and the connection stays open and silent
  };
  explicit proxy(int server_port);
  ~proxy();
  [[nodiscard]] int port() const { return port_; }
  /// Arms the fault once, from now on: marker is matched without case.
  void arm(fault f, std::string marker);
  [[nodiscard]] bool fired() const { return fired_; }

private:
  void serve();
  void connection(int client);
  int listener_ = -1;
  int port_ = 0;
  int server_port_;
  std::atomic<bool> stop_{false};
  std::atomic<fault> fault_{fault::none};
  std::atomic<bool> fired_{false};
  std::string marker_;
  std::vector<std::thread> connections_;  // used by acceptor_ alone while it runs
  std::thread acceptor_;
};

}  // namespace sink_sql_test
