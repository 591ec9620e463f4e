#include "runtime/snapshot/snapshot_format.hpp"

#include <fmt/format.h>

#include <charconv>
#include <cstring>
#include <utility>

namespace millrace::snapshot {
namespace {

constexpr char record_magic[8] = {'M', 'R', 'S', 'N', 'A', 'P', '\r', '\n'};
constexpr std::uint16_t record_version = 1;
constexpr std::size_t sequence_digits = 20;  // of 2^64: names sort as numbers do
constexpr std::string_view copy_suffix = ".copy";

}  // namespace

record_header seal(const record& r, std::string_view actor, std::string_view payload) {
  record_header h{};
  std::memcpy(h.magic, record_magic, sizeof h.magic);
  h.version = record_version;
  h.kind = r.kind;
  h.copies = r.copies;
  h.name_length = static_cast<std::uint32_t>(actor.size());
  h.sequence = r.sequence;
  h.life = r.life;
  h.predecessor = r.predecessor;
  h.predecessor_checksum = r.predecessor_checksum;
  h.payload_length = payload.size();
  h.checksum = checksum_of({bytes_of(h), actor, payload});
  return h;
}

reading decode_record(std::string_view bytes, std::string_view actor, record& out) {
  record_header h{};
  if (bytes.size() < sizeof h)
    return reading::damaged;
  std::memcpy(&h, bytes.data(), sizeof h);
  const auto stored = std::exchange(h.checksum, 0);
  bytes.remove_prefix(sizeof h);
  if (std::memcmp(h.magic, record_magic, sizeof h.magic) != 0 || checksum_of({bytes_of(h), bytes}) != stored)
    return reading::damaged;
  if (h.version > record_version)
    return reading::later;
  if (h.name_length > bytes.size() || bytes.substr(0, h.name_length) != actor ||
      h.payload_length != bytes.size() - h.name_length)
    return reading::damaged;
  out = {h.kind,        h.copies,
         h.sequence,    h.life,
         h.predecessor, h.predecessor_checksum,
         stored,        std::string(bytes.substr(h.name_length))};
  return reading::whole;
}

std::string to_file_name(const record_name& name) {
  return fmt::format("{}-{:020}{}", name.is_base ? "base" : "inc", name.sequence,
                     name.is_copy ? copy_suffix : "");
}

bool parse_file_name(std::string_view text, record_name& out) {
  out = {};
  if (text.ends_with(copy_suffix)) {
    out.is_copy = true;
    text.remove_suffix(copy_suffix.size());
  }
  out.is_base = text.starts_with("base-");
  if (!out.is_base && !text.starts_with("inc-"))
    return false;
  text.remove_prefix(text.find('-') + 1);
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out.sequence);
  return error == std::errc{} && end == text.data() + text.size() && text.size() == sequence_digits;
}

}  // namespace millrace::snapshot
