// The start of `millrace run` waits for a schema registry whose subject gives a parser's columns, as it waits for brokers.
#pragma once

#include "config/catalog.hpp"

#include <chrono>

namespace millrace::cli {

/// Connectors whose schema_in_file() asks a registry that is away again, with growing waits, until `patience` is over since this
/// call. The log has a warning at once and at growing intervals, also where the registry takes the connection and says nothing.
/// An answer that only the user can mend is an error at once. A signal ends the process meanwhile: nothing has begun.
[[nodiscard]] config::catalog waiting_for_registries(config::catalog connectors,
                                                     std::chrono::milliseconds patience);

}  // namespace millrace::cli
