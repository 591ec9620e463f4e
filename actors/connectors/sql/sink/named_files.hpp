// Finds the files that a connection names for the database's own library, which opens any kind of file.
#pragma once

#include <string>
#include <vector>

namespace millrace::sink::sql {

/// Lists the files that SOCI's connection text names: certificates, keys and lists of what was revoked.
[[nodiscard]] std::vector<std::string> files_named_in(const std::string& connect);

}  // namespace millrace::sink::sql
