#include "actors/api/client.hpp"

#include "actors/api/guard.hpp"
#include "actors/tls/context.hpp"
#include "actors/tls/endpoints.hpp"
#include "runtime/base/host_lookup.hpp"
#include "runtime/base/visible_text.hpp"
#include "runtime/http/own_host.hpp"
#include "runtime/http/request_reader.hpp"

#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <boost/beast/ssl/ssl_stream.hpp>
#include <fmt/format.h>

#include <charconv>
#include <openssl/ssl.h>
#include <utility>
#include <vector>

namespace millrace::api {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace beast_http = boost::beast::http;
using beast::error_code;

/// Bounds an answer: metrics and reports of many topologies are the longest.
constexpr std::uint64_t max_answer = std::uint64_t{64} << 20;

/// Bounds what is read and not understood yet: a head, the line of a chunk or what follows the last one. Bodies go on in pieces.
constexpr std::size_t max_buffered = std::size_t{128} << 10;

bool is_loopback(const std::string& host) {
  error_code is_name;
  const auto address = asio::ip::make_address(host, is_name);
  return is_name ? http::same_name(host, "localhost") : address.is_loopback();
}

/// One request on its way. Each step begins the next one; `failure` is set by the step that fails.
class exchange {
public:
  exchange(const client_options& options, const api_url& at, asio::ssl::context& context, bool secure)
      : options_(options), at_(at), secure_(secure), stream_(io_, context) {}

  expected<answer> run(const request& what) {
    prepare(what);
    const auto found = find_host(at_.host, at_.port, options_.connect);
    if (!found.first)
      return outside_error(ec::unavailable,
                           fmt::format("{}: the host is not known: {}", options_.url, found.why));
    connect(tls::endpoints_of(*found.first));
    io_.run_for(options_.connect + options_.answer);
    if (failure_)
      return unexpected(std::move(*failure_));
    if (!parser_.is_done())
      return outside_error(ec::unavailable, fmt::format("{} does not answer in time", options_.url));
    return read_answer(what, static_cast<int>(parser_.get().result_int()), parser_.get().body());
  }

private:
  void prepare(const request& what) {
    const auto message = write_request(what);
    request_.method_string(message.method);
    request_.target(message.target);
    request_.version(11);
    request_.set(beast_http::field::host,
                 fmt::format("{}:{}",
                             at_.host.find(':') == std::string::npos ? at_.host : '[' + at_.host + ']',
                             at_.port));
    request_.set(beast_http::field::user_agent, "millrace");
    request_.keep_alive(false);
    const auto& to = route_of(what);
    if (to.is_action) {
      request_.set(std::string(action_header), "yes");
      request_.set(beast_http::field::content_type, "application/json");
    }
    if ((to.needs_token() || to.has_reasons) && !options_.token.empty())
      request_.set(beast_http::field::authorization, "Bearer " + options_.token);
    request_.body() = message.body;
    request_.prepare_payload();
    parser_.body_limit(max_answer);
    handshake_.whom = {true, true, {}, at_.host};
  }

  beast::tcp_stream& plain() { return stream_.next_layer(); }

  void connect(const std::vector<asio::ip::tcp::endpoint>& found) {
    plain().expires_after(options_.connect);
    plain().async_connect(found, [this](error_code failed, const asio::ip::tcp::endpoint&) {
      if (failed)
        return fail("nobody listens there", failed);
      if (secure_)
        shake_hands();
      else
        write();
    });
  }

  void shake_hands() {
    tls::context::watch(stream_.native_handle(), handshake_);
    error_code is_name;
    asio::ip::make_address(at_.host, is_name);
    if (is_name)
      SSL_set_tlsext_host_name(stream_.native_handle(), at_.host.c_str());
    stream_.async_handshake(asio::ssl::stream_base::client, [this](error_code failed) {
      if (failed)
        fail_tls(failed);
      else
        write();
    });
  }

  void write() {
    plain().expires_after(options_.answer);
    const auto then = [this](error_code failed, std::size_t) {
      // The node may have said why it does not read on.
      write_failure_ = failed;
      read();
    };
    if (secure_)
      beast_http::async_write(stream_, request_, then);
    else
      beast_http::async_write(plain(), request_, then);
  }

