#include "actors/api/connection.hpp"

#include "runtime/base/visible_text.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/read_size.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <sstream>
#include <utility>

namespace millrace::api {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace beast_http = boost::beast::http;
using beast::error_code;

/// A client may send this long what the server no longer reads.
constexpr std::chrono::seconds drained{2};
constexpr std::size_t at_once = 64U << 10;  // bytes of one read

/// Its end is that of the connection: there is no length.
constexpr std::string_view events_head =
    "HTTP/1.1 200 OK\r\nServer: millrace\r\nContent-Type: text/event-stream\r\n"
    "Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n"
    "Content-Security-Policy: default-src 'none'\r\nConnection: close\r\n\r\n";
constexpr std::string_view answers_policy = "default-src 'none'";
/// The page loads its own parts and asks its own server; text of others never becomes part of it as HTML.
constexpr std::string_view page_policy = "default-src 'none'; script-src 'self'; style-src 'self'; "
                                         "connect-src 'self'; img-src 'self'; base-uri 'none'; "
                                         "form-action 'none'; frame-ancestors 'none'";

std::string asset_text(const asset& a, const http::incoming_request& r, bool keep_alive) {
  std::string_view accepted, known;
  for (const auto& [name, value] : r.headers) {
    if (http::same_name(name, "Accept-Encoding"))
      accepted = value;
    if (http::same_name(name, "If-None-Match"))
      known = value;
  }
  const bool is_known = known == a.etag;
  beast_http::response<beast_http::string_body> out(
      is_known ? beast_http::status::not_modified : beast_http::status::ok, r.is_1_0 ? 10 : 11);
  out.set(beast_http::field::server, "millrace");
  out.set(beast_http::field::etag, a.etag);
  out.set(beast_http::field::vary, "Accept-Encoding");
  out.set(beast_http::field::cache_control, "no-cache");
  out.set("X-Content-Type-Options", "nosniff");
  out.set("Referrer-Policy", "no-referrer");
  out.set("Content-Security-Policy", page_policy);
  out.keep_alive(keep_alive);
  if (!is_known) {
    out.set(beast_http::field::content_type, a.content_type);
    if (takes_gzip(accepted)) {
      out.set(beast_http::field::content_encoding, "gzip");
      out.body() = a.gzip;
    } else {
      out.body() = uncompressed(a);
    }
    out.prepare_payload();
    if (r.method == "HEAD")
      out.body().clear();
  }
  std::ostringstream text;
  text << out;
  return text.str();
}

std::string response_text(const http_answer& a, bool is_1_0, bool keep_alive, const std::string& allow) {
  beast_http::response<beast_http::string_body> r(beast_http::int_to_status(static_cast<unsigned>(a.status)),
                                                  is_1_0 ? 10 : 11);
  r.set(beast_http::field::server, "millrace");
  r.set(beast_http::field::content_type, a.content_type);
  r.set(beast_http::field::cache_control, "no-store");
  r.set("X-Content-Type-Options", "nosniff");
  r.set("Content-Security-Policy", answers_policy);
  if (!allow.empty())
    r.set(beast_http::field::allow, allow);
  if (a.status == 401)
    r.set(beast_http::field::www_authenticate, "Bearer");
  r.keep_alive(keep_alive);
  r.body() = a.body;
  r.prepare_payload();
  std::ostringstream out;
  out << r;
  return out.str();
}

/// Has the form in which a client reads refusals of requests and errors of the cluster alike.
http_answer refusal_text(int status, const std::string& why) {
  const auto code = status == 404   ? ec::not_found
                    : status == 401 ? ec::refused
                    : status == 403 ? ec::refused
                    : status == 503 ? ec::unavailable
                                    : ec::invalid_argument;
  auto out = write_error(error{code, fault::user, status == 503, why, {}});
  out.status = status;
  return out;
}

}  // namespace

void server_core::complain(client_fault kind, const std::string& what) {
  const auto now = std::chrono::duration_cast<micros>(std::chrono::steady_clock::now().time_since_epoch());
  if (const auto line = told.on_fault(kind, what, now))
    spdlog::warn("API: {}", *line);
}

