// The one text for an address that a process cannot listen at: address, cause, remedy.
#pragma once

#include "runtime/base/error.hpp"

#include <string_view>

namespace millrace {

/// `option` gave the address `at`; `number` is the errno of socket, bind or listen. A user error where another start
/// would fail likewise; else `retry`: another process may end, an interface may come up. Pure.
[[nodiscard]] error listen_failure(std::string_view option, std::string_view at, int number);

}  // namespace millrace
