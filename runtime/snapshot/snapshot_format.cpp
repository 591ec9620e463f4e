#include "runtime/snapshot/snapshot_format.hpp"

#include "runtime/snapshot/sealed_file.hpp"

#include <cstring>

namespace millrace::snapshot {
namespace {

constexpr file_mark record_mark{{'M', 'R', 'S', 'N', 'A', 'P', '\r', '\n'}, 1};

/// `bytes` begin with this header, and end before its record does.
bool reaches_beyond(const record_header& h, std::string_view bytes) {
  const auto rest = bytes.size() - sizeof h;
  return h.name_length > rest || h.payload_length > rest - h.name_length;
}

}  // namespace

record_header seal(const record& r, std::string_view actor, std::string_view payload) {
  record_header h{};
  h.kind = r.kind;
  h.copies = r.copies;
  h.sequence = r.sequence;
  h.life = r.life;
  h.predecessor = r.predecessor;
  h.predecessor_checksum = r.predecessor_checksum;
  seal(h, record_mark, actor, payload);
  return h;
}

reading decode_record(std::string_view bytes, std::string_view actor, record& out) {
  record_header h{};
  std::string_view payload;
  const auto result = unseal(bytes, record_mark, actor, h, payload);
  if (result == reading::whole)
    out = {h.kind,        h.copies,
           h.sequence,    h.life,
           h.predecessor, h.predecessor_checksum,
           h.checksum,    std::string(payload)};
  return result;
}

reading decode_first_record(std::string_view bytes, std::string_view actor, record& out, std::size_t& size) {
  record_header h{};
  if (bytes.size() < sizeof h)
    return reading::damaged;
  std::memcpy(&h, bytes.data(), sizeof h);
  if (h.version > record_mark.version)  // its length is not known: it is one record or damaged
    return decode_record(bytes, actor, out);
  if (reaches_beyond(h, bytes))
    return reading::damaged;
  size = sizeof h + h.name_length + h.payload_length;
  return decode_record(bytes.substr(0, size), actor, out);
}

std::optional<record_header> record_head(std::string_view bytes) {
  record_header h{};
  if (bytes.size() < sizeof h)
    return std::nullopt;
  std::memcpy(&h, bytes.data(), sizeof h);
  if (std::memcmp(h.magic, record_mark.magic, sizeof h.magic) != 0)
    return std::nullopt;
  return h;
}

bool is_cut_short(std::string_view bytes) {
  const std::string_view magic(record_mark.magic, sizeof record_mark.magic);
  if (bytes.size() < sizeof(record_header))
    return magic.starts_with(bytes.substr(0, magic.size()));
  const auto head = record_head(bytes);
  return head && reaches_beyond(*head, bytes);
}

bool holds_a_record(std::string_view bytes, std::string_view actor) {
  const std::string_view magic(record_mark.magic, sizeof record_mark.magic);
  record r;
  std::size_t size = 0;
  for (auto at = bytes.find(magic); at != std::string_view::npos; at = bytes.find(magic, at + 1))
    if (decode_first_record(bytes.substr(at), actor, r, size) != reading::damaged)
      return true;
  return false;
}

}  // namespace millrace::snapshot
