#include "actors/tls/context.hpp"

#include "runtime/base/visible_text.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/ssl/error.hpp>
#include <fmt/format.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

namespace millrace::tls {
namespace {

namespace ssl = boost::asio::ssl;

/// The index under which a stream keeps its record.
int record_index() {
  static const int index = SSL_get_ex_new_index(0, nullptr, nullptr, nullptr, nullptr);
  return index;
}

/// The alert that the other side gets follows from it.
int code_of(peer_fault f) {
  switch (f) {
  case peer_fault::foreign_authority:
    return X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY;
  case peer_fault::expired:
    return X509_V_ERR_CERT_HAS_EXPIRED;
  case peer_fault::not_yet_valid:
    return X509_V_ERR_CERT_NOT_YET_VALID;
  case peer_fault::wrong_usage:
    return X509_V_ERR_INVALID_PURPOSE;
  case peer_fault::wrong_name:
  case peer_fault::wrong_host:
    return X509_V_ERR_HOSTNAME_MISMATCH;
  case peer_fault::damaged:
    break;
  }
  return X509_V_ERR_CERT_REJECTED;
}

/// Says what an alert of the other side, or OpenSSL's own finding, means to a person; empty: nothing special.
std::string_view meaning_of(int reason, bool is_server) {
  switch (reason) {
  case SSL_R_TLSV1_ALERT_UNKNOWN_CA:
    return is_server ? "the client does not trust this node's certificate: it is of another authority"
                     : "the node refuses the certificate: it is of another cluster's authority, or of none; "
                       "give one "
                       "that this cluster's authority has signed (--tls DIR)";
  case SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED:
    return "the other side says that the certificate has expired; make a new one (millrace tls), or set its "
           "clock";
  case SSL_R_SSLV3_ALERT_BAD_CERTIFICATE:
    return "the other side refuses the certificate by its name, its host or its time; its log says why";
  case SSL_R_SSLV3_ALERT_UNSUPPORTED_CERTIFICATE:
    return "the other side refuses the certificate for what it is used for: a client's where a node's is "
           "needed";
  case SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED:
    return "the node wants a certificate: give the folder with one by --tls DIR";
  case SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE:
    return "the client has shown no certificate; it needs --tls DIR";
  case SSL_R_HTTP_REQUEST:
    return "plain HTTP has come to an address that speaks TLS; ask it by https:// and with --tls DIR";
  case SSL_R_WRONG_VERSION_NUMBER:
    return is_server ? "what has come is not TLS"
                     : "the other side does not speak TLS; ask it by http://, or another address";
  default:
    return {};
  }
}

std::string_view meaning_between_nodes(int reason, bool is_server) {
  switch (reason) {
  case SSL_R_TLSV1_ALERT_UNKNOWN_CA:
    return "it does not trust this node's certificate, which is of another authority than its own; give both "
           "nodes certificates of one (--tls DIR)";
  case SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED:
    return "it says that this node's certificate has expired; make a new one (millrace tls), or set its "
           "clock";
  case SSL_R_SSLV3_ALERT_BAD_CERTIFICATE:
    return "it refuses this node's certificate by its name or its time; its log says why";
  case SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE:
    return "it has shown no certificate; a node shows the one of --tls DIR";
  case SSL_R_HTTP_REQUEST:
  case SSL_R_WRONG_VERSION_NUMBER:
    return is_server ? "what has come is not TLS; start every node with --tls DIR, and ask the API at --http"
                     : "it does not speak TLS; start it with --tls DIR, too";
  default:
    return {};
  }
}

/// Tells whether the other side has ended the connection where something was to come.
bool has_hung_up(const boost::system::error_code& failed) {
  return failed == boost::asio::error::eof || failed == ssl::error::stream_truncated;
}

std::string plain_text(const boost::system::error_code& failed) {
  if (has_hung_up(failed))
    return "the other side has closed the connection";
  return visible(failed.message());
}

/// OpenSSL's, where the error is one; 0, which is none.
int reason_of(const boost::system::error_code& failed) {
  return failed.category() == boost::asio::error::get_ssl_category()
             ? ERR_GET_REASON(static_cast<unsigned long>(failed.value()))
             : 0;
}

std::string describe(const boost::system::error_code& failed, const handshake_record& record,
                     std::string_view meaning) {
  if (record.refused)
    return record.refused->why;
  return meaning.empty() ? plain_text(failed) : std::string(meaning);
}

bool use(ssl::context& c, const credentials& own) {
  boost::system::error_code failed;
  const auto good = [&] { return !failed; };
  c.use_certificate_chain(boost::asio::buffer(own.own.certificate), failed);
  if (good())
    c.use_private_key(boost::asio::buffer(own.own.key), ssl::context::pem, failed);
  if (good())
    c.set_verify_mode(ssl::verify_peer | ssl::verify_fail_if_no_peer_cert, failed);
  return good();
}

}  // namespace

expected<std::shared_ptr<context>> context::make(const credentials& own, const wall_clock& clock) {
  const std::shared_ptr<context> out(new context(own.authority, clock));
  auto* const c = out->context_.native_handle();
  SSL_CTX_set_min_proto_version(c, TLS1_2_VERSION);
  // A session that is taken up again would come past judge().
  SSL_CTX_set_session_cache_mode(c, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_options(c, SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION);
  SSL_CTX_set_num_tickets(c, 0);
  // The server tells clients whose certificates it takes.
  SSL_CTX_add_client_CA(c, own.authority.get());
  SSL_CTX_set_cert_verify_callback(c, &context::judge, out.get());
  const bool good = use(out->context_, own);
  ERR_clear_error();
  if (!good)
    return our_error(
        fmt::format("libssl does not take the key and certificate of {}", own.files.certificate));
  return out;
}

void context::watch(ssl_st* stream, handshake_record& record) {
  SSL_set_ex_data(stream, record_index(), &record);
}

int context::judge(x509_store_ctx_st* shown, void* self) {
  const auto& me = *static_cast<const context*>(self);
  auto* const stream =
      static_cast<ssl_st*>(X509_STORE_CTX_get_ex_data(shown, SSL_get_ex_data_X509_STORE_CTX_idx()));
  auto* const record = static_cast<handshake_record*>(SSL_get_ex_data(stream, record_index()));
  auto* const x = X509_STORE_CTX_get0_cert(shown);
  if (record == nullptr || x == nullptr) {
    X509_STORE_CTX_set_error(shown, X509_V_ERR_UNSPECIFIED);
    return 0;
  }
  const auto judged = verify_peer(certificate::share(x), me.authority_, record->whom, me.clock_.now());
  if (judged)
    record->peer = *judged;
  else
    record->refused = judged.error();
  X509_STORE_CTX_set_error(shown, judged ? X509_V_OK : code_of(judged.error().what));
  return judged ? 1 : 0;
}

std::string describe_failure(const boost::system::error_code& failed, const handshake_record& record,
                             bool is_server) {
  return describe(failed, record, meaning_of(reason_of(failed), is_server));
}

std::string describe_link_failure(const boost::system::error_code& failed, const handshake_record& record,
                                  bool is_server) {
  // A node without TLS hangs up on what is no message of a link.
  if (!is_server && !record.refused &&
      (has_hung_up(failed) || failed == boost::asio::error::connection_reset))
    return "it has closed the connection before TLS has begun; was it started without --tls? Start it with "
           "--tls DIR, too";
  return describe(failed, record, meaning_between_nodes(reason_of(failed), is_server));
}

bool is_plain_http(const boost::system::error_code& failed) {
  return reason_of(failed) == SSL_R_HTTP_REQUEST;
}

}  // namespace millrace::tls
