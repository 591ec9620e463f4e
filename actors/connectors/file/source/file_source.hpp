// The file source: plain and gzip files, by path or glob, bounded or followed. config reads the declaration;
// the catalog makes readers.
#pragma once

#include "actors/connector.hpp"

namespace millrace::source {

[[nodiscard]] config::connector file_source_declaration();
[[nodiscard]] connector file_source_connector();

}  // namespace millrace::source
