// The file `cluster` in a node's state folder: which cluster the node was in last, and in which store. It
// lets a node tell a new store from one that has lost its cluster.
#pragma once

#include "runtime/base/error.hpp"

#include <string>

namespace millrace::host {

struct cluster_note {
  std::string id;     // the id in `control`; empty: the node was in none
  std::string store;  // formatted by chain_store::shown()
  friend bool operator==(const cluster_note&, const cluster_note&) = default;
};

/// Blocks. An empty note where there is no file. User errors: another user's file, one that is no note.
[[nodiscard]] expected<cluster_note> read_cluster_note(const std::string& state_folder);
/// Blocks; durable when it returns.
[[nodiscard]] expected<void> write_cluster_note(const std::string& state_folder, const cluster_note& note);

}  // namespace millrace::host
