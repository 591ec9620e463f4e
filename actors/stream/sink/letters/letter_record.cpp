#include "actors/stream/sink/letters/letter_record.hpp"

#include "runtime/wire/bytes.hpp"

#include <fmt/format.h>

#include <utility>

namespace millrace::sink {
namespace {

constexpr std::uint64_t version = 1;

}  // namespace

std::string encode_letters(const letter_record& r) {
  wire::writer out;
  out.varint(version);
  out.varint(r.first);
  out.varint(r.number);
  out.varint(r.rows);
  out.svarint(r.since);
  out.string(r.progress);
  out.string(r.lines);
  return out.take();
}

expected<letter_record> decode_letters(std::string_view bytes) {
  wire::reader in(bytes);
  if (const auto found = in.varint(); in.ok() && found != version)
    return user_error(ec::unsupported,
                      fmt::format("the dead letters in the store were written by a later version "
                                  "of millrace (format {}, this one reads {}); run that version",
                                  found, version));
  letter_record r;
  r.first = in.varint();
  r.number = in.varint();
  r.rows = in.varint();
  r.since = in.svarint();
  r.progress = in.string();
  r.lines = in.string();
  if (!in.ok() || !in.at_end() || r.first == 0 || r.first > r.number)
    return fatal_error(ec::corrupt, "a record of the dead letters in the store is damaged");
  return r;
}

expected<std::optional<letter_record>> open_part_of(chain::contents found) {
  std::optional<letter_record> all;
  for (auto& bytes : chain::records_of(std::move(found))) {
    auto next = decode_letters(bytes);
    bytes = {};
    if (!next)
      return unexpected(next.error());
    if (!all) {
      all = std::move(*next);
      continue;
    }
    all->first = next->first;
    all->number = next->number;
    all->rows += next->rows;
    if (all->since == 0)
      all->since = next->since;
    all->progress = std::move(next->progress);
    all->lines += next->lines;
  }
  return all;
}

// No name of a stage has a colon, so these are apart from all actors.
std::string name_of_open_part() { return "letters:open"; }
std::string name_of_part(std::uint64_t number) { return fmt::format("letters:{}", number); }

}  // namespace millrace::sink
