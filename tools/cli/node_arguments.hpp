// The arguments of `millrace node`, and what can be found wrong in them before anything is contacted.
#pragma once

#include "actors/api/server.hpp"
#include "actors/link/sockets.hpp"
#include "actors/node/stores/chain_store.hpp"
#include "actors/observe/troubles.hpp"
#include "runtime/cluster/silence.hpp"

#include <chrono>
#include <memory>
#include <string>
#include <vector>

namespace millrace::cli {

struct node_arguments {
  std::string name;
  std::string store;
  std::string store_properties;
  std::string listen;
  std::vector<std::string> join;
  bool coordinator = false;
  std::string http = "127.0.0.1:0";
  std::vector<std::string> http_hosts;
  bool is_read_only = false;
  std::string state;
  std::string tls;
  std::string start_timeout = "30 s";
  std::string detach_after = "500 ms";
  std::string away_after = "2 s";
  std::vector<std::string> degraded_by;
  std::string log_level = "info";
  std::string log_format = "text";
  unsigned threads = 0;
};

struct checked_arguments {
  link::endpoint listen;
  std::vector<link::endpoint> join;
  std::shared_ptr<node::chain_store> store;
  std::string folder;
  std::chrono::milliseconds start_timeout{};
  cluster::silence silence;
  observe::trouble_limits degraded_by;
  api::server_options api;
};

/// Looks at the arguments and at files alone, and does not touch the store. User errors name the option.
[[nodiscard]] expected<checked_arguments> check_arguments(const node_arguments& a);

}  // namespace millrace::cli
