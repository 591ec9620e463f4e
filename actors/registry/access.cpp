#include "actors/registry/access.hpp"

#include "actors/connectors/http/client/server_options.hpp"

#include <fmt/format.h>

namespace millrace::registry {

using config::option_type;

std::vector<config::option> access_options() {
  return {
      {.name = "registry",
       .type = option_type::text,
       .doc = "URL of a schema registry with Confluent's API, without credentials",
       .plain = true},
      {.name = "registry_headers",
       .type = option_type::text_map,
       .doc = "Headers of requests to the registry, such as Authorization",
       .secret = true},
      {.name = "ca_file",
       .type = option_type::text,
       .doc =
           "Certificates (PEM) of the authorities that may have signed the registry's; default: the system's",
       .plain = true},
      {.name = "verify",
       .type = option_type::boolean,
       .doc = "Checks the registry's certificate and name; default: true"},
  };
}

void check_access(const config::check_input& in, const config::say& say) {
  const auto& o = in.options;
  if (!o.has("registry")) {
    for (const auto* name : {"registry_headers", "ca_file", "verify"})
      if (o.has(name))
        say(name, "is for a schema registry, and there is none; expected \"registry\" beside it");
    return;
  }
  const http::server_options names{.url = "registry",
                                   .headers = "registry_headers",
                                   .what = "a schema registry",
                                   .example = "https://registry.example.com:8081"};
  if (http::check_server(in, say, names) &&
      o.text("registry").find_first_of("?# \t\r\n") != std::string::npos)
    say("registry",
        fmt::format(
            "has a query, a fragment or a blank; expected the address that the paths of the registry's API "
            "are put behind, such as \"{}\"",
            names.example));
}

std::optional<access> access_of(const config::values& o) {
  if (!o.has("registry"))
    return std::nullopt;
  access out{.url = o.text("registry")};
  while (out.url.ends_with('/'))
    out.url.pop_back();
  if (o.has("registry_headers"))
    out.headers = o.text_map("registry_headers");
  if (o.has("ca_file"))
    out.ca_file = o.text("ca_file");
  out.verify = !o.has("verify") || o.boolean("verify");
  return out;
}

}  // namespace millrace::registry
