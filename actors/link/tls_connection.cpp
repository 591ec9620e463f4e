#include "actors/link/tls_connection.hpp"

#include "actors/tls/endpoints.hpp"

#include <boost/asio/connect.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/write.hpp>
#include <fmt/format.h>

#include <utility>

namespace millrace::link {
namespace {

namespace asio = boost::asio;

}  // namespace

tls_connection::tls_connection(asio::io_context& io, tls::context& context, tls::expected_peer whom,
                               const tls_patience& patience)
    : stream_(io, context.get()), timer_(io), patience_(patience) {
  handshake_.whom = std::move(whom);
}

tls_connection::~tls_connection() {
  if (lookup_)
    lookup_->cancel();
}

// --- the handshake

void tls_connection::accept(tried then) {
  tried_ = std::move(then);
  is_server_ = true;
  limit(patience_.step, "it does not begin TLS; a node does when it was started with --tls DIR");
  shake_hands(true);
}

void tls_connection::connect(const endpoint& at, tried then) {
  tried_ = std::move(then);
  limit(patience_.step,
        fmt::format("{}: its name is not resolved in time; look after /etc/resolv.conf", at.host));
  // The timer holds the connection meanwhile. The lookup's thread must not, so that it never is the last one.
  lookup_ = host_lookup::begin(at.host, at.port, [this](host_found found) {
    asio::post(stream_.get_executor(), [weak = weak_from_this(), found = std::move(found)] {
      if (const auto self = weak.lock())
        self->on_resolved(found);
    });
  });
}

void tls_connection::limit(micros patience, std::string why) {
  timer_.expires_after(patience);
  timer_.async_wait([self = shared_from_this(), why = std::move(why)](error_code stopped) {
    if (stopped || self->is_over_ || !self->tried_)
      return;
    self->overdue_ = why;
    if (self->lookup_)
      return self->finish({probed::silent, why});
    error_code ignored;
    self->socket().close(ignored);
  });
}

void tls_connection::on_resolved(const host_found& found) {
  if (is_over_)
    return;
  lookup_.reset();
  if (!found.first)
    return finish({probed::silent, found.why});
  limit(patience_.step, "it does not answer");
  asio::async_connect(socket(), tls::endpoints_of(*found.first),
                      [self = shared_from_this()](error_code not_made, const tcp::endpoint&) {
                        self->on_connected(not_made);
                      });
}

void tls_connection::on_connected(error_code failed) {
  if (is_over_)
    return;
  if (failed)
    return finish({failed == asio::error::connection_refused ? probed::refused : probed::silent,
                   overdue_.empty() ? failed.message() : overdue_});
  limit(patience_.step,
        "it accepts connections and does not speak TLS: it stands still, or was started without --tls");
  shake_hands(false);
}

void tls_connection::shake_hands(bool as_server) {
  error_code ignored;
  socket().set_option(tcp::no_delay(true), ignored);
  tls::context::watch(stream_.native_handle(), handshake_);
  stream_.async_handshake(as_server ? asio::ssl::stream_base::server : asio::ssl::stream_base::client,
                          [self = shared_from_this(), as_server](error_code failed) {
                            self->on_hands_shaken(failed, as_server);
                          });
}

/// A client of TLS 1.3 finishes the handshake before the server has looked at its certificate. So the server
/// greets, with a length of 0, and the client waits for it.
void tls_connection::on_hands_shaken(error_code failed, bool as_server) {
  if (is_over_)
    return;
  if (failed && as_server && !handshake_.refused &&
      (failed == asio::error::eof || failed == asio::ssl::error::stream_truncated ||
       failed == asio::error::connection_reset))
    return finish({probed::silent,
                   "it has closed the connection before TLS has begun; a node begins it when it was started "
                   "with --tls DIR"});
  if (failed)
    return finish({probed::silent, describe(failed)});
  if (as_server) {
    send({});
    return finish({probed::answers, {}});
  }
  asio::async_read(stream_, asio::buffer(length_),
                   [self = shared_from_this()](error_code none, std::size_t) { self->on_greeted(none); });
}

void tls_connection::on_greeted(error_code failed) {
  if (is_over_)
    return;
  if (failed)
    return finish({probed::silent, describe(failed)});
  if (length_ != wire_length{})
    return finish({probed::silent, "it speaks TLS and is not a node of a cluster"});
  finish({probed::answers, {}});
}

void tls_connection::finish(probe_result result) {
  timer_.cancel();
  const auto then = std::exchange(tried_, {});
  if (result.outcome != probed::answers)
    close();
  if (then)
    then(result);
}

std::string tls_connection::describe(error_code failed) const {
  return overdue_.empty() ? tls::describe_link_failure(failed, handshake_, is_server_) : overdue_;
}

// --- messages

void tls_connection::read(whole on_whole, ended on_end) {
  const bool reads = on_whole_ != nullptr;
  on_whole_ = std::move(on_whole);
  on_end_ = std::move(on_end);
  if (is_over_ || reads)
    return;
  read_length();
  watch();
}

void tls_connection::watch() {
  has_come_ = false;
  timer_.expires_after(patience_.silence);
  timer_.async_wait([self = shared_from_this()](error_code stopped) {
    if (stopped || self->is_over_)
      return;
    if (!self->has_come_)
      return self->fail("it is silent");
    self->watch();
  });
}

void tls_connection::read_length() {
  asio::async_read(stream_, asio::buffer(length_),
                   [self = shared_from_this()](error_code failed, std::size_t) { self->on_length(failed); });
}

void tls_connection::on_length(error_code failed) {
  if (is_over_)
    return;
  if (failed)
    return fail(describe(failed));
  has_come_ = true;
  const auto size = length_of(length_);
  if (!is_length_of_message(size))
    return fail("what it has sent is not a message of a link");
  char* to = nullptr;
  body_ = make_piece_of(size, [&](char* block) { to = block; });
  asio::async_read(stream_, asio::buffer(to, size),
                   [self = shared_from_this()](error_code broken, std::size_t) {
                     if (self->is_over_)
                       return;
                     if (broken)
                       return self->fail(self->describe(broken));
                     self->has_come_ = true;
                     const auto take = self->on_whole_;  // it may put another in its place
                     take(std::exchange(self->body_, {}));
                     if (!self->is_over_)
                       self->read_length();
                   });
}

void tls_connection::send(const pieces& bytes) {
  if (is_over_)
    return;
  const auto size = size_of(bytes);
  if (waiting_.size() + size > most_unsent)
    return fail("it takes nothing more");
  const auto length = length_bytes(size);
  waiting_.append(length.data(), length.size());
  for (const auto& p : bytes)
    waiting_ += p.bytes;
  if (!writing_)
    write();
}

void tls_connection::write() {
  writing_ = true;
  sent_.clear();
  std::swap(sent_, waiting_);
  asio::async_write(stream_, asio::buffer(sent_),
                    [self = shared_from_this()](error_code failed, std::size_t) {
                      self->writing_ = false;
                      if (self->is_over_)
                        return;
                      if (failed)
                        return self->fail(self->describe(failed));
                      if (!self->waiting_.empty())
                        self->write();
                    });
}

void tls_connection::fail(std::string why) {
  const auto tell = std::exchange(on_end_, {});
  close();
  if (tell)
    tell(why);
}

void tls_connection::close() {
  if (std::exchange(is_over_, true))
    return;
  on_whole_ = {};
  on_end_ = {};
  timer_.cancel();
  if (lookup_)
    lookup_->cancel();
  error_code ignored;
  socket().shutdown(tcp::socket::shutdown_both, ignored);
  socket().close(ignored);
}

}  // namespace millrace::link
