// How a parser says where its schema registry is: the options for it, their check, and the values.
#pragma once

#include "config/catalog.hpp"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace millrace::registry {

struct access {
  std::string url;  // without a slash at its end: paths of the registry's API are put behind it
  std::map<std::string, std::string> headers{};
  std::string ca_file{};  // empty: the system's authorities
  bool verify = true;
};

/// The options `registry`, `registry_headers`, `registry_user`, `registry_password`, `ca_file` and `verify` of a parser or a sink.
[[nodiscard]] std::vector<config::option> access_options();
void check_access(const config::check_input& in, const config::say& say);
/// Secrets are resolved. Returns nothing where there is no `registry`.
[[nodiscard]] std::optional<access> access_of(const config::values& options);

}  // namespace millrace::registry
