#include "runtime/snapshot/snapshot_format.hpp"

#include "runtime/snapshot/sealed_file.hpp"

#include <fmt/format.h>

#include <charconv>

namespace millrace::snapshot {
namespace {

constexpr file_mark record_mark{{'M', 'R', 'S', 'N', 'A', 'P', '\r', '\n'}, 1};
constexpr std::size_t sequence_digits = 20;  // of 2^64: names sort as numbers do
constexpr std::string_view copy_suffix = ".copy";

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
