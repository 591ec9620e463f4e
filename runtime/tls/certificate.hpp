// Makes the certificates of a cluster: one authority, and what it signs for nodes and clients. Keys are of the
// curve P-256. A certificate's common name is the name of its node or client; its extended key usage says
// which of the two: a node's serves and asks, a client's only asks. No I/O, but for randomness.
#pragma once

#include "runtime/base/error.hpp"
#include "runtime/base/ids.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::tls {

enum class role : std::uint8_t { node, client };
[[nodiscard]] std::string_view to_string(role r);

/// A certificate and its key, both in PEM.
struct key_and_certificate {
  std::string key;
  std::string certificate;
};

struct validity {
  event_micros from = 0;
  event_micros until = 0;
};

struct subject {
  role is = role::node;
  std::string name = {};
  std::vector<std::string> hosts = {};  // names and addresses that a node is reached at
};

/// An authority whose name nobody else has.
[[nodiscard]] expected<key_and_certificate> make_authority(const validity& when);

/// A new key, and the authority's certificate of it. User errors: a wrong name or host, an authority that is
/// none. No certificate is valid for longer than its authority.
[[nodiscard]] expected<key_and_certificate> make_certificate(const key_and_certificate& authority,
                                                             const subject& of, const validity& when);

}  // namespace millrace::tls
