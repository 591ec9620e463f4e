// TLS with certificates on both sides, whose certificates runtime/tls judges: OpenSSL proves that the other
// side has the key, and its own rules for names and purposes are not asked.
#pragma once

#include "runtime/base/time.hpp"
#include "runtime/tls/folder.hpp"

#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream_base.hpp>
#include <boost/system/error_code.hpp>

#include <memory>
#include <optional>
#include <string>

namespace millrace::api {

/// Of one handshake: whom it is meant for, and what the other side's certificate has said.
struct handshake_record {
  tls::expected_peer whom = {};
  std::optional<tls::peer_refusal> refused = {};
};

class tls_context {
public:
  /// For both directions. `clock` outlives it. Our own error where libssl takes the credentials not.
  [[nodiscard]] static expected<std::shared_ptr<tls_context>> make(const tls::credentials& own,
                                                                   const wall_clock& clock);

  [[nodiscard]] boost::asio::ssl::context& get() { return context_; }
  /// Before the handshake; `record` is there until the stream is gone.
  static void watch(ssl_st* stream, handshake_record& record);

private:
  tls_context(tls::certificate authority, const wall_clock& clock)
      : authority_(std::move(authority)), clock_(clock) {}
  static int judge(x509_store_ctx_st* shown, void* self);

  boost::asio::ssl::context context_{boost::asio::ssl::context::tls};
  tls::certificate authority_;
  const wall_clock& clock_;
};

/// One line about a handshake that has failed, or a connection that the other side has ended by an alert:
/// what it is, and the remedy. `is_server`: of this side.
[[nodiscard]] std::string describe_failure(const boost::system::error_code& failed,
                                           const handshake_record& record, bool is_server);
/// Whether the client has spoken plain HTTP to a server that expects TLS.
[[nodiscard]] bool is_plain_http(const boost::system::error_code& failed);

}  // namespace millrace::api
