// Tells what `--fresh` does with what the targets of a topology hold, before it is done. Pure.
#pragma once

#include "config/plan.hpp"

#include <string>

namespace millrace::cli {

struct fresh_start_notice {
  std::string text;
  bool is_warning = false;  // rows or records go, or may stand in a target twice
};

[[nodiscard]] fresh_start_notice notice_of_fresh_start(const config::topology& t);

}  // namespace millrace::cli
