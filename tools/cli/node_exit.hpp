// The exit status of `millrace node`: 2 where another start would find the same wrong until somebody mends it, which a
// supervisor must not try again (RestartPreventExitStatus=2), else 1. Pure.
#pragma once

#include "runtime/base/error.hpp"

#include <cstdint>

namespace millrace::cli {

/// The steps of a node's start and end.
enum class node_step : std::uint8_t {
  arguments,  // options, and files that they name
  folder,     // its state folder
  address,    // --listen and --http
  store,  // the store has been asked: from here on others have a part in it, who may be mended, or come up later
  joining,  // the other nodes and the coordinator, too
  running,  // it was in the cluster
};

/// `e` is no stop that was asked for; that has status 0.
[[nodiscard]] int exit_status_of(node_step at, const error& e);

}  // namespace millrace::cli
