#include "tools/dry_run/sample_file.hpp"

#include "actors/deployment/start_positions.hpp"
#include "actors/source/file/line_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

namespace millrace::dry_run {
namespace {

constexpr std::size_t bytes_at_once = std::size_t{1} << 20U;

/// Where parsers of several kinds read one source, the first says it.
std::optional<char> csv_delimiter_of(const config::topology& t, const std::string& source) {
  for (const auto& s : t.stages)
    if (s.kind == config::stage_kind::parser &&
        std::ranges::find(s.from, source, &config::input_ref::stage) != s.from.end())
      return deployment::wants_of(s).csv_delimiter;
  return std::nullopt;
}

}  // namespace

expected<std::vector<source::written_record>> read_sample(const std::string& file, const config::topology& t,
                                                          const std::string& source) {
  auto opened = source::open_file::open(file);
  if (!opened)
    return unexpected(opened.error());
  auto stream = source::open_stream(std::move(*opened), 0, std::nullopt);
  if (!stream)
    return unexpected(stream.error());
  source::line_reader lines(std::move(*stream), file, 0, 0, csv_delimiter_of(t, source));
  std::vector<source::written_record> out;
  for (bool ended = false; !ended;) {
    source::chunk c;
    const auto read = lines.read(c, bytes_at_once, true);
    if (!read)
      return unexpected(read.error());
    ended = *read;
    for (std::size_t i = 0; i < c.records(); ++i)
      out.push_back({.value = std::string(c.record(i)), .offset = c.positions[i].minor});
    if (static_cast<std::size_t>(c.to.minor) > largest_sample)
      return user_error(ec::refused,
                        fmt::format("{}: a sample holds at most {} MiB; give fewer lines (head -n 10000)",
                                    file, largest_sample >> 20U));
  }
  return out;
}

}  // namespace millrace::dry_run
