// What a node leaves in its folder for whoever asks it from the same machine (actors/api/node_files.hpp).
#pragma once

#include "actors/api/node_files.hpp"
#include "runtime/base/error.hpp"

#include <string>

namespace millrace::cli {

/// Makes the folder, and in it the token of its API, unless one is there from an earlier process; returns the token.
[[nodiscard]] expected<std::string> make_node_folder(const std::string& folder);
/// Once the API listens.
[[nodiscard]] expected<void> write_node_files(const std::string& folder, const std::string& url);

}  // namespace millrace::cli
