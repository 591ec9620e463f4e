// The files that a node leaves in its folder for clients on the same machine (actors/api/node_files.hpp).
#pragma once

#include "actors/api/node_files.hpp"
#include "runtime/base/error.hpp"
#include "runtime/snapshot/file_system.hpp"

#include <memory>
#include <string>

namespace millrace::cli {

/// The folder of a node while its process lives.
struct node_folder {
  std::unique_ptr<snapshot::folder_lock> lock;
  std::string token;
};
/// Makes the folder of a node, which this user alone may read, and its token. User errors: a folder, or something in it,
/// of another user, a link, a folder with other things in it and none of a node's; ec::locked, another process runs on it.
[[nodiscard]] expected<node_folder> make_node_folder(const std::string& folder);
/// Makes the token of an API in a folder of this user's alone, unless one is there from an earlier process.
[[nodiscard]] expected<std::string> make_token(const std::string& folder);
/// Called once the API listens.
[[nodiscard]] expected<void> write_node_files(const std::string& folder, const std::string& url);

}  // namespace millrace::cli
