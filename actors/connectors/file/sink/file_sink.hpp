// The connector "file": its options, and how a writer is made from them.
#pragma once

#include "actors/connector.hpp"
#include "actors/stream/sink/sink.hpp"
#include "runtime/base/time.hpp"

#include <filesystem>

namespace millrace::sink {

[[nodiscard]] config::connector file_sink_declaration();
[[nodiscard]] connector file_sink_connector();

/// `rows`: the schema of the batches it gets. The options have passed the connector's check.
[[nodiscard]] expected<std::unique_ptr<writer>> make_file_writer(const config::values& options,
                                                                 const data::schema_ptr& rows,
                                                                 const wall_clock& clock = system_clock());

/// The default dead-letter file: a JSON line a record, with exactly one of `record` and `record_base64`.
/// `options` are config::dead_letter_options().
[[nodiscard]] std::unique_ptr<writer> make_dead_letter_writer(std::filesystem::path path,
                                                              const data::schema_ptr& rows,
                                                              const config::values& options,
                                                              const wall_clock& clock = system_clock());

}  // namespace millrace::sink
