#include "actors/connectors/file/source/line_reader.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace millrace::source {
namespace {

// One step over a line that is too long: some hundredths of a second, after which a run can be ended.
constexpr std::uint64_t passed_at_once = std::uint64_t{64} << 20U;
constexpr std::size_t read_at_once = std::size_t{1} << 20U;

}  // namespace

expected<bool> line_reader::read(chunk& out, std::size_t max_bytes, bool complete) {
  out.from = out.to = next();
  out.topic = path_;
  out.lines = !is_by_value(frame_);
  if (passed_ != 0)
    return pass_over(out, complete);
  std::size_t room = std::max(max_bytes, carry_.size() + 1);
  std::string& bytes = out.bytes;
  bytes.resize(room + padding);
  std::memcpy(bytes.data(), carry_.data(), carry_.size());
  std::size_t filled = carry_.size();
  const auto behind_last_feed = [&](std::size_t from) {
    const auto* const feed = static_cast<const char*>(memrchr(bytes.data() + from, '\n', filled - from));
    return feed == nullptr ? std::size_t{0} : static_cast<std::size_t>(feed - bytes.data()) + 1;
  };
  std::size_t lines_end = out.lines ? behind_last_feed(0) : filled;
  bool ended = false;
  std::optional<error> cut;  // comes again with the next call
  for (;;) {
    auto got = stream_->read(bytes.data() + filled, room - filled);
    if (!got && got.error().code != ec::corrupt) {
      carry_.assign(bytes.data(), filled);
      return tl::make_unexpected(std::move(got.error()));
    }
    if (!got)
      cut = std::move(got.error());
    const std::size_t more = got ? *got : 0;
    filled += more;
    lines_end = out.lines ? std::max(lines_end, behind_last_feed(filled - more)) : filled;
    ended = got && more == 0;
    if (ended || cut ||
        (filled == room && lines_end > 0 && end_of_record({bytes.data(), lines_end}, frame_, false)))
      break;
    if (filled < room)
      continue;  // the stream gives less only at its end
    if (filled > longest_record(frame_)) {
      if (offset_ == 0)
        if (auto why = why_no_lines({bytes.data(), filled}, frame_, path_, path_); !why.empty())
          return user_error(ec::unsupported, std::move(why));
      rest_.emplace(frame_, std::string_view(bytes.data(), filled));
      carry_ = beginning_of({bytes.data(), filled});
      passed_ = filled;
      return pass_over(out, complete);
    }
    room = std::min(room * 2, longest_record(frame_) + 1);
    bytes.resize(room + padding);
  }
  const bool is_all = ended && complete;
  if (is_all && offset_ == 0 && lines_end == 0)
    if (auto why = why_no_lines({bytes.data(), filled}, frame_, path_, path_); !why.empty())
      return user_error(ec::unsupported, std::move(why));
  const std::size_t end = split(out, is_all ? filled : lines_end, is_all);
  carry_.assign(bytes.data() + end, filled - end);
  if (cut && end == 0)
    return tl::make_unexpected(std::move(*cut));
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
    ASSIGN_OR_RETURN(const auto got, stream_->read(bytes.data(), bytes.size()));
    if (const auto end = rest_->end({bytes.data(), got})) {
      passed_ += *end;
      give_beginning(out);
      carry_.assign(bytes.data() + *end, got - *end);
      return false;
    }
    passed_ += got;
    if (got == 0) {  // the end; less than was asked for may come before an error, too
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
  const std::string_view text(out.bytes.data(), end);
  for (std::size_t at = 0; at < end;) {
    if (out.lines)
      at = take_plain_lines(out, text, at);
    if (at == end)
      break;
    const auto size = end_of_record(text.substr(at), frame_, is_all);
    if (!size) {
      end = at;
      break;
    }
    auto record = text_of_record(text.substr(at, *size), frame_);
    if (is_too_long(text.substr(at, *size), frame_)) {
      out.cut.push_back(static_cast<std::uint32_t>(out.records()));
      record = beginning_of(record);
    }
    // Between two values there is no record, nor is a byte-order mark one that is all of a file.
    if (!record.empty() || (out.lines && text[at + *size - 1] == '\n'))
      add(out, at, record);
    at += *size;
  }
  if (out.records() > 0)
    bytes_a_record_ = std::max<std::size_t>(1, end / out.records());
  return end;
}

std::size_t line_reader::take_plain_lines(chunk& out, std::string_view text, std::size_t from) const {
  const auto* const csv = std::get_if<data::csv_dialect>(&frame_);
  const auto quote =
      csv != nullptr && csv->quote ? std::min(text.find(*csv->quote, from), text.size()) : text.size();
  const char* const base = text.data();
  while (from < quote) {
    const auto* const found = static_cast<const char*>(std::memchr(base + from, '\n', quote - from));
    if (found == nullptr)
      break;
    const auto feed = static_cast<std::size_t>(found - base);
    if (feed - from > longest_line)
      break;
    add(out, from, text_of_record({base + from, feed + 1 - from}, frame_));
    from = feed + 1;
  }
  return from;
}

}  // namespace millrace::source
