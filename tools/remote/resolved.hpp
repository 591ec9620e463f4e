// A topology as a cluster gets it: one text, with overlays, single values and this machine's environment filled
// in, since the nodes have neither the files nor the environment of whoever applies it.
#pragma once

#include "config/catalog.hpp"
#include "config/plan.hpp"

#include <string>

namespace millrace::remote {

/// Its JSON, which holds what the environment had, secrets too. For a request that config::load() takes; the
/// error is a file that has changed since.
[[nodiscard]] expected<std::string> resolved_text(const config::load_request& request,
                                                  const config::catalog& connectors);

}  // namespace millrace::remote
