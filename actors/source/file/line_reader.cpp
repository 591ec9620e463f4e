#include "actors/source/file/line_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

namespace millrace::source {

expected<bool> line_reader::read(chunk& out, std::size_t max_bytes, bool complete) {
  out.from = out.to = next();
  out.topic = path_;
  std::size_t room = std::max(max_bytes, carry_.size() + 1);
  std::string& bytes = out.bytes;
  bytes.resize(room + padding);
  std::memcpy(bytes.data(), carry_.data(), carry_.size());
  std::size_t filled = carry_.size();
  std::size_t lines_end = 0;  // behind the last line feed; the carry has one only after a failed read
  if (const void* feed = memrchr(bytes.data(), '\n', filled))
    lines_end = static_cast<std::size_t>(static_cast<const char*>(feed) - bytes.data()) + 1;
  bool ended = false;
  bool cut = false;
  for (;;) {
    auto got = stream_->read(bytes.data() + filled, room - filled);
    if (!got && (got.error().code != ec::corrupt || filled == 0)) {
      carry_.assign(bytes.data(), filled);
      return tl::make_unexpected(std::move(got.error()));
    }
    cut = !got;  // the error comes again with the next call, when all that is here is delivered
    const std::size_t more = got ? *got : 0;
    const auto* last = static_cast<const char*>(memrchr(bytes.data() + filled, '\n', more));
    filled += more;
    if (last != nullptr)
      lines_end = static_cast<std::size_t>(last - bytes.data()) + 1;
    ended = got && more == 0;
    if (ended || cut || (filled == room && lines_end > 0))
      break;
    if (filled < room)
      continue;  // the stream gives less only at its end
    if (filled > longest_line) {
      carry_.assign(bytes.data(), filled);
      return user_error(ec::refused,
                        fmt::format("{}: the line at byte {} is longer than {} MiB; break it up (a record is "
                                    "one line), then begin anew with --fresh",
                                    path_, offset_, longest_line >> 20U));
    }
    room = std::min(room * 2, longest_line + 1);
    bytes.resize(room + padding);
  }
  const bool last_line_open = filled > lines_end && ((ended && complete) || cut);
  const std::size_t end = last_line_open ? filled : lines_end;
  split(out, end);
  carry_.assign(bytes.data() + end, filled - end);
  bytes.resize(end + padding);
  std::memset(bytes.data() + end, 0, padding);
  offset_ += end;
  out.to = next();
  return ended;
}

void line_reader::split(chunk& out, std::size_t end) {
  const std::size_t expected_records = end / bytes_a_record_ + end / bytes_a_record_ / 8 + 16;
  out.begins.reserve(expected_records);
  out.lengths.reserve(expected_records);
  out.positions.reserve(expected_records);
  const char* const base = out.bytes.data();
  const char* const stop = base + end;
  for (const char* at = base; at < stop;) {
    const auto* feed = static_cast<const char*>(memchr(at, '\n', static_cast<std::size_t>(stop - at)));
    const char* line_end = feed == nullptr ? stop : feed;
    const char* const following = feed == nullptr ? stop : feed + 1;
    if (line_end > at && line_end[-1] == '\r')
      --line_end;
    if (line_end > at) {
      out.begins.push_back(static_cast<std::uint32_t>(at - base));
      out.lengths.push_back(static_cast<std::uint32_t>(line_end - at));
      out.positions.push_back(
          {major_, static_cast<std::int64_t>(offset_ + static_cast<std::size_t>(at - base))});
    }
    at = following;
  }
  if (out.records() > 0)
    bytes_a_record_ = std::max<std::size_t>(1, end / out.records());
}

}  // namespace millrace::source
