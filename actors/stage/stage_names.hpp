// The stages of a topology by name, in its order: counters that earlier versions stored go by that order.
#pragma once

#include "config/plan.hpp"

#include <string>
#include <vector>

namespace millrace::stage {

[[nodiscard]] inline std::vector<std::string> names_of(const config::topology& t) {
  std::vector<std::string> out;
  for (const auto& s : t.stages)
    out.push_back(s.name);
  return out;
}

}  // namespace millrace::stage
