// The address at which a server listens, as the option `listen` says it. Pure.
#pragma once

#include "runtime/base/error.hpp"

#include <cstdint>
#include <string>

namespace millrace::source {

/// "HOST:PORT" taken apart; the host without brackets. The error's text says what is expected.
struct listen_place {
  std::string host;
  std::uint16_t port = 0;
};
[[nodiscard]] expected<listen_place> parse_listen(const std::string& text);

}  // namespace millrace::source
