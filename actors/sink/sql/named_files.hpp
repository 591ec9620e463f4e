// Files that a connection names for the database's own library, which opens them without a look at what they
// are.
#pragma once

#include <string>
#include <vector>

namespace millrace::sink::sql {

/// Of SOCI's connection text: certificates, keys and lists of what was revoked.
[[nodiscard]] std::vector<std::string> files_named_in(const std::string& connect);

}  // namespace millrace::sink::sql