connection::connection(server_core& core, asio::ip::tcp::socket socket,
                       std::function<void(connection&)> on_over, bool is_kept)
    : core_(core), stream_(std::move(socket), core.tls ? core.tls->get() : core.no_tls),
      on_over_(std::move(on_over)), buffer_(at_once),
      reader_(http::request_limits{
          .head = core.options.limits.head, .headers = core.options.limits.headers, .body = max_plan}),
      overdue_(core.io), is_kept_(is_kept) {
  error_code ignored;
  auto& s = beast::get_lowest_layer(stream_).socket();
  s.set_option(asio::ip::tcp::no_delay(true), ignored);
  local_ = s.local_endpoint(ignored);
  remote_ = s.remote_endpoint(ignored);
}

std::string connection::who() const {
  return fmt::format("{}:{}", remote_.address().to_string(), remote_.port());
}

void connection::start() {
  if (core_.tls)
    shake_hands();
  else
    read();
}

void connection::shake_hands() {
  tls::context::watch(stream_.native_handle(), handshake_);
  beast::get_lowest_layer(stream_).expires_after(core_.options.limits.request);
  stream_.async_handshake(asio::ssl::stream_base::server, [self = shared_from_this()](error_code failed) {
    if (!failed)
      return self->read();
    const bool slow = failed == beast::error::timeout;
    self->core_.complain(slow ? client_fault::too_slow : client_fault::handshake,
                         fmt::format("no TLS with {}: {}", self->who(),
                                     slow ? "it has not begun within the time for a request"
                                          : tls::describe_failure(failed, self->handshake_, true)));
    if (slow)
      self->close();
    else if (tls::is_plain_http(failed))
      self->tell_plain_client();
    else
      self->drain();
  });
}

void connection::tell_plain_client() {
  out_ = response_text(refusal_text(400, "this address speaks TLS; ask it by https:// and with --tls DIR"),
                       false, false, {});
  asio::async_write(stream_.next_layer(), asio::buffer(out_),
                    [self = shared_from_this()](error_code failed, std::size_t) {
                      if (failed)
                        self->close();
                      else
                        self->drain();
                    });
}

void connection::read() {
  if (is_over_)
    return;
  if (served_ > 0)
    reader_.begin_anew();
  has_begun_ = false;
  head_is_new_ = true;
  beast::get_lowest_layer(stream_).expires_after(core_.options.limits.request);
  parse();
}

void connection::parse() {
  const auto got = buffer_.data();
  has_begun_ = has_begun_ || got.size() > 0;
  buffer_.consume(reader_.put({static_cast<const char*>(got.data()), got.size()}));
  if (const auto& no = reader_.refused()) {
    core_.complain(client_fault::no_http,
                   fmt::format("{} has sent no request that can be read: {}", who(), no->why));
    return refuse(no->status, no->why);
  }
  if (reader_.is_done())
    return on_whole();
  if (reader_.has_head() && std::exchange(head_is_new_, false))
    on_head();
  else
    receive();
}

void connection::receive() {
  read_some(buffer_.prepare(beast::read_size(buffer_, at_once)),
            [self = shared_from_this()](error_code failed, std::size_t bytes) {
              self->on_received(failed, bytes);
            });
}

void connection::on_received(error_code failed, std::size_t bytes) {
  if (is_over_)
    return;
  if (!failed) {
    buffer_.commit(bytes);
    return parse();
  }
  if (failed == beast::error::timeout && (has_begun_ || served_ == 0))
    core_.complain(client_fault::too_slow, fmt::format("{} has not sent its request in time", who()));
  else if (core_.tls && served_ == 0 && failed.category() == asio::error::get_ssl_category() &&
           failed != asio::ssl::error::stream_truncated)
    core_.complain(client_fault::handshake,
                   fmt::format("no TLS with {}: {}", who(), tls::describe_failure(failed, handshake_, true)));
  close();
}

