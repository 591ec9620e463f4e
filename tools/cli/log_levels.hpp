// --log-level: one level for all lines, and others for the lines of single stages or of all of a kind or
// type: "info,clicks=debug,kafka=warn". Pure.
#pragma once

#include "config/plan.hpp"
#include "runtime/base/error.hpp"

#include <spdlog/common.h>

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::cli {

struct log_levels {
  spdlog::level::level_enum others = spdlog::level::info;
  std::map<std::string, spdlog::level::level_enum> named{};  // levels as they were given
};

/// The words that --log-level begins with.
[[nodiscard]] const std::vector<std::string>& level_names();

[[nodiscard]] expected<log_levels> parse_log_levels(std::string_view text);

/// The levels of those stages that are meant by a name: their own, else that of their type (kafka), else that
/// of their kind (sink). A name that means none of these and no type or kind of the language is an error.
[[nodiscard]] expected<std::map<std::string, spdlog::level::level_enum>>
levels_of_stages(const log_levels& levels,
                 const std::vector<std::shared_ptr<const config::topology>>& topologies);

}  // namespace millrace::cli
