// The small HTTP server of `run --http ADDR`: GET /metrics (Prometheus text) and /healthz. One thread, one
// connection at a time, short time-outs: it is for scrapers, not for users.
#pragma once

#include "actors/pipeline.hpp"
#include "config/plan.hpp"

#include <memory>
#include <string>

namespace millrace::cli {

/// The Prometheus text of all gauges now.
[[nodiscard]] std::string metrics_text(const config::topology& t, const pipeline_gauges& gauges,
                                       snapshot::state_store& store);

class status_server {
public:
  /// ADDR is HOST:PORT or :PORT (loopback). Errors name it.
  [[nodiscard]] static expected<status_server> start(const std::string& address, const config::topology& t,
                                                     const pipeline_gauges& gauges,
                                                     std::shared_ptr<snapshot::state_store> store);
  ~status_server();
  status_server(status_server&&) noexcept;
  status_server& operator=(status_server&&) noexcept;

private:
  struct impl;
  explicit status_server(std::unique_ptr<impl> i);
  std::unique_ptr<impl> impl_;
};

}  // namespace millrace::cli
