// The small HTTP server of `run --http ADDR`: GET /metrics (Prometheus text), and probes. One thread, few
// connections, a request each, short time-outs: it is for scrapers, not for users.
#pragma once

#include "tools/cli/running.hpp"

#include <memory>
#include <string>
#include <vector>

namespace millrace::cli {

/// The Prometheus text of all gauges now, each labelled with its topology.
[[nodiscard]] std::string metrics_text(const std::vector<running_topology>& all);

class status_server {
public:
  /// ADDR is HOST:PORT or :PORT (loopback). Errors name it. `names` are those that it answers for beside its
  /// own; see own_names. The board outlives the server.
  [[nodiscard]] static expected<status_server>
  start(const std::string& address, std::vector<std::string> names, const running_topologies& board);
  ~status_server();
  status_server(status_server&&) noexcept;
  status_server& operator=(status_server&&) noexcept;

private:
  struct impl;
  explicit status_server(std::unique_ptr<impl> i);
  std::unique_ptr<impl> impl_;
};

}  // namespace millrace::cli
