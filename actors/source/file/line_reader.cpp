#include "actors/source/file/line_reader.hpp"

#include "actors/source/file/quoted_lines.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace millrace::source {
namespace {

// One step over a line that is too long: some hundredths of a second, after which a run can be ended.
constexpr std::uint64_t passed_at_once = std::uint64_t{64} << 20U;
constexpr std::size_t read_at_once = std::size_t{1} << 20U;

bool continues_character(char c) { return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U; }

}  // namespace

std::string_view beginning_of(std::string_view longer_line) {
  auto size = std::min(longer_line.size(), kept_of_longer_line);
  // A character has at most three bytes behind its first; more are no text anyway.
  for (int back = 0;
       back < 3 && size > 0 && size < longer_line.size() && continues_character(longer_line[size]); ++back)
    --size;
  return longer_line.substr(0, size);
}

expected<bool> line_reader::read(chunk& out, std::size_t max_bytes, bool complete) {
  out.from = out.to = next();
  out.topic = path_;
  if (passed_ != 0)
    return pass_over(out, complete);
  std::size_t room = std::max(max_bytes, carry_.size() + 1);
  std::string& bytes = out.bytes;
  bytes.resize(room + padding);
  std::memcpy(bytes.data(), carry_.data(), carry_.size());
  std::size_t filled = carry_.size();
  std::size_t lines_end = 0;  // behind the last line feed
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
    if (ended || cut ||
        (filled == room && lines_end > 0 && end_of_record({bytes.data(), lines_end}, csv_, false)))
      break;
    if (filled < room)
      continue;  // the stream gives less only at its end
    if (filled > longest_line) {
      carry_ = beginning_of({bytes.data(), filled});
      passed_ = filled;
      return pass_over(out, complete);
    }
    room = std::min(room * 2, longest_line + 1);
    bytes.resize(room + padding);
  }
  const bool last_line_open = filled > lines_end && ((ended && complete) || cut);
  const bool is_all = (ended && complete) || cut;
  const std::size_t end = split(out, last_line_open ? filled : lines_end, is_all);
  carry_.assign(bytes.data() + end, filled - end);
  bytes.resize(end + padding);
  std::memset(bytes.data() + end, 0, padding);
  offset_ += end;
  out.to = next();
  return ended;
}

expected<bool> line_reader::pass_over(chunk& out, bool complete) {
  out.bytes.assign(padding, '\0');
  out.bytes.shrink_to_fit();
  std::string bytes(read_at_once, '\0');
  for (const auto until = passed_ + passed_at_once; passed_ < until;) {
    const auto got = stream_->read(bytes.data(), bytes.size());
    if (!got && got.error().code != ec::corrupt)
      return tl::make_unexpected(got.error());
    if (!got) {  // the error comes again with the next call
      give_beginning(out);
      return false;
    }
    const auto* feed = static_cast<const char*>(memchr(bytes.data(), '\n', *got));
    if (feed != nullptr) {
      const auto end = static_cast<std::size_t>(feed - bytes.data()) + 1;
      passed_ += end;
      give_beginning(out);
      carry_.assign(bytes.data() + end, *got - end);
      return false;
    }
    passed_ += *got;
    if (*got == 0) {  // the end; less than was asked for may come before an error, too
      if (complete)
        give_beginning(out);
      return true;
    }
  }
  return false;
}

void line_reader::give_beginning(chunk& out) {
  out.begins.push_back(0);
  out.lengths.push_back(static_cast<std::uint32_t>(carry_.size()));
  out.positions.push_back(next());
  out.cut.push_back(0);
  out.bytes = std::move(carry_);
  out.bytes.append(padding, '\0');
  carry_.clear();
  offset_ += std::exchange(passed_, 0);
  out.to = next();
}

std::size_t line_reader::split(chunk& out, std::size_t end, bool is_all) {
  const std::size_t expected_records = end / bytes_a_record_ + end / bytes_a_record_ / 8 + 16;
  out.begins.reserve(expected_records);
  out.lengths.reserve(expected_records);
  out.positions.reserve(expected_records);
  const char* const base = out.bytes.data();
  const char* const stop = base + end;
  for (const char* at = base; at < stop;) {
    const auto size = end_of_record({at, static_cast<std::size_t>(stop - at)}, csv_, is_all);
    if (!size) {
      end = static_cast<std::size_t>(at - base);
      break;
    }
    const char* const following = at + *size;
    const char* line_end = following[-1] == '\n' ? following - 1 : following;
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
  return end;
}

}  // namespace millrace::source
