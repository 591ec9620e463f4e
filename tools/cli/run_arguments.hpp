// The options of `millrace run`, as they were given.
#pragma once

#include "tools/cli/run_api.hpp"

#include <string>
#include <vector>

namespace millrace::cli {

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
