// A topology as a cluster gets it: one text, with overlays, single values and this machine's environment
// filled in, since the nodes have neither the files nor the environment of the user who applies it.
#pragma once

#include "config/catalog.hpp"
#include "config/plan.hpp"

#include <string>

namespace millrace::remote {

/// Its JSON, which holds what the environment had, secrets too, and the models that it applies. `plan` is what
/// config::load() has made of the request. Errors: a file that has changed since, models that are too large for a
/// cluster.
[[nodiscard]] expected<std::string> resolved_text(const config::load_request& request,
                                                  const config::catalog& connectors,
                                                  const config::topology& plan);

}  // namespace millrace::remote
