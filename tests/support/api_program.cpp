// A node's API over a cluster in memory, until the standard input ends: api_program TOKEN_FILE [TLS_FOLDER]. It
// prints its URL first. Lines of the input say what becomes of the cluster: "finish NAME", "fail NAME",
// "silence NODE"; each is answered with "ok".
#include "actors/api/node_files.hpp"
#include "actors/api/server.hpp"
#include "tests/support/memory_cluster.hpp"

#include <fmt/format.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <cstdio>
#include <iostream>
#include <sstream>

namespace {

using namespace millrace;

expected<api::server> start(const std::string& token_file, const std::string& tls_folder,
                            millrace::test::memory_cluster& cluster) {
  ASSIGN_OR_RETURN(auto token, api::read_token(token_file));
  api::server_options options{
      {boost::asio::ip::address_v4::loopback(), 0}, {}, {std::move(token), {}, false}, {}};
  options.limits.patience = std::chrono::seconds(1);
  if (!tls_folder.empty()) {
    ASSIGN_OR_RETURN(options.tls, tls::node_credentials(tls_folder, "a", system_clock().now()));
  }
  return api::server::start(std::move(options), cluster);
}

void obey(const std::string& line, millrace::test::memory_cluster& cluster) {
  std::istringstream words(line);
  std::string what, name;
  words >> what >> name;
  if (what == "finish")
    cluster.finish(name);
  else if (what == "fail")
    cluster.fail(name, "in/0", "its snapshots cannot be read");
  else if (what == "silence")
    cluster.silence(name);
  fmt::print("ok\n");
  std::fflush(stdout);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    fmt::print(stderr, "usage: api_program TOKEN_FILE [TLS_FOLDER]\n");
    return 2;
  }
  spdlog::set_default_logger(spdlog::stderr_logger_mt("api"));  // the output is for the test
  millrace::test::memory_cluster cluster({"a", "b"});
  const auto api = start(argv[1], argc > 2 ? argv[2] : "", cluster);
  if (!api) {
    fmt::print(stderr, "{}\n", describe(api.error()));
    return 2;
  }
  fmt::print("{}\n", api->url());
  std::fflush(stdout);
  for (std::string line; std::getline(std::cin, line);)
    obey(line, cluster);
  return 0;
}
