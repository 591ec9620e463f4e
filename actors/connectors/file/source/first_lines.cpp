#include "actors/connectors/file/source/first_lines.hpp"

#include "actors/connectors/file/source/line_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace millrace::source {
namespace {

constexpr std::size_t enough_for_names = 4096;  // a longer line comes whole

/// Returns how many bytes so many lines have, and takes those that are there from `lines`.
expected<std::uint64_t> pass_lines(byte_stream& stream, std::size_t& lines, bool is_whole) {
  std::uint64_t passed = 0;
  std::uint64_t behind = 0;
  for (std::array<char, enough_for_names> bytes{}; lines > 0;) {
    const auto got = stream.read(bytes.data(), bytes.size());
    if (!got)
      return tl::make_unexpected(got.error());
    for (std::size_t at = 0; at < *got && lines > 0; ++at) {
      if (bytes[at] != '\n')
        continue;
      --lines;
      behind = passed + at + 1;
    }
    passed += *got;
    if (*got == 0)
      return is_whole ? passed : behind;
  }
  return behind;
}

}  // namespace

expected<first_lines> read_first_lines(const wants& wanted, const std::string& path, std::int64_t major,
                                       std::uint64_t begin, bool is_whole, const open_at& open) {
  first_lines out{.behind_skipped = begin};
  auto left = wanted.skip;
  if (left > 0) {
    auto stream = open(begin);
    if (!stream)
      return tl::make_unexpected(std::move(stream.error()));
    const auto passed = pass_lines(**stream, left, is_whole);
    if (!passed)
      return tl::make_unexpected(passed.error());
    out.behind_skipped += *passed;
  }
  out.are_all = is_whole || (left == 0 && !wanted.header);
  if (left > 0 || !wanted.header)
    return out;
  auto stream = open(out.behind_skipped);
  if (!stream)
    return tl::make_unexpected(std::move(stream.error()));
  line_reader lines(std::move(*stream), path, major, out.behind_skipped, wanted.frame);
  for (bool ended = false; !ended;) {
    chunk first;
    auto read = lines.read(first, enough_for_names, is_whole);
    if (!read)
      return tl::make_unexpected(std::move(read.error()));
    if (first.is_cut(0))
      return user_error(ec::refused,
                        fmt::format("{}: its header line is longer than {} MiB, so that it names no "
                                    "columns; mend the file, then begin anew with --fresh",
                                    path, longest_line >> 20U));
    if (first.records() > 0) {
      out.header = header_line{std::string(first.record(0)), first.positions[0]};
      out.are_all = true;
      break;
    }
    ended = *read;
  }
  return out;
}

}  // namespace millrace::source
