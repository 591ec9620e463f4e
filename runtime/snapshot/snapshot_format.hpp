// A record of a snapshot chain: header, actor's name, payload. A base is a file; increments and openings lie
// one after another in files that grow. Drawn in docs/development/formats.md, kept by golden files. In every file of a
// state folder the version stands at byte 8 and the checksum at byte 16, also in later versions, so that a
// later format is told from damage.
#pragma once

#include "runtime/base/ids.hpp"
#include "runtime/snapshot/checksum.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace millrace::snapshot {

enum class record_kind : std::uint8_t {
  base = 1,       // the whole state up to its sequence number
  increment = 2,  // the changes since its predecessor
  opening = 3,    // an incarnation has begun; fences the older ones, holds nothing
};

struct record_header {
  char magic[8];
  std::uint16_t version;
  record_kind kind;
  std::uint8_t copies;  // the number of durable copies when the append was durable
  std::uint32_t name_length;
  std::uint64_t checksum;  // XXH3-64 of the whole record, this field taken as 0
  std::uint64_t sequence;
  std::uint64_t life;         // chain::number_of
  std::uint64_t predecessor;  // sequence number; of a base its own: the record that it replaces
  std::uint64_t predecessor_checksum;
  std::uint64_t payload_length;
};
static_assert(sizeof(record_header) == 64, "a snapshot record's header is 64 bytes");

struct record {
  record_kind kind = record_kind::increment;
  std::uint8_t copies = 1;
  std::uint64_t sequence = 0;
  std::uint64_t life = 0;  // chain::number_of
  std::uint64_t predecessor = 0;
  std::uint64_t predecessor_checksum = 0;
  std::uint64_t checksum = 0;  // filled in by seal() and decode_record()
  std::string payload;
};

/// The header of a record whose payload is `payload` (record's own is not looked at).
[[nodiscard]] record_header seal(const record& r, std::string_view actor, std::string_view payload);
/// Fills `out` when whole. A record of another actor is damage: it cannot have got here by itself.
[[nodiscard]] reading decode_record(std::string_view bytes, std::string_view actor, record& out);

/// Likewise of the record that `bytes` begin with; `size` is its length when it is whole.
[[nodiscard]] reading decode_first_record(std::string_view bytes, std::string_view actor, record& out,
                                          std::size_t& size);
/// The header that `bytes` begin with, without a look at its checksum. None: it is no record's.
[[nodiscard]] std::optional<record_header> record_head(std::string_view bytes);
/// Returns whether `bytes` end within the record that they begin with, as far as its header says.
[[nodiscard]] bool is_cut_short(std::string_view bytes);
/// Returns whether a whole record begins anywhere in `bytes`.
[[nodiscard]] bool holds_a_record(std::string_view bytes, std::string_view actor);

}  // namespace millrace::snapshot
