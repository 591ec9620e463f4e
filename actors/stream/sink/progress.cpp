// The progress format: what sinks store as one opaque value (side files, Kafka's offset metadata).
//   'P' version=1 | varint batch | string counters | varint m | m different marks, ascending | varint n | n
//   logs, ascending by name: varint bytes shared with the name before, string rest, varint index of its mark
//   | u32 checksum
// A mark is flags and then only what they do not say, as differences to the mark before. Most shards of a
// window stand at the same mark: 200 of them take about 1 KB.
#include "actors/stream/sink/sink.hpp"
#include "runtime/wire/bytes.hpp"

#include <xxhash.h>

#include <algorithm>

namespace millrace::sink {
namespace {

constexpr char magic = 'P';
constexpr char version = 1;
constexpr std::size_t checksum_size = sizeof(std::uint32_t);

enum flag : std::uint8_t {
  minor_is_whole = 1,  // the usual position of a window's output between windows
  no_watermark_yet = 2,
  watermark_at_end = 4,
  same_major = 8,
  same_watermark = 16,
};

std::uint32_t checksum(std::string_view bytes) {
  return static_cast<std::uint32_t>(XXH3_64bits(bytes.data(), bytes.size()));
}

// Differences wrap around, so that the extreme values need no case of their own.
std::int64_t minus(std::int64_t a, std::int64_t b) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) - static_cast<std::uint64_t>(b));
}
std::int64_t plus(std::int64_t a, std::int64_t b) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) + static_cast<std::uint64_t>(b));
}

std::size_t shared_prefix(std::string_view a, std::string_view b) {
  const auto n = std::min(a.size(), b.size());
  return static_cast<std::size_t>(
      std::mismatch(a.begin(), a.begin() + static_cast<std::ptrdiff_t>(n), b.begin()).first - a.begin());
}

void put_mark(wire::writer& out, mark& last, const mark& m) {
  std::uint8_t flags = 0;
  if (m.at.minor == whole)
    flags |= minor_is_whole;
  if (m.at.major == last.at.major)
    flags |= same_major;
  if (m.watermark == no_watermark)
    flags |= no_watermark_yet;
  else if (m.watermark == end_of_time)
    flags |= watermark_at_end;
  else if (m.watermark == last.watermark)
    flags |= same_watermark;
  out.fixed(flags);
  if (!(flags & same_major))
    out.svarint(minus(m.at.major, last.at.major));
  if (!(flags & minor_is_whole))
    out.svarint(m.at.minor);
  if (!(flags & (no_watermark_yet | watermark_at_end | same_watermark)))
    out.svarint(minus(m.watermark, last.watermark));
  last = m;
}

mark read_mark(wire::reader& in, const mark& last) {
  const auto flags = in.fixed<std::uint8_t>();
  mark m;
  m.at.major = flags & same_major ? last.at.major : plus(last.at.major, in.svarint());
  m.at.minor = flags & minor_is_whole ? whole : in.svarint();
  if (flags & no_watermark_yet)
    m.watermark = no_watermark;
  else if (flags & watermark_at_end)
    m.watermark = end_of_time;
  else
    m.watermark = flags & same_watermark ? last.watermark : plus(last.watermark, in.svarint());
  return m;
}

void put_positions(wire::writer& out, const std::map<log_id, mark>& positions) {
  std::map<mark, std::size_t> index;
  for (const auto& [name, m] : positions)
    index.emplace(m, 0);
  out.varint(index.size());
  std::size_t next = 0;
  mark last{{}, 0};
  for (auto& [m, i] : index) {
    i = next++;
    put_mark(out, last, m);
  }
  out.varint(positions.size());
  std::string_view before;
  for (const auto& [name, m] : positions) {
    const auto shared = shared_prefix(before, name);
    out.varint(shared);
    out.string(std::string_view(name).substr(shared));
    out.varint(index.at(m));
    before = name;
  }
}

/// Returns false for anything that put_positions does not write.
bool read_positions(wire::reader& in, std::map<log_id, mark>& positions) {
  std::vector<mark> marks;
  mark last{{}, 0};
  for (auto n = in.varint(); n > 0 && in.ok(); --n)
    marks.push_back(last = read_mark(in, last));
  std::string before;
  for (auto n = in.varint(); n > 0; --n) {
    const auto shared = in.varint();
    const auto rest = in.string();
    const auto index = in.varint();
    if (!in.ok() || shared > before.size() || index >= marks.size())
      return false;
    auto name = before.substr(0, shared).append(rest);
    if (!positions.empty() && name <= before)
      return false;
    positions.emplace_hint(positions.end(), name, marks[index]);
    before = std::move(name);
  }
  return in.ok();
}

unexpected damaged(std::string_view how) {
  return fatal_error(ec::corrupt,
                     "the progress that the sink has stored is damaged (" + std::string(how) + ")");
}

}  // namespace

std::string encode_progress(const progress& p) {
  wire::writer out;
  out.fixed(magic);
  out.fixed(version);
  out.varint(p.batch);
  out.string(p.counters);
  put_positions(out, p.positions);
  out.fixed(checksum(out.bytes()));
  return out.take();
}

expected<progress> decode_progress(std::string_view bytes) {
  if (bytes.size() < 2 + checksum_size || bytes[0] != magic)
    return damaged("no progress record");
  if (bytes[1] != version)
    return fatal_error(ec::unsupported,
                       "the sink's progress was stored by another version of millrace (format " +
                           std::to_string(static_cast<unsigned char>(bytes[1])) +
                           ", this one reads 1); go on with that version, or start over with --fresh");
  const auto body = bytes.substr(0, bytes.size() - checksum_size);
  if (wire::reader(bytes.substr(body.size())).fixed<std::uint32_t>() != checksum(body))
    return damaged("its checksum does not match");
  wire::reader in(body.substr(2));
  progress p;
  p.batch = in.varint();
  p.counters = in.string();
  if (!read_positions(in, p.positions))
    return damaged("a log's entry is cut off or out of order");
  if (!in.ok() || !in.at_end())
    return damaged("its length does not match");
  return p;
}

bool has_ended(const std::map<log_id, mark>& positions) {
  return std::all_of(positions.begin(), positions.end(),
                     [](const auto& p) { return p.second.watermark == end_of_time; });
}

}  // namespace millrace::sink
