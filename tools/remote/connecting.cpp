#include "tools/remote/connecting.hpp"

#include "actors/api/node_files.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace millrace::remote {
namespace {

expected<std::string> url_of(const connect_arguments& a, const surroundings& around) {
  if (!a.url.empty())
    return a.url;
  if (around.node_folder.empty())
    return user_error(ec::invalid_argument,
                      "--connect URL is missing, and neither XDG_STATE_HOME nor HOME names a folder where a "
                      "node on this machine has its state; give the address of a node's API");
  auto url = api::read_node_url(api::files_of_node(around.node_folder).http);
  if (!url && url.error().code == ec::not_found)
    url.error().message = fmt::format("--connect URL is missing, and no node runs here with its state in {}; "
                                      "give the address of a node's API (its state folder has it, in the "
                                      "file http)",
                                      around.node_folder);
  return url;
}

/// Returns where the node of this machine listens, as far as that is known.
std::optional<api::api_url> own_url(const surroundings& around) {
  const auto text = api::read_node_url(api::files_of_node(around.node_folder).http);
  const auto url = text ? api::parse_api_url(*text) : unexpected(text.error());
  return url ? std::optional(*url) : std::nullopt;
}

expected<std::string> token_of(const connect_arguments& a, const surroundings& around,
                               const std::string& url) {
  const auto token_error = [](const std::string& why) { return user_error(ec::invalid_argument, why); };
  if (!a.token.empty()) {
    auto token = api::read_token(a.token);
    return token ? token : token_error("--token " + token.error().message);
  }
  if (!around.token.empty())
    return api::is_token(around.token)
               ? expected<std::string>(around.token)
               : token_error(
                     "MILLRACE_TOKEN holds no token; expected one word, as the node's file token has it");
  constexpr std::string_view remedy =
      "give the node's token by --token FILE or in MILLRACE_TOKEN (the node keeps it in its state folder, in "
      "the file token)";
  if (around.node_folder.empty())
    return token_error(fmt::format("the token is missing; {}", remedy));
  ASSIGN_OR_RETURN(const auto asked, api::parse_api_url(url));
  if (!may_have_own_token(asked, own_url(around)))
    return token_error(fmt::format("{} is not the address of the node with its state in {}, whose token is "
                                   "therefore not sent there; {}",
                                   url, around.node_folder, remedy));
  auto token = api::read_token(api::files_of_node(around.node_folder).token);
  return token ? token : token_error(fmt::format("{}; {}", token.error().message, remedy));
}

}  // namespace

bool may_have_own_token(const api::api_url& asked, const std::optional<api::api_url>& own) {
  return asked.is_secure || (own && !own->is_secure && own->port == asked.port);
}

namespace {

expected<api::client> client_of(const connect_arguments& a, const surroundings& around, bool acts,
                                std::chrono::milliseconds patience) {
  ASSIGN_OR_RETURN(auto url, url_of(a, around));
  api::client_options options{std::move(url)};
  options.connect = std::min(options.connect, patience);
  options.answer = patience;
  auto token = token_of(a, around, options.url);
  if (token)
    options.token = std::move(*token);
  else if (acts || !a.token.empty())
    return unexpected(std::move(token.error()));
  if (!a.tls.empty()) {
    ASSIGN_OR_RETURN(options.tls, tls::client_credentials(a.tls, a.tls_client, system_clock().now()));
  }
  return api::client::make(std::move(options));
}

/// A node that answers does so at once; one of several that does not is passed over.
constexpr std::chrono::seconds probe_patience{3};

}  // namespace

expected<api::client> client_of(const connect_arguments& a, const surroundings& around, bool acts) {
  return client_of(a, around, acts, api::client_options{}.answer);
}

expected<connect_arguments> with_one_address(connect_arguments a, const surroundings& around) {
  if (a.url.find(',') == std::string::npos)
    return a;
  const auto all = std::exchange(a.url, {});
  error last;
  for (std::size_t begin = 0; begin <= all.size();) {
    const auto end = std::min(all.find(',', begin), all.size());
    a.url = all.substr(begin, end - begin);
    begin = end + 1;
    ASSIGN_OR_RETURN(const auto to, client_of(a, around, false, probe_patience));
    const auto answer = to.ask(api::requests::status{});
    if (answer)
      return a;
    last = answer.error();
  }
  last.message = fmt::format("no address of --connect answers; the last one: {}", last.message);
  return unexpected(std::move(last));
}

}  // namespace millrace::remote
