#include "actors/registry/access.hpp"

#include "runtime/base/url.hpp"

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
  const auto& url = o.text("registry");
  const auto scheme = url.find("://");
  const auto host = scheme == std::string::npos
                        ? std::string()
                        : url.substr(scheme + 3, url.find_first_of("/?#", scheme + 3) - scheme - 3);
  if (!(url.starts_with("http://") || url.starts_with("https://")) || host.empty())
    say("registry",
        "is no address of a schema registry; expected one such as \"https://registry.example.com:8081\"");
  else if (host.find('@') != std::string::npos)
    say("registry",
        "holds credentials, which would show in logs; expected them in \"registry_headers\", such as "
        "\"Authorization\"");
  else if (url.find_first_of("?# \t\r\n") != std::string::npos)
    say("registry", "has a query, a fragment or a blank; expected the address that the paths of the "
                    "registry's API are put behind, such as \"https://registry.example.com:8081\"");
  if (o.has("ca_file") && is_url(o.text("ca_file")))
    say("ca_file", "is a URL, and certificates are read from a file of this machine; expected a path");
  if (o.has("registry_headers"))
    for (const auto& [name, value] : o.text_map("registry_headers"))
      if (name.empty() || name.find_first_of(": \r\n") != std::string::npos ||
          value.find_first_of("\r\n") != std::string::npos)
        say("registry_headers",
            fmt::format("\"{}\" is no header; expected a name, and a value on one line", name));
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
