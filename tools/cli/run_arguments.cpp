#include "tools/cli/run_arguments.hpp"

#include "actors/node/host/lone_topology.hpp"
#include "runtime/tls/folder.hpp"
#include "tools/cli/node_folder.hpp"
#include "tools/cli/own_names.hpp"
#include "tools/load/http/listen_address.hpp"
#include "tools/web/assets.hpp"

#include <boost/asio/ip/host_name.hpp>
#include <spdlog/spdlog.h>

#include <filesystem>
#include <unistd.h>
#include <utility>

namespace millrace::cli {
namespace {

std::string machine_name() {
  boost::system::error_code failed;
  auto name = boost::asio::ip::host_name(failed);
  return failed || name.empty() ? "localhost" : name;
}

}  // namespace

void add_http_options(CLI::App& command, http_arguments& a) {
  auto* const http = command
                         .add_option("--http", a.address,
                                     "Serve the API, /metrics, /healthz, /readyz and /livez on ADDR, such as "
                                     "127.0.0.1:9100; any but "
                                     "loopback needs --tls or --http-metrics-only")
                         ->type_name("ADDR");
  command
      .add_option("--http-host", a.hosts,
                  "A further host name or address under which clients may reach --http, beside localhost, "
                  "this machine's name and its own address; may be repeated")
      ->type_name("NAME")
      ->needs(http);
  command
      .add_flag("--http-read-only", a.is_read_only, "The API of --http is read-only: it refuses every action")
      ->needs(http);
  command
      .add_flag("--http-metrics-only", a.has_metrics_only,
                "--http serves only /metrics and the probes, no API; it then needs no TLS on any address")
      ->needs(http);
  auto* const tls =
      command
          .add_option("--tls", a.tls,
                      "Folder of certificates (see tls): with it, --http speaks TLS and may be any address")
          ->type_name("DIR")
          ->needs(http);
  command
      .add_option("--tls-name", a.tls_name,
                  "The name of the certificate of --tls (default: this machine's name)")
      ->type_name("NAME")
      ->needs(tls);
}

void run_api::announce() const {
  if (token_.empty())
    return;
  if (::isatty(STDERR_FILENO) != 0)
    spdlog::info("the page, with what its actions need: {}/#token={}", url(), token_);
  else
    spdlog::info("the page: {}; its actions need the token in {}", url(), token_file_);
}

void run_api::settle() {
  view_->settle(std::chrono::seconds(1));
  server_.settle(std::chrono::seconds(1));
}

expected<run_api> run_api::start(const http_arguments& a,
                                 const std::vector<std::unique_ptr<topology_run>>& runs,
                                 const observe::running_topologies& board) {
  api::server_options options;
  ASSIGN_OR_RETURN(options.listen, load::parse_listen_address("--http", a.address));
  options.guard.names = own_names(a.hosts);
  options.assets = web::assets();
  options.guard.is_read_only = a.is_read_only;
  options.guard.has_metrics_only = a.has_metrics_only;
  if (!a.tls.empty()) {
    ASSIGN_OR_RETURN(
        options.tls,
        tls::node_credentials(a.tls, a.tls_name.empty() ? machine_name() : a.tls_name, system_clock().now()));
  }
  const auto& folder = runs.front()->folder();
  std::error_code failed;
  const bool is_first = !std::filesystem::exists(api::files_of_node(folder).token, failed);
  ASSIGN_OR_RETURN(auto token, make_token(folder));
  options.guard.token = token;
  auto view = std::make_unique<topology_views>(runs, board, std::string(host::lone_node));
  ASSIGN_OR_RETURN(auto server, api::server::start(std::move(options), *view));
  RETURN_IF_ERROR(write_node_files(folder, server.url()));
  run_api out(std::move(view), std::move(server));
  if (is_first && !a.has_metrics_only)
    out.token_ = std::move(token);
  out.token_file_ = api::files_of_node(folder).token;
  return out;
}

}  // namespace millrace::cli
