// Lines that a file begins with and that are no records: those that are skipped, then the one that names columns.
#pragma once

#include "actors/connectors/file/source/byte_stream.hpp"
#include "actors/stream/source/source.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace millrace::source {

struct first_lines {
  std::uint64_t behind_skipped = 0;  // the offset behind those skipped lines that are there
  std::optional<header_line> header = std::nullopt;
  bool are_all = false;  // whatever follows is records
};

/// Opens the content from that offset on.
using open_at = std::function<expected<std::unique_ptr<byte_stream>>(std::uint64_t offset)>;

/// Reads those that `wanted` asks for, from `begin` on. `is_whole`: the file does not grow, so that they are all, and an
/// unterminated line is one. fault::user where the header is too long to be read.
[[nodiscard]] expected<first_lines> read_first_lines(const wants& wanted, const std::string& path,
                                                     std::int64_t major, std::uint64_t begin, bool is_whole,
                                                     const open_at& open);

}  // namespace millrace::source