/// A body follows. Only who may act sends more of it than comes with the head.
void connection::on_head() {
  const auto& r = reader_.request();
  const auto found = find_route(r.method, r.target);
  if (const auto* const no = std::get_if<http_refusal>(&found))
    return refuse(no->status, no->why, no->allow);
  const auto& to = *std::get<routed>(found).to;
  if (const auto no = refusal_of(core_.options.guard, to, r, local_.address()))
    return refuse(no->status, no->why, no->allow);
  if (to.body == body_form::none)
    return refuse(400, "this request takes no body");
  if (!r.waits_to_go_on)
    return receive();
  out_ = "HTTP/1.1 100 Continue\r\n\r\n";
  write_all([self = shared_from_this()](error_code failed, std::size_t) {
    if (failed)
      self->close();
    else
      self->receive();
  });
}

void connection::on_whole() {
  auto& r = reader_.request();
  keep_alive_ = r.keep_alive;
  ++served_;
  const auto* const page = find_asset(core_.options.assets, r.target);
  if (page != nullptr && (r.method == "GET" || r.method == "HEAD"))
    return give(*page);
  const auto found = find_route(r.method, r.target);
  if (const auto* const no = std::get_if<http_refusal>(&found))
    return answer(refusal_text(no->status, no->why), no->allow);
  const auto& at = std::get<routed>(found);
  if (const auto no = refusal_of(core_.options.guard, *at.to, r, local_.address())) {
    core_.complain(client_fault::refused, fmt::format("{} is refused {}: {}", who(), at.to->path, no->why));
    return answer(refusal_text(no->status, no->why), no->allow);
  }
  if (is_kept_ && !may_have_kept_place(core_.options.guard, *at.to, r))
    return refuse(503, "the node answers as many requests as it may; ask again later, or with the token");
  knows_token_ = has_token(core_.options.guard, r);
  auto what = read_request(at, r.body);
  if (!what)
    return answer(write_error(what.error()));
  if (at.to->is_action)
    spdlog::info("API: {} asks for {} {}", who(), r.method, r.target);
  if (auto* const events = std::get_if<requests::events>(&*what))
    return stream(std::move(*events));
  ask(std::move(*what), at.to->waits);
}

void connection::stream(requests::events what) {
  if (core_.streams >= core_.options.limits.streams)
    return answer(refusal_text(
        503, fmt::format("this server gives events to {} clients at most; ask again later, or for the graph",
                         core_.options.limits.streams)));
  keep_alive_ = false;
  beast::get_lowest_layer(stream_).expires_never();
  events_ = std::make_shared<event_stream>(
      core_, std::move(what), knows_token_,
      event_stream::channel{[this](std::string text) { write_events(std::move(text), false); },
                            [this](const error& why) {
                              const auto over = std::exchange(events_, nullptr);
                              answer(write_error(why));
                            },
                            [this](std::string text) { write_events(std::move(text), true); }});
  events_->start();
}

/// The head comes with the first event. A client that does not take an event in the time for a request is dropped.
void connection::write_events(std::string text, bool is_end) {
  out_ = (std::exchange(has_event_head_, true) ? std::string() : std::string(events_head)) + text;
  beast::get_lowest_layer(stream_).expires_after(core_.options.limits.request);
  write_all([self = shared_from_this(), is_end](error_code failed, std::size_t) {
    self->out_.clear();
    if (self->is_over_)
      return;
    if (failed == beast::error::timeout)
      self->core_.complain(client_fault::too_slow, fmt::format("{} does not read its events", self->who()));
    if (failed || !self->events_)
      return self->close();
    beast::get_lowest_layer(self->stream_).expires_never();
    if (!is_end)
      return self->events_->written();
    self->events_.reset();
    self->drain();
  });
}

void connection::give(const asset& a) {
  const auto& r = reader_.request();
  if (const auto no = refusal_of_page(core_.options.guard, r, local_.address()))
    return answer(refusal_text(no->status, no->why));
  keep_alive_ = keep_alive_ && r.method == "GET";
  out_ = asset_text(a, r, keep_alive_);
  beast::get_lowest_layer(stream_).expires_after(core_.options.limits.request);
  write_all([self = shared_from_this()](error_code failed, std::size_t) { self->on_written(failed); });
}

