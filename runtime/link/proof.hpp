// Lets two nodes prove to each other, on a connection in plain text, that they read the store of one cluster.
// The store has a secret, which never goes over the connection: each end makes a number that nobody can
// foresee, and shows HMAC-SHA-256 of both numbers, both names and the address under that secret. So a
// recording proves nothing on another connection, and the proof of one end proves nothing for the other end,
// for another node or at another address. Pure: sockets and chance are the callers'. Drawn in
// docs/development/formats.md, covered by a golden file and a fuzzer.
//
// The node that accepts: challenge(), then take() until it is judged, then own_proof(). The node that connects:
// answer(), then is_proof().
#pragma once

#include "runtime/base/error.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace millrace::link {

/// 128 bits of chance, new for each connection.
using nonce = std::array<char, 16>;
[[nodiscard]] nonce random_nonce();

inline constexpr std::size_t challenge_size = 4 + 2 + sizeof(nonce);
inline constexpr std::size_t proof_size = 32;
/// Size of the secret that a store has: text of 128 bits of chance, as random_id() makes it.
inline constexpr std::size_t link_secret_size = 32;

/// The node that accepts a connection; one of these for each.
class doorkeeper {
public:
  /// `me`: this node's name. `at`: the address and port of the connection at this end.
  doorkeeper(std::string secret, std::string me, std::string at, const nonce& mine)
      : secret_(std::move(secret)), me_(std::move(me)), at_(std::move(at)), mine_(mine) {}

  /// Returns what is said first.
  [[nodiscard]] std::string challenge() const;
  /// Returns how many bytes take() is to have next: 1 to 255, bounded for any peer.
  [[nodiscard]] std::size_t wants() const { return wants_; }
  enum class judged : std::uint8_t { more, proved, foreign, unproved };
  /// Takes exactly as many bytes as it wants; never trusts them. `foreign`: no node of this version says that; `unproved`: its
  /// proof is wrong. The last three are final.
  [[nodiscard]] judged take(std::string_view bytes);
  /// The node that has connected; known after `proved`, when this is the next call.
  [[nodiscard]] const std::string& peer() const { return peer_; }
  /// Returns what proves this node to the other one.
  [[nodiscard]] std::string own_proof() const;

private:
  enum class part : std::uint8_t { mark, proof, name };

  std::string secret_, me_, at_;
  nonce mine_;
  part part_ = part::mark;
  std::size_t wants_ = 4;
  nonce theirs_{};
  std::string shown_;  // their proof
  std::string peer_;
};

/// Holds what the node that connects says, and what it is to hear then.
struct answered {
  std::string bytes;
  std::string proof;
};
/// `me`: this node's name, of 1 to 255 bytes; `peer`: whom it connects to; `at`: the address and port of the
/// connection at the peer's end. No value where `challenge` is none of this version.
[[nodiscard]] std::optional<answered> answer(std::string_view challenge, std::string_view secret,
                                             std::string_view me, std::string_view peer, std::string_view at,
                                             const nonce& mine);
/// Tells whether these bytes are a challenge of this version.
[[nodiscard]] bool is_challenge(std::string_view bytes);
/// Compares in a time that does not depend on where they differ.
[[nodiscard]] bool is_proof(std::string_view shown, std::string_view expected);

}  // namespace millrace::link
