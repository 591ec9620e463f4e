// The options of the connector "parquet", as they come out, for its writers.
#pragma once

#include "actors/connectors/parquet/sink/open_files.hpp"
#include "actors/stream/sink/files/roll_option.hpp"
#include "actors/stream/sink/target_owner.hpp"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace millrace::sink {

struct parquet_options {
  std::filesystem::path work;  // where hidden files lie; of parquet_writer also the record and what is staged
  std::vector<std::string> partition_by;
  compression packed = compression::snappy;
  bool durable = true;
  at_start begin = at_start::append;
  roll_options roll;  // the size is that of the files of a roll together, about
  open_limits limits;
};

/// Where nothing is said of `roll`.
inline constexpr std::chrono::minutes default_age{1};
/// The record names every file of a roll, so there are not more than it can hold, whatever the partitions.
inline constexpr std::size_t most_files = 4096;
/// Fewer bytes of rows tell nothing of the files' size: the footers are the larger part.
inline constexpr std::uint64_t tells_of_size = 1 << 20;

/// Rows that no folder can be named for, with the numbers from `next` on; `rows` without them. Pure.
struct kept_rows {
  std::vector<rejected_row> refused;
  std::optional<data::batch> kept;  // none: all of them were refused
};
[[nodiscard]] kept_rows without_refused(const data::batch& rows,
                                        std::vector<partitioning::unnameable> refused, std::uint64_t next);

}  // namespace millrace::sink
