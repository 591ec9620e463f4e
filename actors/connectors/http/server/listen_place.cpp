#include "actors/connectors/http/server/listen_place.hpp"

#include <fmt/format.h>

#include <charconv>

namespace millrace::source {

expected<listen_place> parse_listen(const std::string& text) {
  const auto wrong = [&] {
    return user_error(
        ec::invalid_argument,
        fmt::format("\"{}\" is no address; expected host and port, such as \"0.0.0.0:5000\"", text));
  };
  const auto colon = text.rfind(':');
  if (colon == std::string::npos || colon == 0)
    return wrong();
  listen_place out;
  out.host = text.substr(0, colon);
  if (out.host.size() > 2 && out.host.front() == '[' && out.host.back() == ']')
    out.host = out.host.substr(1, out.host.size() - 2);
  else if (out.host.find(':') != std::string::npos)
    return wrong();
  const auto* const end = text.data() + text.size();
  const auto [at, failed] = std::from_chars(text.data() + colon + 1, end, out.port);
  if (failed != std::errc() || at != end || colon + 1 == text.size())
    return wrong();
  return out;
}

}  // namespace millrace::source
