// The bytes of a chain's records in a Kafka topic. A record is cut into pieces, each of which is a message of
// its own; the key of a message names the piece and is never used for another one. docs/development/formats.md has the
// layout. Plain functions without I/O.
#pragma once

#include "runtime/chain/life.hpp"

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::kafka_chain {

/// Brokers take batches of 1,048,588 bytes by default, and librdkafka makes them of up to 1,000,000: keys,
/// headers and a small neighbour have to fit in, too.
inline constexpr std::size_t largest_piece = 900'000;
/// A base is sent from memory and held there several times.
inline constexpr std::uint64_t largest_payload = std::uint64_t{256} << 20;
inline constexpr std::uint32_t most_pieces = largest_payload / largest_piece + 1;
/// Chains lie in so many partitions of their topic, the first ones; part of the format, since a chain is
/// looked for where a hash of its actor says.
inline constexpr int partitions = 16;
/// Bounds the bytes of topology and actor together: keys are small beside pieces.
inline constexpr std::size_t longest_owner = 4'096;

/// The values are part of the stored format.
enum class record_kind : std::uint8_t { opening = 1, increment = 2, base = 3 };

/// Names whose records they are; they are part of every key.
struct owner {
  std::string topology;
  std::string actor;
};

/// Names one opening of a life, and orders them: an opening whose answer was lost and another instance of the
/// actor in its process may choose the same count at once, and then the greater random number is the higher
/// life.
struct writer_id {
  chain::life life;
  std::uint64_t opening = 0;  // random
  friend auto operator<=>(const writer_id&, const writer_id&) = default;
};

struct record_name {
  writer_id by;
  /// An opening has 0 where it goes on from all that stands before it, else the number that its first record
  /// gets, so that records before it under that number or a greater one do not count (R4).
  std::uint64_t number = 0;
  record_kind kind = record_kind::opening;
  friend auto operator<=>(const record_name&, const record_name&) = default;
};

/// Names a message; `piece` counts from 0.
struct piece_key {
  record_name record;
  std::uint32_t piece = 0;
  friend auto operator<=>(const piece_key&, const piece_key&) = default;
};

/// A message goes to the topic. A message without a value is a tombstone: the message of that key goes.
struct message {
  std::string key;
  std::optional<std::string> value;
};

/// All keys of an owner begin so, and no others.
[[nodiscard]] std::string prefix_of(const owner& of);
/// Returns the actor of a prefix that prefix_of() has made for the topology; none where it is another one's.
[[nodiscard]] std::optional<std::string> actor_in(std::string_view prefix, std::string_view topology);
/// All keys of a topology begin so, and no others.
[[nodiscard]] std::string prefix_of_topology(std::string_view topology);
/// Returns a number from 0 to partitions - 1.
[[nodiscard]] int partition_of(std::string_view prefix);

[[nodiscard]] std::string encode_key(std::string_view prefix, const piece_key& key);
struct split_key {
  std::string_view prefix;
  piece_key key;
};
/// Returns none where these bytes are no key of this format, or a damaged one.
[[nodiscard]] std::optional<split_key> decode_key(std::string_view bytes);
/// A key of a later format begins as one of this one, but for the version.
[[nodiscard]] bool is_of_another_version(std::string_view key);

/// Cuts a record into messages with so many bytes of payload: at least one, of which the last has the
/// record's checksum.
[[nodiscard]] std::vector<message> cut(std::string_view prefix, const record_name& name,
                                       std::string_view payload, std::size_t bytes = largest_piece);

struct piece_digest {
  std::uint32_t pieces = 0;               // pieces of the record
  std::size_t bytes = 0;                  // bytes of the payload in this piece
  std::uint64_t hash = 0;                 // the hash of these bytes
  std::optional<std::uint64_t> checksum;  // the whole record's, in its last piece
};
struct piece {
  piece_digest digest;
  std::string_view payload;
};
/// Returns none where these bytes are not the value of that piece.
[[nodiscard]] std::optional<piece> decode_value(std::uint32_t number_of_piece, std::string_view bytes);

/// The checksum that the last piece of a record must have, given the hashes of all its pieces.
[[nodiscard]] std::uint64_t checksum_of_record(std::string_view prefix, const record_name& name,
                                               const std::vector<std::uint64_t>& hashes);

/// Holds what a reader has seen of a message, without its payload.
struct sighting {
  std::uint64_t offset = 0;
  piece_key key;
  bool is_tombstone = false;
  std::optional<piece_digest> digest;  // none of a tombstone, and where the value is damaged
};

}  // namespace millrace::kafka_chain
