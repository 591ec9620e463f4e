// The HTTP server of an http_server source: one thread that accepts, reads, hands each request's records to
// the spool, and answers when the record is durable. Long bodies become records on a second thread, so that
// they hold up nobody.
#pragma once

#include "actors/connectors/http/server/routes.hpp"
#include "actors/stream/source/feed.hpp"
#include "actors/stream/source/spool_options.hpp"
#include "runtime/base/error.hpp"
#include "runtime/base/time.hpp"

#include <cstdint>
#include <memory>
#include <string>

namespace millrace::source {

// The address at which a server listens, as the option `listen` says it. Pure.

/// "HOST:PORT" taken apart; the host without brackets. The error's text says what is expected.
struct listen_place {
  std::string host;
  std::uint16_t port = 0;
};
[[nodiscard]] expected<listen_place> parse_listen(const std::string& text);

struct server_options {
  std::string in_logs{};  // the stage's name there
  std::string listen{};   // "0.0.0.0:5000", "[::1]:0"
  source::routes routes{};
  header_merge headers{};
  micros timeout{0};  // bound of a request from the answer before it, and of an answer that is not read
  std::uint32_t most_header = 0;   // bytes of a request's line and headers
  std::size_t most_headers = 100;  // lines of them
  std::uint64_t most_body = 0;
  std::size_t most_connections = 0;
};

/// Listens when it returns. `clock` outlives the feed. An address that cannot be taken is the user's.
[[nodiscard]] expected<std::shared_ptr<feed>> start_server_feed(server_options options, spool_setup spool,
                                                                const wall_clock& clock);

}  // namespace millrace::source
