// A source that reads an endless HTTP response, one record a line, through a spool in the state folder.
#pragma once

#include "actors/connector.hpp"
#include "actors/stream/source/feed.hpp"
#include "actors/stream/source/source.hpp"
#include "actors/stream/source/spool_options.hpp"

#include <memory>
#include <string>

namespace millrace::source {

[[nodiscard]] config::connector http_stream_source_declaration();
[[nodiscard]] connector http_stream_source_connector();

/// Lives as long as `clock`. The connection is one of `running`, made by the first reader of its stage.
[[nodiscard]] std::unique_ptr<reader> make_http_stream_reader(const config::values& options,
                                                              const spool_place& at,
                                                              std::shared_ptr<feeds> running,
                                                              const wall_clock& clock);

}  // namespace millrace::source
