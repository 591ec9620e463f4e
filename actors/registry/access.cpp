#include "actors/registry/access.hpp"

#include "actors/connectors/http/client/server_options.hpp"
#include "runtime/data/text_encoding.hpp"

#include <fmt/format.h>

#include <strings.h>
#include <utility>

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
       .doc = "Headers of requests to the registry, such as an Authorization with a token",
       .secret = true},
      {.name = "registry_user",
       .doc = "A user's name for the registry's basic authentication, beside `registry_password`",
       .plain = true},
      {.name = "registry_password", .doc = "The password of `registry_user`", .secret = true},
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

namespace {

constexpr std::string_view authorization = "Authorization";

/// Checks the options of basic authentication.
void check_user(const config::values& o, const config::say& say) {
  for (const auto& [has, lacks] :
       {std::pair{"registry_user", "registry_password"}, std::pair{"registry_password", "registry_user"}})
    if (o.has(has) && !o.has(lacks))
      say(has, fmt::format("stands alone; expected \"{}\" beside it", lacks));
  if (o.has("registry_user") && o.text("registry_user").find_first_of(":\r\n") != std::string::npos)
    say("registry_user",
        "has a colon or a line's end, which no user's name has there; expected the name alone");
  if (!o.has("registry_user") || !o.has("registry_headers"))
    return;
  for (const auto& [name, value] : o.text_map("registry_headers"))
    if (name.size() == authorization.size() &&
        strncasecmp(name.data(), authorization.data(), name.size()) == 0)
      say("registry_user",
          fmt::format("is given beside the header \"{}\" of \"registry_headers\"; expected one of them",
                      name));
}

}  // namespace

void check_access(const config::check_input& in, const config::say& say) {
  const auto& o = in.options;
  if (!o.has("registry")) {
    for (const auto* name : {"registry_headers", "registry_user", "registry_password", "ca_file", "verify"})
      if (o.has(name))
        say(name, "is for a schema registry, and there is none; expected \"registry\" beside it");
    return;
  }
  check_user(o, say);
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
  if (o.has("registry_user") && o.has("registry_password"))
    out.headers[std::string(authorization)] =
        "Basic " + data::base64(o.text("registry_user") + ":" + o.text("registry_password"));
  if (o.has("ca_file"))
    out.ca_file = o.text("ca_file");
  out.verify = !o.has("verify") || o.boolean("verify");
  return out;
}

}  // namespace millrace::registry
