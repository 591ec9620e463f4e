// Bytes of a spool's segment files. A segment is a header and then frames, one a record; a record's position
// is where its frame would lie if all segments were one file without headers. Pure.
#pragma once

#include "runtime/base/ids.hpp"
#include "runtime/snapshot/checksum.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace millrace::spool {

struct segment_header {
  char magic[8];
  std::uint16_t version;
  std::uint16_t reserved;
  std::uint32_t reserved_too;
  std::uint64_t checksum;  // XXH3-64 of the header, this field taken as 0
  std::uint64_t base;      // position of the first frame
};
static_assert(sizeof(segment_header) == 32, "the header of a spool's segment is 32 bytes");

enum class frame_kind : std::uint32_t {
  record = 0,
  note = 1,       // the writer's own, at the beginning of a segment; no reader sees it
  beginning = 2,  // the beginning of a record that was cut or too long to be taken
};

struct frame_header {
  std::uint64_t checksum;  // XXH3-64 of the record's position, the two fields below and its bytes
  std::int64_t time;       // the moment of its arrival, microseconds since 1970
  std::uint32_t length;
  std::uint32_t kind;  // frame_kind
};
static_assert(sizeof(frame_header) == 24, "the header of a spool's frame is 24 bytes");

/// "log-<20 digits of the base>".
[[nodiscard]] std::string segment_name(std::uint64_t base);
[[nodiscard]] std::optional<std::uint64_t> parse_segment_name(std::string_view name);

[[nodiscard]] std::string encode_header(std::uint64_t base);
/// Whole only where it names `base`.
[[nodiscard]] snapshot::reading check_header(std::string_view bytes, std::uint64_t base);

void append_frame(std::string& out, std::uint64_t position, event_micros time, std::string_view record,
                  frame_kind kind = frame_kind::record);

struct frame {
  event_micros time = 0;
  frame_kind kind = frame_kind::record;
  std::string_view record;
  std::size_t size = 0;  // the frame's size
};
/// The frame at the beginning of `bytes`; nothing if it is cut off or damaged.
[[nodiscard]] std::optional<frame> read_frame(std::string_view bytes, std::uint64_t position);
/// Measures a frame that is known to be whole.
[[nodiscard]] std::size_t frame_size(std::string_view bytes);
/// Returns how many of these bytes are whole frames, one after another.
[[nodiscard]] std::size_t whole_frames(std::string_view bytes, std::uint64_t position);

}  // namespace millrace::spool
