#include "actors/stream/spool/spool_format.hpp"

#include <fmt/format.h>

#include <bit>
#include <charconv>
#include <cstring>

namespace millrace::spool {
namespace {

static_assert(std::endian::native == std::endian::little, "the formats on disk are little-endian");

constexpr char magic[8] = {'M', 'R', 'S', 'P', 'O', 'L', '\r', '\n'};
constexpr std::uint16_t version = 1;
constexpr std::string_view name_begin = "log-";
constexpr std::size_t digits = 20;  // the digits of 2^64

std::uint64_t checksum_of_frame(std::uint64_t position, frame_header h, std::string_view record) {
  h.checksum = position;
  return snapshot::checksum_of({snapshot::bytes_of(h), record});
}

std::uint64_t checksum_of_header(segment_header h) {
  h.checksum = 0;
  return snapshot::checksum_of({snapshot::bytes_of(h)});
}

}  // namespace

std::string segment_name(std::uint64_t base) { return fmt::format("{}{:020}", name_begin, base); }

std::optional<std::uint64_t> parse_segment_name(std::string_view name) {
  if (!name.starts_with(name_begin) || name.size() != name_begin.size() + digits)
    return std::nullopt;
  std::uint64_t base = 0;
  const auto* const end = name.data() + name.size();
  const auto [at, failed] = std::from_chars(name.data() + name_begin.size(), end, base);
  if (failed != std::errc() || at != end)
    return std::nullopt;
  return base;
}

std::string encode_header(std::uint64_t base) {
  segment_header h{};
  std::memcpy(h.magic, magic, sizeof magic);
  h.version = version;
  h.base = base;
  h.checksum = checksum_of_header(h);
  return std::string(snapshot::bytes_of(h));
}

snapshot::reading check_header(std::string_view bytes, std::uint64_t base) {
  segment_header h{};
  if (bytes.size() < sizeof h)
    return snapshot::reading::damaged;
  std::memcpy(&h, bytes.data(), sizeof h);
  if (std::memcmp(h.magic, magic, sizeof magic) != 0)
    return snapshot::reading::damaged;
  if (h.version > version)
    return snapshot::reading::later;
  return h.checksum == checksum_of_header(h) && h.base == base ? snapshot::reading::whole
                                                               : snapshot::reading::damaged;
}

void append_frame(std::string& out, std::uint64_t position, event_micros time, std::string_view record,
                  frame_kind kind) {
  frame_header h{};
  h.time = time;
  h.length = static_cast<std::uint32_t>(record.size());
  h.kind = static_cast<std::uint32_t>(kind);
  h.checksum = checksum_of_frame(position, h, record);
  out.append(snapshot::bytes_of(h)).append(record);
}

std::optional<frame> read_frame(std::string_view bytes, std::uint64_t position) {
  frame_header h{};
  if (bytes.size() < sizeof h)
    return std::nullopt;
  std::memcpy(&h, bytes.data(), sizeof h);
  if (h.length > bytes.size() - sizeof h)
    return std::nullopt;
  const auto record = bytes.substr(sizeof h, h.length);
  if (checksum_of_frame(position, h, record) != h.checksum)
    return std::nullopt;
  return frame{h.time, static_cast<frame_kind>(h.kind), record, sizeof h + h.length};
}

std::size_t frame_size(std::string_view bytes) {
  frame_header h{};
  std::memcpy(&h, bytes.data(), sizeof h);
  return sizeof h + h.length;
}

std::size_t whole_frames(std::string_view bytes, std::uint64_t position) {
  std::size_t at = 0;
  while (const auto f = read_frame(bytes.substr(at), position + at))
    at += f->size;
  return at;
}

}  // namespace millrace::spool
