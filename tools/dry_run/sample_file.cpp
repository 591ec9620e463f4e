#include "tools/dry_run/sample_file.hpp"

#include "actors/connectors/file/source/container_reader.hpp"
#include "actors/connectors/file/source/delimited_reader.hpp"
#include "actors/connectors/file/source/file_list.hpp"
#include "actors/connectors/file/source/first_lines.hpp"
#include "actors/connectors/file/source/line_reader.hpp"
#include "actors/deployment/start_positions.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

namespace millrace::dry_run {
namespace {

constexpr std::size_t bytes_at_once = std::size_t{1} << 20U;

/// The first parser decides, where parsers of several kinds read one source.
source::wants wants_of_source(const config::topology& t, const std::string& source) {
  for (const auto& s : t.stages)
    if (s.kind == config::stage_kind::parser &&
        std::ranges::find(s.from, source, &config::input_ref::stage) != s.from.end())
      return deployment::wants_of(s);
  return {};
}

expected<std::unique_ptr<source::byte_stream>> open_at(const std::string& file, std::uint64_t offset,
                                                       data::encoding from) {
  return source::open_file::open(file).and_then([&](source::open_file&& opened) {
    return source::open_stream(std::move(opened), offset, std::nullopt, from);
  });
}

unexpected too_large(const std::string& file, std::string_view remedy) {
  return user_error(
      ec::refused, fmt::format("{}: a sample holds at most {} MiB; {}", file, largest_sample >> 20U, remedy));
}

/// Takes the remedy of a run off an error of a file, and puts that of a sample there: nothing has been read before, and no state
/// is begun anew.
error of_sample(error e, const std::string& file) {
  for (const std::string_view remedy : {"; all whole blocks before have been read. Put the whole file in its "
                                        "place and run again: it goes on there",
                                        ". Put the whole file back and begin anew with --fresh"})
    if (e.message.ends_with(remedy)) {
      e.message.resize(e.message.size() - remedy.size());
      e.message += fmt::format(". A sample is a whole file: give all of {}, or another one", file);
    }
  return e;
}

/// The records of a container, or those that stand behind their lengths.
expected<std::vector<source::written_record>> read_bytes(const std::string& file,
                                                         const source::framing& frame) {
  ASSIGN_OR_RETURN(const auto identity, source::identify(file));
  std::unique_ptr<source::record_reader> reader;
  if (std::holds_alternative<source::by_container>(frame)) {
    auto opened = source::container_reader::open(file, identity.length, 0, 0);
    if (!opened)
      return unexpected(of_sample(std::move(opened).error(), file));
    reader = std::move(*opened);
  } else {
    ASSIGN_OR_RETURN(auto stream, open_at(file, 0, data::encoding::utf_8));
    reader = std::make_unique<source::delimited_reader>(std::move(stream), file, 0, 0);
  }
  std::vector<source::written_record> out;
  std::size_t bytes = 0;
  for (bool ended = false; !ended;) {
    source::chunk c;
    auto read = reader->read(c, bytes_at_once);
    if (!read)
      return unexpected(of_sample(std::move(read).error(), file));
    ended = *read;
    for (std::size_t i = 0; i < c.records(); ++i) {
      out.push_back({.value = std::string(c.record(i)),
                     .offset = c.positions[i].minor,
                     .schema = c.schemas ? c.schemas->of_all : nullptr});
      bytes += c.lengths[i];
    }
    if (bytes > largest_sample)
      return too_large(file, "give a smaller file");
  }
  return out;
}

}  // namespace

bool begins_with_header(const config::topology& t, const std::string& source) {
  return wants_of_source(t, source).header;
}

expected<std::vector<source::written_record>> read_sample(const std::string& file, const config::topology& t,
                                                          const std::string& source) {
  auto wanted = wants_of_source(t, source);
  if (std::holds_alternative<source::by_container>(wanted.frame) ||
      std::holds_alternative<source::by_length>(wanted.frame))
    return read_bytes(file, wanted.frame);
  wanted.header = false;  // it is one of the lines here
  const auto open = [&](std::uint64_t offset) { return open_at(file, offset, wanted.encoding); };
  ASSIGN_OR_RETURN(const auto first, source::read_first_lines(wanted, file, 0, 0, true, open));
  ASSIGN_OR_RETURN(auto stream, open(first.behind_skipped));
  source::line_reader lines(std::move(stream), file, 0, first.behind_skipped, wanted.frame);
  std::vector<source::written_record> out;
  for (bool ended = false; !ended;) {
    source::chunk c;
    ASSIGN_OR_RETURN(ended, lines.read(c, bytes_at_once, true));
    for (std::size_t i = 0; i < c.records(); ++i)
      if (c.lengths[i] != 0)  // blank lines part the records of any source here
        out.push_back({.value = std::string(c.record(i)), .offset = c.positions[i].minor});
    if (static_cast<std::size_t>(c.to.minor) > largest_sample)
      return too_large(file, "give fewer lines (head -n 10000)");
  }
  return out;
}

}  // namespace millrace::dry_run
