#include "actors/connectors/file/source/bounded_reader.hpp"

#include "actors/connectors/file/source/container_file.hpp"
#include "actors/connectors/file/source/container_reader.hpp"
#include "actors/connectors/file/source/delimited_reader.hpp"
#include "actors/connectors/file/source/first_lines.hpp"
#include "actors/connectors/file/source/generation_list.hpp"
#include "actors/connectors/file/source/recent_bytes.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <limits>

namespace millrace::source {
namespace {

constexpr std::size_t judged_at_once = std::size_t{1} << 20U;

bool is_by_container(const framing& frame) { return std::holds_alternative<by_container>(frame); }

/// Whether a file, whose own bytes end there, has whole records alone.
bool is_whole(const open_file& file, std::uint64_t length, const framing& frame) {
  if (is_by_container(frame))
    return count_records(file.path(), length).has_value();
  auto copy = file.duplicate();
  if (!copy)
    return true;
  auto stream = open_stream(std::move(*copy), 0, length);
  if (!stream)
    return false;
  if (!std::holds_alternative<by_length>(frame))
    return pass_lines(**stream, std::numeric_limits<std::size_t>::max()).has_value();
  delimited_reader records(std::move(*stream), file.path(), 0, 0);
  for (;;) {
    chunk passed;
    const auto ended = records.read(passed, judged_at_once);
    if (!ended || *ended)
      return ended.has_value();
  }
}

/// A compressed file, or one whose records have lengths, that was cut off where the run's list has its end, and has got its
/// rest, is the same file.
void take_rest(file_identity& listed, const framing& frame) {
  auto file = open_file::open(listed.path);
  const bool has_lengths = is_by_container(frame) || std::holds_alternative<by_length>(frame);
  if (!file || !(has_lengths || is_gzip(*file).value_or(false)))
    return;
  auto now = identify(listed.path);
  if (!now || now->length <= listed.length || !goes_on_from(listed, *file, now->length).value_or(false))
    return;
  if (is_whole(*file, listed.length, frame))
    return;
  now->number = listed.number;
  listed = std::move(*now);
}

}  // namespace

expected<std::vector<partition_info>> bounded_reader::discover(std::chrono::milliseconds) {
  if (files_.empty() && !kept_) {
    ASSIGN_OR_RETURN(auto names, list_files(pattern_, order_));
    for (const auto& name : names) {
      ASSIGN_OR_RETURN(auto file, identify(name));
      if (is_by_container(wanted_.frame))
        RETURN_IF_ERROR(check_is_container(file.path, file.length));
      const auto content = open_file::open(file.path);
      converts_ = converts_ || wanted_.encoding != data::encoding::utf_8 || !content ||
                  is_gzip(*content).value_or(true);
      file.number = parallel_ ? 0 : static_cast<std::int64_t>(files_.size());
      files_.push_back(std::move(file));
    }
  }
  std::vector<partition_info> found;
  if (!parallel_)
    found.push_back({std::string(whole_log), {}, {}});
  else
    for (const auto& file : files_)
      found.push_back({file.path, {}, {}});
  return found;
}

expected<void> bounded_reader::check_identity(std::string_view stored) {
  if (generation_list::is_text(stored))
    return user_error(ec::mismatch,
                      fmt::format("{}: it was followed until now, and what was read of it has no end; put "
                                  "\"follow\": true back, or begin anew with --fresh",
                                  pattern_));
  ASSIGN_OR_RETURN(auto before, parse_identities(stored));
  for (auto& f : before)
    if (!f.done)
      take_rest(f, wanted_.frame);
  const bool follows_another_run =
      std::any_of(before.begin(), before.end(), [](const auto& f) { return f.done; });
  if (!follows_another_run) {
    // The files of one log are counted; each that is a partition of its own begins with 0.
    const bool was_one_log =
        std::any_of(before.begin(), before.end(), [](const auto& f) { return f.number != 0; });
    if (before.size() > 1 && was_one_log == parallel_)
      return read_otherwise();
    RETURN_IF_ERROR(compare_identities(before, files_));
    files_ = std::move(before);  // positions count files as they stood in this list
    return {};
  }
  auto all = format_identities(before);
  std::erase_if(before, [](const auto& f) { return f.done; });
  for (const auto& f : before)
    RETURN_IF_ERROR(check_still_there(f));
  files_ = std::move(before);
  kept_ = std::move(all);
  return {};
}

unexpected bounded_reader::read_otherwise() const {
  return user_error(
      ec::mismatch,
      fmt::format("{}: its files were read {} until now, and positions there are none {}; {}, or "
                  "begin anew with --fresh",
                  pattern_, parallel_ ? "as one log" : "as a partition each",
                  parallel_ ? "in files alone" : "in one log",
                  parallel_ ? "leave \"parallel\" out" : "put \"parallel\": true back"));
}

expected<void> bounded_reader::assign(const std::string& partition, position from) {
  log l;
  l.end = files_.size();
  if (parallel_) {
    const auto at =
        std::find_if(files_.begin(), files_.end(), [&](const auto& f) { return f.path == partition; });
    if (at == files_.end() && partition == whole_log)
      return read_otherwise();
    if (at == files_.end())
      return user_error(ec::not_found, fmt::format("{}: no file matches it; put it back", partition));
    l.file = static_cast<std::size_t>(at - files_.begin());
    l.end = l.file + 1;
  } else if (partition != whole_log) {
    return read_otherwise();
  } else {
    const auto at = std::find_if(files_.begin(), files_.end(), [&](const auto& f) {
      return f.number == std::max<std::int64_t>(0, from.major);
    });
    l.file = static_cast<std::size_t>(at - files_.begin());
  }
  if (from < position{})  // the position is below all others
    from = {};
  if (l.file >= l.end || from.major != files_[l.file].number) {
    return user_error(ec::mismatch,
                      fmt::format("{}: position ({}, {}) lies after its {} files; put the missing "
                                  "ones back, or begin anew with --fresh",
                                  pattern_, from.major, from.minor, files_.size()));
  }
  l.next = from;
  logs_[partition] = std::move(l);
  return {};
}

expected<std::unique_ptr<byte_stream>> bounded_reader::stream_at(std::size_t file,
                                                                 std::uint64_t offset) const {
  ASSIGN_OR_RETURN(auto opened, open_file::open(files_[file].path));
  return open_stream(std::move(opened), offset, files_[file].length, wanted_.encoding);
}

expected<void> bounded_reader::open_records(log& l) const {
  const auto& file = files_[l.file];
  const auto next = l.next.major == file.number ? static_cast<std::uint64_t>(l.next.minor) : 0;
  if (is_by_container(wanted_.frame)) {
    ASSIGN_OR_RETURN(l.records, container_reader::open(file.path, file.length, file.number, next));
    return {};
  }
  if (!std::holds_alternative<by_length>(wanted_.frame))
    return open_lines(l);
  ASSIGN_OR_RETURN(auto stream, stream_at(l.file, next));
  l.records = std::make_unique<delimited_reader>(std::move(stream), file.path, file.number, next);
  return {};
}

expected<bool> bounded_reader::read_records(log& l, chunk& out, std::size_t max_bytes) const {
  if (!l.lines && !l.records)
    RETURN_IF_ERROR(open_records(l));
  if (l.lines)
    return l.lines->read(out, max_bytes, l.takes_rest);
  auto ended = l.records->read(out, max_bytes);
  if (!ended)
    l.records.reset();  // another read begins where this one did
  return ended;
}

expected<void> bounded_reader::open_lines(log& l) const {
  const auto& file = files_[l.file];
  ASSIGN_OR_RETURN(auto first, read_first_lines(wanted_, file.path, file.number, 0, true,
                                                [&](std::uint64_t from) { return stream_at(l.file, from); }));
  l.header = std::move(first.header);
  const auto next = l.next.major == file.number ? static_cast<std::uint64_t>(l.next.minor) : 0;
  const auto offset = std::max(next, first.behind_skipped);
  ASSIGN_OR_RETURN(auto stream, stream_at(l.file, offset));
  l.lines.emplace(std::move(stream), file.path, file.number, offset, wanted_.frame);
  return {};
}

expected<std::optional<chunk>> bounded_reader::read(std::span<const std::string> wanted,
                                                    std::size_t max_bytes, std::chrono::milliseconds) {
  if (interrupted_.exchange(false))
    return unexpected(error{ec::cancelled, fault::ours, false, "reading was interrupted", {}});
  for (const auto& partition : wanted) {
    const auto at = logs_.find(partition);
    if (at == logs_.end() || at->second.ended)
      continue;
    auto got = next_chunk(at->second, max_bytes);
    if (got && *got)
      (*got)->partition = partition;
    return got;
  }
  return std::optional<chunk>{};
}

expected<std::optional<chunk>> bounded_reader::next_chunk(log& l, std::size_t max_bytes) {
  chunk out;
  const position from = l.next;
  for (;;) {
    ASSIGN_OR_RETURN(auto ended, read_records(l, out, max_bytes));
    if (ended && l.lines && l.lines->unfinished() > 0 && !l.takes_rest) {
      auto takes = judge_rest(l);
      const bool has_moved = out.to != out.from;
      if (!takes && !has_moved)
        return tl::make_unexpected(std::move(takes.error()));
      l.takes_rest = takes.value_or(false);
      if (l.takes_rest && !has_moved)
        continue;
      ended = takes && !*takes;  // an error comes again when all before it is given
    }
    out.header = l.header;
    if (!parallel_ && is_glob(pattern_))
      out.part = files_[l.file].path;
    if (!ended && out.to == l.next && out.records() == 0)
      return std::optional<chunk>{};  // a line is too long, and has not ended: a run may end meanwhile
    l.next = out.to;
    if (ended && l.file + 1 == l.end) {
      l.ended = true;
      out.at_end = true;
      out.caught_up = true;
    } else if (ended) {
      ++l.file;
      l.lines.reset();
      l.records.reset();
      l.takes_rest = false;
      if (out.records() == 0)
        continue;
    }
    break;
  }
  out.from = from;
  return std::optional<chunk>(std::move(out));
}

expected<bool> bounded_reader::judge_rest(const log& l) {
  auto& listed = files_[l.file];
  const bool is_last = !parallel_ && l.file + 1 == l.end;
  if (listed.seen == listed.length)  // it was when it was read before
    return true;
  ASSIGN_OR_RETURN(const auto file, open_file::open(listed.path));
  char next = '\n';
  RETURN_IF_ERROR(file.read_at(listed.length, &next, 1));
  ASSIGN_OR_RETURN(const auto packed, is_gzip(file));
  const bool goes_on = next != '\n';
  if (goes_on && (!is_last || packed || wanted_.encoding != data::encoding::utf_8))
    return user_error(
        ec::mismatch,
        fmt::format("{}: its last line had no end when the run began, at byte {}, and goes on now, so "
                    "that it is not a record; begin anew with --fresh when the file is whole, or read it "
                    "with \"follow\": true",
                    listed.path, listed.length));
  if (!is_last)
    return true;
  if (!goes_on) {
    listed.seen = listed.length;
    return is_listed_otherwise(listed).map([] { return true; });
  }
  listed.length = static_cast<std::uint64_t>(l.lines->next().minor);
  ASSIGN_OR_RETURN(const auto before, recent_bytes::of(file, listed.length));
  listed.tail = before.tail().value_or(file_tail{});
  spdlog::warn("{}: its last line had no end when the run began, and goes on now; the next run takes it, "
               "from byte {} on",
               listed.path, listed.length);
  return is_listed_otherwise(listed).map([] { return false; });
}

expected<void> bounded_reader::is_listed_otherwise(const file_identity& now) {
  ++identity_version_;
  if (!kept_)
    return {};
  ASSIGN_OR_RETURN(auto all, parse_identities(*kept_));
  for (auto& f : all)
    if (!f.done && f.path == now.path)
      f = now;
  kept_ = format_identities(all);
  return {};
}

std::optional<backlog> bounded_reader::lag() {
  backlog out;
  for (const auto& [partition, l] : logs_)
    if (l.ended)  // the number of lines is not known before they are read
      out.records[partition] = 0;
  return out;
}

std::optional<std::uint64_t> bounded_reader::lag_bytes() {
  // The bytes of files that are converted are not those of their content.
  if (converts_ && !std::ranges::all_of(logs_, [](const auto& log) { return log.second.ended; }))
    return std::nullopt;
  std::uint64_t left = 0;
  for (const auto& [partition, l] : logs_) {
    for (auto file = l.file; !l.ended && file < l.end; ++file)
      left += files_[file].length;
    const auto read = is_by_container(wanted_.frame)          ? (l.records ? l.records->offset() : 0)
                      : l.next.major == files_[l.file].number ? static_cast<std::uint64_t>(l.next.minor)
                                                              : 0;
    if (!l.ended)
      left -= std::min(left, read);
  }
  return left;
}

}  // namespace millrace::source
