// The names that the server of `--http` answers for beside loopback and the address that it is reached at. A page of a
// foreign site can have its own name lead to this machine (DNS rebinding) and then read what is here; the Host header
// still tells the foreign name.
#pragma once

#include <string>
#include <vector>

namespace millrace::cli {

/// `more`: names or addresses that the user gives. This machine's name comes with them.
[[nodiscard]] std::vector<std::string> own_names(std::vector<std::string> more);

}  // namespace millrace::cli
