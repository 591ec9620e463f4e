// The file source: plain and gzip files, by path or glob, bounded or followed. config reads the declaration;
// the catalog makes readers.
#pragma once

#include "actors/source/source.hpp"
#include "config/catalog.hpp"

#include <memory>
#include <string>

namespace millrace::source {

[[nodiscard]] config::connector file_source_connector();

/// Options as declared above, validated. The files are looked up in discover().
[[nodiscard]] expected<std::unique_ptr<reader>> make_file_reader(const config::values& options,
                                                                 const wants& wanted,
                                                                 const std::string& topology,
                                                                 const std::string& stage);

}  // namespace millrace::source
