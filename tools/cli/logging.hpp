// Logs on stderr, as text or a JSON object a line; secrets never show.
#pragma once

#include "runtime/data/log_line.hpp"

#include <spdlog/common.h>

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace spdlog {
class formatter;
}

namespace millrace::cli {

/// Names that log lines begin with, for their JSON form and their levels.
struct log_names {
  std::map<std::string, std::vector<std::string>> topologies_of{};      // keyed by stage
  std::map<std::string, std::string> titles{};                          // keyed by topology
  std::map<std::string, spdlog::level::level_enum> levels_of_stages{};  // set where they have one of their
                                                                        // own
  std::string node{};  // the node of a cluster's process, which runs topologies of any name
};

/// `level` is that of lines about no stage that has its own.
void set_up_logging(spdlog::level::level_enum level, const std::string& format, log_names names = {});

/// An error that ends a command, or a finding, as a line of its own: as it is, or as a JSON object.
void complain(std::string_view text, bool warning = false);
using data::log_with;
/// Log lines are JSON objects: nothing else may be written to stderr.
[[nodiscard]] bool logs_are_json();

/// Returns whether a line of this level is shown, by the stage that its text begins with. Pure, for tests.
[[nodiscard]] bool is_shown(spdlog::level::level_enum line, std::string_view text,
                            spdlog::level::level_enum others, const log_names& names);

/// Pure, for tests: what formats a line as text, and as JSON.
[[nodiscard]] std::unique_ptr<spdlog::formatter> text_lines();
[[nodiscard]] std::unique_ptr<spdlog::formatter> json_lines(log_names names);

}  // namespace millrace::cli
