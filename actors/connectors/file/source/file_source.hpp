// The file source: plain and gzip files, by path or glob, bounded or followed. config reads the declaration;
// the catalog makes readers.
#pragma once

#include "actors/connector.hpp"
#include "actors/stream/source/feed.hpp"
#include "actors/stream/source/source.hpp"
#include "actors/stream/source/spool_options.hpp"

#include <memory>

namespace millrace::source {

[[nodiscard]] config::connector file_source_declaration();
[[nodiscard]] connector file_source_connector();

/// Options as declared above, validated. The files are looked up in discover(); standard input is read from
/// the first reader on, by a feed that all readers of the stage share: it alone needs `running` and `clock`.
[[nodiscard]] expected<std::unique_ptr<reader>> make_file_reader(const config::values& options,
                                                                 const wants& wanted, const spool_place& at,
                                                                 std::shared_ptr<feeds> running,
                                                                 const wall_clock* clock);

}  // namespace millrace::source
