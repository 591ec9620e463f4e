// The Kafka sink stores its position in the transaction that has the rows: as an envelope, which is the
// metadata of the committed offset of the sink's own group. If the record makes that too long, it goes to the
// topic millrace-positions, and the envelope points to it.
//   envelope, as base64: varint version=1 | string state id | varint life, sequence | u8 kind |
//     kind 0: string record | kind 1: varint partition, offset | u32 checksum
//   record: u8 has progress, string progress | varint next rejected sequence | varint n | n rejected rows:
//     varint sequence, partition, offset, chunks
#pragma once

#include "actors/stream/sink/sink.hpp"

#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace millrace::sink {

/// Longer metadata goes to the topic. Brokers take 4096 bytes by default (offset.metadata.max.bytes).
inline constexpr std::size_t metadata_limit = 2048;
inline constexpr std::string_view positions_topic = "millrace-positions";

/// Names what a sink has on the brokers: the group that keeps its position, its transactional id, and the beginning of its
/// keys in the positions topic. The topic is part of it, as the position belongs to a topic: jobs of the same names that
/// write to different topics have nothing in common, and into one topic a second state is refused by the position.
[[nodiscard]] std::string name_on_brokers(std::string_view topology, std::string_view sink,
                                          std::string_view topic);

/// Points to a rejected row's parts in the positions topic: `chunks` messages of one key prefix from here on.
struct rejected_place {
  std::uint64_t sequence = 0;
  std::int32_t partition = 0;
  std::int64_t offset = 0;
  std::uint32_t chunks = 1;
};

struct position_record {
  std::optional<progress> at;
  std::uint64_t next_rejected = 1;
  std::vector<rejected_place> rejected;  // places that are not forgotten yet, ascending
};
[[nodiscard]] std::string encode_position(const position_record& r);
[[nodiscard]] expected<position_record> decode_position(std::string_view bytes);

/// Points to the record in the positions topic.
struct record_pointer {
  std::int32_t partition = 0;
  std::int64_t offset = 0;
};
struct envelope {
  std::string state_id;
  incarnation life = 0;
  std::uint64_t sequence = 0;  // the commit's number; also the committed offset
  std::variant<std::string, record_pointer> record;
};
/// Returns text of [A-Za-z0-9+/=].
[[nodiscard]] std::string encode_envelope(const envelope& e);
[[nodiscard]] expected<envelope> decode_envelope(std::string_view text);

}  // namespace millrace::sink
