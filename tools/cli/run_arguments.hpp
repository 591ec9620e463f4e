// The options of `millrace run`, as they were given.
#pragma once

#include "actors/api/server.hpp"
#include "tools/cli/topology_views.hpp"

#include <CLI/CLI.hpp>

#include <memory>
#include <string>
#include <vector>

namespace millrace::cli {

/// The server of `run --http`: the API of this process, with metrics and probes.
struct http_arguments {
  std::string address;             // empty: there is no server
  std::vector<std::string> hosts;  // names that it answers for, beside its own
  std::string tls;                 // folder of certificates; empty: none
  std::string tls_name;            // the name in the certificate; empty: this machine's name
  bool is_read_only = false;
  bool has_metrics_only = false;
};
void add_http_options(CLI::App& command, http_arguments& a);

class run_api {
public:
  /// Listens when it returns; the token is in the state folder of the first run from then on. `runs` and `board` outlive
  /// it. User errors: an address that cannot be taken, no certificate for one beyond this machine.
  [[nodiscard]] static expected<run_api> start(const http_arguments& a,
                                               const std::vector<std::unique_ptr<topology_run>>& runs,
                                               const observe::running_topologies& board);

  /// Lets it read dead letters from now on. The system outlives it.
  void attach(caf::actor_system* system) { view_->attach(system); }
  [[nodiscard]] std::string url() const { return server_.url(); }
  /// Logs the address of the page where this start has made the token: with it on a terminal, else with its file's
  /// path, since logs are kept for long and read by others.
  void announce() const;
  /// All topologies are over: clients that wait for that are told. Blocks for two seconds at most.
  void settle();

private:
  run_api(std::unique_ptr<topology_views> view, api::server server)
      : view_(std::move(view)), server_(std::move(server)) {}

  std::string token_;  // empty: an earlier start has announced it
  std::string token_file_;
  std::unique_ptr<topology_views> view_;
  api::server server_;  // ends first: it asks the view
};

struct run_arguments {
  std::vector<std::string> topologies;
  std::vector<std::string> overlays;
  std::vector<std::string> sets;
  std::string state;
  std::string report;
  http_arguments http;
  std::string start_timeout = "30 s";
  std::string log_level = "info";
  std::string log_format = "text";
  std::string progress = "auto";
  std::vector<std::string> fail_on;
  std::vector<std::string> degraded_by;
  unsigned threads = 0;
  bool fresh = false;
  bool adopt = false;
};

}  // namespace millrace::cli