void connection::ask(request what, bool waits) {
  asked_ = std::make_shared<const request>(std::move(what));
  const std::weak_ptr<const request> asker = asked_;
  // The request is complete: from here on only the cluster can be slow, not the client.
  beast::get_lowest_layer(stream_).expires_never();
  overdue_.expires_after(waits ? core_.options.limits.patience : core_.options.limits.answer);
  overdue_.async_wait([self = weak_from_this(), asker, waits](error_code cancelled) {
    const auto me = self.lock();
    if (!cancelled && me && me->asked_ && me->asked_ == asker.lock())
      me->on_overdue(waits);
  });
  const auto take = [core = core_.weak_from_this(), self = weak_from_this(), asker](expected<api::answer> a) {
    const auto there = core.lock();
    if (!there)
      return;
    asio::post(there->io, [self, asker, a = std::move(a)] {
      const auto me = self.lock();
      if (!me || me->is_over_ || !me->asked_ || me->asked_ != asker.lock())
        return;
      me->overdue_.cancel();
      me->answer(!a                 ? write_error(a.error())
                 : me->knows_token_ ? write_answer(*a)
                                    : write_answer(for_anybody(*a)));
    });
  };
  core_.view->ask(*asked_, reply(asker, take));
}

void connection::give_way() {
  keep_alive_ = false;
  overdue_.cancel();
  on_overdue(true);
}

void connection::on_overdue(bool waits) {
  if (waits)
    answer(write_answer(answers::waited{false, {std::get<requests::wait>(*asked_).topology, {}, {}}}));
  else if (std::holds_alternative<requests::trace>(*asked_))
    answer(refusal_text(
        503, "the record is traced for too long: an expression of the topology takes its time over it"));
  else
    answer(refusal_text(503, "the node does not answer; ask again, or another node"));
}

void connection::refuse(int status, const std::string& why, const std::string& allow) {
  keep_alive_ = false;
  answer(refusal_text(status, why), allow);
}

void connection::answer(http_answer a, const std::string& allow) {
  asked_.reset();
  if (is_over_)
    return;
  if (reader_.request().method == "HEAD") {
    keep_alive_ = false;
    a.body.clear();
  }
  out_ = response_text(a, reader_.request().is_1_0, keep_alive_, allow);
  beast::get_lowest_layer(stream_).expires_after(core_.options.limits.request);
  write_all([self = shared_from_this()](error_code failed, std::size_t) { self->on_written(failed); });
}

void connection::on_written(error_code failed) {
  out_.clear();
  if (failed)
    close();
  else if (keep_alive_)
    read();
  else
    drain();
}

void connection::drain() {
  if (is_over_)
    return;
  error_code ignored;
  auto& plain = stream_.next_layer();
  plain.socket().shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
  plain.expires_after(drained);
  discard();
}

/// Reads below TLS, whose handshake may have failed.
void connection::discard() {
  buffer_.clear();
  stream_.next_layer().async_read_some(buffer_.prepare(at_once),
                                       [self = shared_from_this()](error_code failed, std::size_t) {
                                         if (failed)
                                           self->close();
                                         else
                                           self->discard();
                                       });
}

void connection::close() {
  if (std::exchange(is_over_, true))
    return;
  overdue_.cancel();
  asked_.reset();
  if (const auto events = std::exchange(events_, nullptr))
    events->close();
  beast::get_lowest_layer(stream_).close();
  on_over_(*this);
}

void connection::read_some(asio::mutable_buffer to, bytes_handler then) {
  if (core_.tls)
    stream_.async_read_some(to, std::move(then));
  else
    stream_.next_layer().async_read_some(to, std::move(then));
}

void connection::write_all(bytes_handler then) {
  if (core_.tls)
    asio::async_write(stream_, asio::buffer(out_), std::move(then));
  else
    asio::async_write(stream_.next_layer(), asio::buffer(out_), std::move(then));
}

}  // namespace millrace::api
