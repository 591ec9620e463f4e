// Judges the certificate that the other side of a connection shows. TLS itself proves that the other side has
// its key; what the certificate says, and by whose word, is checked here, with a reason that a person can act
// on. Pure: time is told.
#pragma once

#include "runtime/tls/certificate.hpp"

#include <tl/expected.hpp>

#include <memory>
#include <string>
#include <string_view>

struct x509_st;

namespace millrace::tls {

/// A certificate that was read. Any thread may look at it.
class certificate {
public:
  /// User error: the text is none. `what` names it.
  [[nodiscard]] static expected<certificate> from_pem(std::string_view pem, std::string_view what);
  /// Shares libcrypto's.
  [[nodiscard]] static certificate share(x509_st* x);

  [[nodiscard]] x509_st* get() const { return x_.get(); }
  /// The name of its node or client, as it may be shown; "?" where it does not have just one.
  [[nodiscard]] std::string name() const;
  [[nodiscard]] validity valid() const;
  /// The hosts that it is for, in their order.
  [[nodiscard]] std::vector<std::string> hosts() const;

private:
  explicit certificate(std::shared_ptr<x509_st> x) : x_(std::move(x)) {}
  std::shared_ptr<x509_st> x_;
};

/// The peer that a connection is meant to reach, or to come from.
struct expected_peer {
  bool is_server = false;  // it was connected to, so it must be a node; else any node or client may have come
  bool is_node = false;    // only a node may have come
  std::string name = {};   // the name that it gives itself; empty: it has given none
  std::string host = {};   // the host that was connected to; empty: any
};

struct verified_peer {
  role is = role::node;
  std::string name;
  event_micros until = 0;
};

enum class peer_fault : std::uint8_t {
  foreign_authority,
  expired,
  not_yet_valid,
  wrong_usage,
  wrong_name,
  wrong_host,
  damaged,
};

struct peer_refusal {
  peer_fault what = peer_fault::damaged;
  std::string why;  // one line, with the remedy
};

[[nodiscard]] tl::expected<verified_peer, peer_refusal> verify_peer(const certificate& shown,
                                                                    const certificate& authority,
                                                                    const expected_peer& whom,
                                                                    event_micros now);

}  // namespace millrace::tls
