// Every stage that this version offers, core types and connectors alike, in the order of the docs.
#pragma once

#include "config/core_options.hpp"

#include <string>
#include <vector>

namespace millrace::config {

struct described_stage {
  stage_kind kind{};
  std::string type;
  std::string doc;
  std::vector<option> options;
  std::string guarantee;
};

[[nodiscard]] std::vector<described_stage> described_stages(const catalog& connectors);

}  // namespace millrace::config