  void read() {
    const auto then = [this](error_code failed, std::size_t) {
      if (!failed)
        return;
      if (secure_ && failed.category() == asio::error::get_ssl_category())
        return fail_tls(failed);
      fail("it has not answered", write_failure_ ? write_failure_ : failed);
    };
    if (secure_)
      beast_http::async_read(stream_, buffer_, parser_, then);
    else
      beast_http::async_read(plain(), buffer_, parser_, then);
  }

  void fail_tls(error_code failed) {
    const auto why = tls::describe_failure(failed, handshake_, false);
    failure_ = error{handshake_.refused ? ec::refused : ec::unavailable,
                     fault::outside,
                     false,
                     fmt::format("no TLS with {}: {}", options_.url, why),
                     {}};
  }

  void fail(std::string_view what, error_code failed) {
    const auto hint =
        failed == asio::error::connection_refused ? "; give the address of a node that runs (--connect URL)"
        : failed == beast_http::error::end_of_stream || failed == asio::error::connection_reset
            ? "; the node has ended, or it speaks TLS (https:// and --tls DIR)"
        : failed.category() == beast_http::make_error_code(beast_http::error::bad_version).category()
            ? "; no node's API listens there, so give the address of a node (--connect URL)"
            : "";
    failure_ = error{ec::unavailable,
                     fault::outside,
                     true,
                     fmt::format("{}: {}: {}{}", options_.url, what, visible(failed.message()), hint),
                     {}};
  }

  const client_options& options_;
  const api_url& at_;
  bool secure_;
  asio::io_context io_;
  beast::ssl_stream<beast::tcp_stream> stream_;
  tls::handshake_record handshake_;
  beast_http::request<beast_http::string_body> request_;
  beast::flat_buffer buffer_{max_buffered};
  beast_http::response_parser<beast_http::string_body> parser_;
  error_code write_failure_;
  std::optional<error> failure_;
};

}  // namespace

expected<api_url> parse_api_url(const std::string& text) {
  const auto wrong = [&] {
    return user_error(ec::invalid_argument,
                      fmt::format("\"{}\" is not an address of a node's API; expected http://HOST:PORT or "
                                  "https://HOST:PORT",
                                  visible(text)));
  };
  api_url out;
  std::string_view rest = text;
  if (rest.starts_with("https://"))
    out.is_secure = true;
  else if (!rest.starts_with("http://"))
    return wrong();
  rest.remove_prefix(out.is_secure ? 8 : 7);
  if (rest.ends_with('/'))
    rest.remove_suffix(1);
  const auto parsed = http::parse_host(rest);
  if (!parsed || parsed->host.empty() || parsed->port.empty())
    return wrong();
  out.host = http::without_brackets(parsed->host);
  const auto* const end = parsed->port.data() + parsed->port.size();
  if (const auto [at, failed] = std::from_chars(parsed->port.data(), end, out.port);
      failed != std::errc() || at != end || out.port == 0)
    return wrong();
  return out;
}

expected<client> client::make(client_options options, const wall_clock& clock) {
  ASSIGN_OR_RETURN(auto at, parse_api_url(options.url));
  if (at.is_secure && !options.tls)
    return user_error(
        ec::invalid_argument,
        fmt::format("{} speaks TLS: give the folder with this client's certificate by --tls DIR",
                    options.url));
  if (!at.is_secure && !is_loopback(at.host))
    return user_error(
        ec::invalid_argument,
        fmt::format("{} is not on this machine: a node is asked over a network by https:// and --tls "
                    "DIR alone",
                    options.url));
  return client(std::move(options), std::move(at), clock);
}

expected<answer> client::ask(const request& what) const {
  asio::ssl::context none(asio::ssl::context::tls);
  if (!at_.is_secure)
    return exchange(options_, at_, none, false).run(what);
  ASSIGN_OR_RETURN(const auto context, tls::context::make(*options_.tls, *clock_));
  return exchange(options_, at_, context->get(), true).run(what);
}

}  // namespace millrace::api
