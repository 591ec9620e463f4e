// A source that is an HTTP server: each request to one of its routes is a record, answered when it is durable
// in a spool in the state folder.
#pragma once

#include "actors/connector.hpp"
#include "actors/stream/source/feed.hpp"
#include "actors/stream/source/source.hpp"
#include "actors/stream/source/spool_options.hpp"

#include <memory>

namespace millrace::source {

[[nodiscard]] config::connector http_server_source_declaration();
[[nodiscard]] connector http_server_source_connector();

/// Lives as long as `clock`. The server is one of `running`, started by the first reader of its stage.
[[nodiscard]] std::unique_ptr<reader> make_http_server_reader(const config::values& options,
                                                              const spool_place& at,
                                                              std::shared_ptr<feeds> running,
                                                              const wall_clock& clock);

}  // namespace millrace::source
