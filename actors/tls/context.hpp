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

namespace millrace::tls {

/// Knows of one handshake whom it is meant for, and what the other side's certificate has said: either of the
/// two, once it has shown one.
struct handshake_record {
  expected_peer whom = {};
  std::optional<verified_peer> peer = {};
  std::optional<peer_refusal> refused = {};
};

class context {
public:
  /// Makes a context for both directions. `clock` outlives it. Returns our own error where libssl refuses the
  /// credentials.
  [[nodiscard]] static expected<std::shared_ptr<context>> make(const credentials& own,
                                                               const wall_clock& clock);

  [[nodiscard]] boost::asio::ssl::context& get() { return context_; }
  /// Must be called before the handshake; `record` outlives the stream.
  static void watch(ssl_st* stream, handshake_record& record);

private:
  context(certificate authority, const wall_clock& clock) : authority_(std::move(authority)), clock_(clock) {}
  static int judge(x509_store_ctx_st* shown, void* self);

  boost::asio::ssl::context context_{boost::asio::ssl::context::tls};
  certificate authority_;
  const wall_clock& clock_;
};

/// One line about a handshake that has failed, or a connection that the other side has ended by an alert:
/// what it is, and the remedy. `is_server`: of this side.
[[nodiscard]] std::string describe_failure(const boost::system::error_code& failed,
                                           const handshake_record& record, bool is_server);
/// Describes in the same way the failure of a connection between two nodes.
[[nodiscard]] std::string describe_link_failure(const boost::system::error_code& failed,
                                                const handshake_record& record, bool is_server);
/// Returns whether the client has spoken plain HTTP to a server that expects TLS.
[[nodiscard]] bool is_plain_http(const boost::system::error_code& failed);

}  // namespace millrace::tls
