#include "runtime/snapshot/snapshot_format.hpp"

#include "runtime/snapshot/sealed_file.hpp"

#include <fmt/format.h>

#include <charconv>
#include <cstring>

namespace millrace::snapshot {
namespace {

constexpr file_mark record_mark{{'M', 'R', 'S', 'N', 'A', 'P', '\r', '\n'}, 1};
constexpr std::size_t sequence_digits = 20;  // of 2^64: names sort as numbers do
constexpr std::string_view copy_suffix = ".copy";

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
  if (h.version > record_mark.version)  // how long it is is not known: it is one record or damaged
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

std::string_view actor_in(std::string_view bytes) {
  const auto head = record_head(bytes);
  return head ? bytes.substr(sizeof *head, head->name_length) : std::string_view();
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
