// The record in the table's side file: whose the table is, what of it is staged, what is being published, the
// progress. Replacing it is the one step of a commit.
//   varint version=1 | owner | varint staged bytes, staged rows, bytes of rows, next number | svarint since |
//   varint count, of each file to publish: strings hidden, visible | varint next rejected, count, of each
//   rejected row: varint sequence, strings record, error | u8 flags (1 progress) | progress
#pragma once

#include "actors/stream/sink/sink.hpp"
#include "actors/stream/sink/target_owner.hpp"

#include <optional>
#include <string>
#include <vector>

namespace millrace::sink {

/// A whole file on its way from its hidden to its visible name.
struct whole_file {
  std::string hidden;
  std::string visible;
  friend bool operator==(const whole_file&, const whole_file&) = default;
};

struct table_record {
  target_owner owner;
  std::uint64_t staged_bytes = 0;  // committed bytes of the staging file
  std::uint64_t staged_rows = 0;
  std::uint64_t row_bytes = 0;    // those of the rows alone
  std::uint64_t next_number = 1;  // of a file of this state
  event_micros since = 0;         // when the first staged row was committed
  std::vector<whole_file> to_publish;
  std::uint64_t next_rejected = 1;
  std::vector<rejected_row> rejected;
  std::optional<progress> at;
};

/// As writer::rejected() and writer::forget_rejected() say it.
[[nodiscard]] std::vector<rejected_row> rejected_after(const table_record& r, std::uint64_t after,
                                                       std::size_t limit);
void forget_rejected(table_record& r, std::uint64_t up_to);

[[nodiscard]] std::string encode_record(const table_record& r);
[[nodiscard]] expected<table_record> decode_table_record(std::string_view bytes);

}  // namespace millrace::sink
