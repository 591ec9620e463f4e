// The names that certificates hold: those of nodes and clients, which are names of files as well, and the
// hosts that a node is reached at. Pure.
#pragma once

#include "runtime/base/error.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace millrace::tls {

/// The longest common name that X.509 allows.
inline constexpr std::size_t max_name = 64;

/// Letters, digits, `-`, `_` and `.`, of which a letter or a digit comes first. The error says what is wrong.
[[nodiscard]] expected<void> check_name(std::string_view what, std::string_view name);

/// A name of the DNS, in lower case, or an IP address, in its usual form.
struct host {
  std::string text;
  std::string address;  // its 4 or 16 bytes; empty of a name
};
[[nodiscard]] expected<host> parse_host(std::string_view text);

}  // namespace millrace::tls
