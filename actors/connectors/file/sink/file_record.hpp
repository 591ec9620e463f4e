// The file sink keeps this record in its side file, and a life takes the target over by it.
//   varint version=1 | owner | varint length, first, number, rows | svarint since | u8 flags (1 to publish, 2
//   progress) | progress
#pragma once

#include "actors/stream/sink/files/record_parts.hpp"
#include "actors/stream/sink/files/side_file.hpp"

#include <optional>
#include <string>

namespace millrace::sink {

struct file_record {
  target_owner owner;
  std::uint64_t length = 0;  // committed bytes of the file that is being written
  std::uint64_t first = 0;   // number of the first file that this state wrote (rolled)
  std::uint64_t number = 0;  // that file's number; 0 for an appended one
  std::uint64_t rows = 0;    // committed rows of that file (rolled)
  event_micros since = 0;    // the commit of its first row (rolled)
  bool publish = false;      // it is whole: it only needs its visible name
  std::optional<progress> at;
};

[[nodiscard]] std::string encode_record(const file_record& r);
[[nodiscard]] expected<file_record> decode_record(std::string_view bytes);

struct opened_side {
  side_file::guard locked;
  taken_over<file_record> found;
};
/// Makes the target's folders, opens its side file into `side`, locks it and takes the target over.
[[nodiscard]] expected<opened_side> open_side(const std::filesystem::path& target, const claim& who,
                                              std::optional<side_file>& side, at_start begin);

}  // namespace millrace::sink
