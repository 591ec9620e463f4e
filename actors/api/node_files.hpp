// A node leaves two files in its state folder for clients on the same machine: `http` holds the URL of its
// API, `token` the secret that an action needs. `millrace node` writes them, clients read them.
#pragma once

#include "runtime/base/error.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace millrace::api {

/// The folder of a node that was given no state folder; it lies where those of topologies lie.
inline constexpr std::string_view default_node_folder = "node";

struct node_files {
  std::string http;   // one line: "http://127.0.0.1:1234"
  std::string token;  // one line; its owner alone may read it (mode 0600)
};
/// Their paths. Pure.
[[nodiscard]] node_files files_of_node(const std::string& state_folder);

inline constexpr std::size_t max_token = 1'000;
/// One word of printable ASCII, which fits into a header. Pure.
[[nodiscard]] bool is_token(std::string_view text);

/// Reads the URL, without judging it. User errors: no file (with retry, as a node may be about to start),
/// another user's, not one line.
[[nodiscard]] expected<std::string> read_node_url(const std::string& path);
/// User errors: no file, another user's, one that others may read, no token in it.
[[nodiscard]] expected<std::string> read_token(const std::string& path);

}  // namespace millrace::api
