#include "actors/connectors/http/client/server_options.hpp"

#include "runtime/base/url.hpp"

#include <fmt/format.h>

namespace millrace::http {
namespace {

bool check_url(const config::check_input& in, const config::say& say, const server_options& names) {
  const auto& url = in.options.text(names.url);
  const auto scheme = url.find("://");
  const auto host = scheme == std::string::npos
                        ? std::string()
                        : url.substr(scheme + 3, url.find_first_of("/?#", scheme + 3) - scheme - 3);
  if (!(url.starts_with("http://") || url.starts_with("https://")) || host.empty())
    say(names.url,
        fmt::format("is not an address of {}; expected one such as \"{}\"", names.what, names.example));
  else if (host.find('@') != std::string::npos)
    say(names.url,
        fmt::format("holds credentials, which would show in logs; expected them in \"{}\", such as "
                    "\"Authorization\"",
                    names.headers));
  else
    return true;
  return false;
}

}  // namespace

bool check_server(const config::check_input& in, const config::say& say, const server_options& names) {
  const auto& o = in.options;
  const bool is_good = check_url(in, say, names);
  if (o.has("ca_file") && is_url(o.text("ca_file")))
    say("ca_file", "is a URL, and certificates are read from a file of this machine; expected a path");
  if (o.has(names.headers))
    for (const auto& [name, value] : o.text_map(names.headers))
      if (name.empty() || name.find_first_of(": \r\n") != std::string::npos ||
          value.find_first_of("\r\n") != std::string::npos)
        say(names.headers,
            fmt::format("\"{}\" is not a header; expected a name, and a value on one line", name));
  return is_good;
}

}  // namespace millrace::http
