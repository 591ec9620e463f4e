// The options that say where a server is and what requests to it carry: one check for all connectors that have them. Pure.
#pragma once

#include "config/catalog.hpp"

#include <string_view>

namespace millrace::http {

/// Names the options of a connector, and what its server is, in the words of its errors.
struct server_options {
  std::string_view url;
  std::string_view headers;
  std::string_view what;     // "a stream"
  std::string_view example;  // an address of one
};

/// Checks the URL, which has a value, the headers and `ca_file`. Returns whether the URL is one, and without credentials.
bool check_server(const config::check_input& in, const config::say& say, const server_options& names);

}  // namespace millrace::http
