// Dead letters in the store of a cluster: the format of their chains. Pure.
//
// The chain `letters:open` has the open part: one record for each commit, with its letters and the progress of the
// sink. A part that is full stands in a chain of its own, `letters:N`, as one base, its lines alone, before
// `letters:open` begins anew.
//   varint version=1 | varint first, number, rows | svarint since | string progress | string lines
#pragma once

#include "runtime/base/time.hpp"
#include "runtime/chain/chain.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace millrace::sink {

/// A commit, or several of them as one.
struct letter_record {
  std::uint64_t first = 1;   // the number of the oldest part that is kept
  std::uint64_t number = 1;  // the open part's number
  std::uint64_t rows = 0;
  event_micros since = 0;  // the commit of the first of these rows; 0 where there are none
  std::string progress;    // encode_progress(), of the last commit; empty: a file has it (run_handover.hpp)
  std::string lines;       // a JSON object each
  friend bool operator==(const letter_record&, const letter_record&) = default;
};

[[nodiscard]] std::string encode_letters(const letter_record& r);
/// ec::corrupt; ec::unsupported where a later version has written it.
[[nodiscard]] expected<letter_record> decode_letters(std::string_view bytes);
/// Returns the open part as one record. No value: there was no commit yet.
[[nodiscard]] expected<std::optional<letter_record>> open_part_of(chain::contents found);

[[nodiscard]] std::string name_of_open_part();
[[nodiscard]] std::string name_of_part(std::uint64_t number);

}  // namespace millrace::sink
