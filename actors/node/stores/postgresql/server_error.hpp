// Says what an error of a PostgreSQL server means for a chain.
#pragma once

#include "runtime/base/error.hpp"

#include <string>
#include <string_view>

namespace millrace::postgresql_chain {

/// `state` is the SQLSTATE, empty where the connection was lost; `text` is in the server's words. The message
/// has both, `shown` before them, and the remedy after them.
[[nodiscard]] error server_error(std::string_view shown, std::string_view state, std::string_view text);

/// Holds what libpq says of a connection that failed, with PQERRORS_VERBOSE: "... FATAL:  28P01: password ...".
struct told {
  std::string state;  // empty: no server has spoken
  std::string text;   // one line
};
[[nodiscard]] told read_told(std::string_view libpq_says);

}  // namespace millrace::postgresql_chain
