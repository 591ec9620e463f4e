// Writes files whole or not at all: under another name beside them, then renamed.
#pragma once

#include "runtime/base/error.hpp"

#include <filesystem>
#include <string>
#include <vector>

namespace millrace::model {

struct output_file {
  std::string path;
  std::string text;
};

/// Checks whether the places can be written to, before anything is computed. Each is a file of its own.
[[nodiscard]] expected<void> check_places(const std::vector<std::string>& paths);
/// Checks that none of them is a file that the same command reads, or lies in a folder that it reads.
[[nodiscard]] expected<void> check_beside(const std::vector<std::string>& paths,
                                          const std::vector<std::filesystem::path>& read);
/// All are written before the first one gets its name.
[[nodiscard]] expected<void> write_whole_files(const std::vector<output_file>& files);

}  // namespace millrace::model
