// A journal as a file: a header, then entries. Drawn in docs/formats.md, kept by golden files. The file grows
// by appending, so its end may be torn; what the header counts as written at once may not.
#pragma once

#include "runtime/base/ids.hpp"
#include "runtime/snapshot/checksum.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::snapshot {

struct journal_header {
  char magic[8];
  std::uint16_t version;
  std::uint16_t reserved;
  std::uint32_t name_length;
  std::uint64_t checksum;    // XXH3-64 of header and name, this field taken as 0
  std::uint64_t generation;  // higher with each rewriting; the copy with the higher one counts
  std::uint64_t life;        // incarnation that has rewritten it
  std::uint64_t at_once;     // bytes of entries that were there when the file got its name
};
static_assert(sizeof(journal_header) == 48, "the journal file's header is 48 bytes");

struct journal_entry_header {
  std::uint32_t length;
  std::uint32_t ordinal;   // in this file, from 0
  std::uint64_t checksum;  // XXH3-64 of generation, length, ordinal and payload
};
static_assert(sizeof(journal_entry_header) == 16, "a journal entry's header is 16 bytes");

struct journal_contents {
  std::uint64_t generation = 0;
  incarnation life = 0;
  std::vector<std::string> entries;  // whole ones, up to the first that is not
  bool is_torn = false;              // something lies behind the last whole entry
};

void append_journal_entry(std::string& out, std::uint64_t generation, std::uint32_t ordinal,
                          std::string_view payload);
[[nodiscard]] std::string encode_journal(std::string_view actor, std::uint64_t generation, incarnation life,
                                         const std::vector<std::string>& entries);
/// A torn end is no damage; one inside of what was written at once is.
[[nodiscard]] reading decode_journal(std::string_view bytes, std::string_view actor, journal_contents& out);

}  // namespace millrace::snapshot
