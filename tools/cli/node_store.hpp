// The store that a node is given by --store and --store-properties.
#pragma once

#include "actors/node/stores/chain_store.hpp"

#include <memory>
#include <string>

namespace millrace::cli {

/// Does not touch the store yet. `properties`: a file, or empty. User errors name the option, or the place in the file.
[[nodiscard]] expected<std::shared_ptr<node::chain_store>> store_of_node(const std::string& store,
                                                                         const std::string& properties);

/// Warns where others than those who run the nodes may write to the store; an error of the user's where it
/// must not be used. One that does not answer just now is told of when a chain is opened there.
[[nodiscard]] expected<void> tell_openings(node::chain_store& store);

}  // namespace millrace::cli
