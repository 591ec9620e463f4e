#include "runtime/snapshot/journal_format.hpp"

#include <cstring>
#include <utility>

namespace millrace::snapshot {
namespace {

constexpr char journal_magic[8] = {'M', 'R', 'J', 'O', 'U', 'R', '\r', '\n'};
constexpr std::uint16_t journal_version = 1;

std::uint64_t entry_checksum(std::uint64_t generation, journal_entry_header h, std::string_view payload) {
  h.checksum = 0;
  return checksum_of({bytes_of(generation), bytes_of(h), payload});
}

}  // namespace

void append_journal_entry(std::string& out, std::uint64_t generation, std::uint32_t ordinal,
                          std::string_view payload) {
  journal_entry_header h{static_cast<std::uint32_t>(payload.size()), ordinal, 0};
  h.checksum = entry_checksum(generation, h, payload);
  out.append(bytes_of(h));
  out.append(payload);
}

std::string encode_journal(std::string_view actor, std::uint64_t generation, incarnation life,
                           const std::vector<std::string>& entries) {
  std::string body;
  std::uint32_t ordinal = 0;
  for (const auto& e : entries)
    append_journal_entry(body, generation, ordinal++, e);
  journal_header h{};
  std::memcpy(h.magic, journal_magic, sizeof h.magic);
  h.version = journal_version;
  h.name_length = static_cast<std::uint32_t>(actor.size());
  h.generation = generation;
  h.life = life;
  h.at_once = body.size();
  h.checksum = checksum_of({bytes_of(h), actor});
  std::string out(bytes_of(h));
  out.append(actor);
  out.append(body);
  return out;
}

reading decode_journal(std::string_view bytes, std::string_view actor, journal_contents& out) {
  journal_header h{};
  if (bytes.size() < sizeof h)
    return reading::damaged;
  std::memcpy(&h, bytes.data(), sizeof h);
  const auto stored = std::exchange(h.checksum, 0);
  bytes.remove_prefix(sizeof h);
  if (std::memcmp(h.magic, journal_magic, sizeof h.magic) != 0 || h.name_length > bytes.size())
    return reading::damaged;
  const auto name = bytes.substr(0, h.name_length);
  bytes.remove_prefix(h.name_length);
  if (checksum_of({bytes_of(h), name}) != stored)
    return reading::damaged;
  if (h.version > journal_version)
    return reading::later;
  if (name != actor)
    return reading::damaged;
  out = {h.generation, h.life, {}, false};
  const auto all = bytes.size();
  while (!bytes.empty()) {
    journal_entry_header e{};
    if (bytes.size() < sizeof e)
      break;
    std::memcpy(&e, bytes.data(), sizeof e);
    if (e.length > bytes.size() - sizeof e || e.ordinal != out.entries.size())
      break;
    const auto payload = bytes.substr(sizeof e, e.length);
    if (entry_checksum(h.generation, e, payload) != e.checksum)
      break;
    out.entries.emplace_back(payload);
    bytes.remove_prefix(sizeof e + e.length);
  }
  out.is_torn = !bytes.empty();
  return all - bytes.size() < h.at_once ? reading::damaged : reading::whole;
}

}  // namespace millrace::snapshot
