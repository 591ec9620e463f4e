#include "tools/cli/node_arguments.hpp"

#include "runtime/base/time.hpp"
#include "runtime/tls/folder.hpp"
#include "runtime/tls/names.hpp"
#include "tools/cli/degraded_by.hpp"
#include "tools/cli/node_store.hpp"
#include "tools/cli/own_names.hpp"
#include "tools/cli/state_folder.hpp"
#include "tools/web/assets.hpp"

#include <boost/asio/ip/address.hpp>
#include <fmt/format.h>

#include <charconv>
#include <utility>

namespace millrace::cli {
namespace {

/// HOST:PORT, [HOST]:PORT or :PORT, which means loopback.
expected<link::endpoint> endpoint_of(const std::string& option, const std::string& text) {
  const auto colon = text.rfind(':');
  auto host = colon == std::string::npos ? text : text.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']'))
    host = host.substr(1, host.size() - 2);
  link::endpoint at{host.empty() ? "127.0.0.1" : host, 0};
  const auto digits = colon == std::string::npos ? std::string() : text.substr(colon + 1);
  const auto* const end = digits.data() + digits.size();
  if (const auto read = std::from_chars(digits.data(), end, at.port);
      digits.empty() || read.ec != std::errc() || read.ptr != end)
    return user_error(
        ec::invalid_argument,
        fmt::format("{}: \"{}\" is no address; write HOST:PORT, such as 127.0.0.1:7100", option, text));
  return at;
}

/// Anybody on the way reads and changes without TLS what nodes say, so the address is this machine's own. Other nodes
/// reach this one at what it says here.
expected<void> check_listen(const node_arguments& a, const link::endpoint& at) {
  boost::system::error_code bad;
  const auto address = boost::asio::ip::make_address(at.host == "localhost" ? "127.0.0.1" : at.host, bad);
  if (!bad && address.is_unspecified())
    return user_error(ec::invalid_argument,
                      fmt::format("--listen {}: other nodes reach this one at that address, so it is one "
                                  "of this machine's, such as 10.0.0.5:{}",
                                  a.listen, at.port));
  if ((!bad && address.is_loopback()) || !a.tls.empty())
    return {};
  return user_error(
      ec::invalid_argument,
      fmt::format("--listen {}: without TLS whoever is on the way could read and change what nodes say; "
                  "give it a certificate by --tls DIR (see millrace tls), or listen on loopback, such as "
                  "127.0.0.1:{}",
                  a.listen, at.port));
}

/// Signs of life come each 150 ms. Nobody waits longer than an hour for a machine that may be gone.
constexpr micros shortest_silence = std::chrono::milliseconds(200);
constexpr micros longest_silence = std::chrono::hours(1);

expected<cluster::silence> silence_of(const node_arguments& a) {
  const auto read = [](const std::string& option, const std::string& text) -> expected<micros> {
    const auto length = parse_duration(text);
    if (!length)
      return user_error(ec::invalid_argument, fmt::format("{}: {}", option, length.error().message));
    if (*length < shortest_silence || *length > longest_silence)
      return user_error(ec::invalid_argument,
                        fmt::format("{} {}: give a time from 200 ms to 1 h", option, text));
    return *length;
  };
  const auto detach = read("--detach-after", a.detach_after);
  if (!detach)
    return unexpected(detach.error());
  const auto away = read("--away-after", a.away_after);
  if (!away)
    return unexpected(away.error());
  if (*detach > *away)
    return user_error(
        ec::invalid_argument,
        fmt::format("--detach-after {} is longer than --away-after {}: a node is detached first, "
                    "and away later; give it a shorter time",
                    a.detach_after, a.away_after));
  return cluster::silence{*detach, *away};
}

}  // namespace

expected<checked_arguments> check_arguments(const node_arguments& a) {
  checked_arguments out;
  if (const auto good = tls::check_name("--name", a.name); !good)
    return unexpected(good.error());
  const auto listen = endpoint_of("--listen", a.listen);
  if (!listen)
    return unexpected(listen.error());
  out.listen = *listen;
  if (auto good = check_listen(a, out.listen); !good)
    return unexpected(good.error());
  for (const auto& j : a.join) {
    const auto at = endpoint_of("--join", j);
    if (!at)
      return unexpected(at.error());
    out.join.push_back(*at);
  }
  if (!a.coordinator && a.join.empty())
    return user_error(ec::invalid_argument,
                      "a node joins others (--join ADDR), or may lead them (--coordinator); "
                      "give one of them");
  auto store = store_of_node(a.store, a.store_properties);
  if (!store)
    return unexpected(store.error());
  out.store = std::move(*store);
  auto folder = a.state.empty() ? default_state_folder(std::string(api::default_node_folder))
                                : expected<std::string>(a.state);
  if (!folder)
    return unexpected(folder.error());
  out.folder = std::move(*folder);
  const auto timeout = parse_duration(a.start_timeout);
  if (!timeout)
    return user_error(ec::invalid_argument, "--start-timeout: " + timeout.error().message);
  out.start_timeout = std::chrono::duration_cast<std::chrono::milliseconds>(*timeout);
  const auto silence = silence_of(a);
  if (!silence)
    return unexpected(silence.error());
  out.silence = *silence;
  const auto limits = parse_degraded_by(a.degraded_by);
  if (!limits)
    return unexpected(limits.error());
  out.degraded_by = *limits;
  const auto http = endpoint_of("--http", a.http);
  if (!http)
    return unexpected(http.error());
  boost::system::error_code bad;
  const auto address =
      boost::asio::ip::make_address(http->host == "localhost" ? "127.0.0.1" : http->host, bad);
  if (bad)
    return user_error(ec::invalid_argument, fmt::format("--http {}: write the address in digits", a.http));
  out.api.listen = {address, http->port};
  out.api.guard.names = own_names(a.http_hosts);
  out.api.assets = web::assets();
  out.api.guard.is_read_only = a.is_read_only;
  if (!a.tls.empty()) {
    auto own = tls::node_credentials(a.tls, a.name, system_clock().now());
    if (!own)
      return unexpected(own.error());
    out.api.tls = std::move(*own);
  }
  return out;
}

}  // namespace millrace::cli
