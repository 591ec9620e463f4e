#include "actors/connectors/file/source/first_lines.hpp"

#include "actors/connectors/file/source/line_reader.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace millrace::source {
namespace {

constexpr std::size_t enough_for_names = 4096;  // a longer line comes whole

}  // namespace

expected<first_lines> read_first_lines(const wants& wanted, const std::string& path, std::int64_t major,
                                       std::uint64_t begin, bool is_whole, const open_at& open) {
  first_lines out{.behind_skipped = begin};
  bool are_skipped = true;
  if (wanted.skip > 0) {
    ASSIGN_OR_RETURN(auto stream, open(begin));
    ASSIGN_OR_RETURN(const auto passed, pass_lines(*stream, wanted.skip));
    are_skipped = passed.lines == wanted.skip;
    out.behind_skipped += is_whole ? passed.all : passed.whole;
  }
  out.are_all = is_whole || (are_skipped && !wanted.header);
  if (!are_skipped || !wanted.header)
    return out;
  ASSIGN_OR_RETURN(auto stream, open(out.behind_skipped));
  line_reader lines(std::move(stream), path, major, out.behind_skipped, wanted.frame);
  for (bool ended = false; !ended;) {
    chunk first;
    ASSIGN_OR_RETURN(auto read, lines.read(first, enough_for_names, is_whole));
    if (first.is_cut(0))
      return user_error(ec::refused,
                        fmt::format("{}: its header line is longer than {} MiB, so that it names no "
                                    "columns; mend the file, then begin anew with --fresh",
                                    path, longest_line >> 20U));
    const auto named = std::ranges::find_if(first.lengths, [](std::uint32_t length) { return length != 0; });
    if (named != first.lengths.end()) {
      const auto at = static_cast<std::size_t>(named - first.lengths.begin());
      out.header = header_line{std::string(first.record(at)), first.positions[at]};
      out.are_all = true;
      break;
    }
    ended = read;
  }
  return out;
}

}  // namespace millrace::source
