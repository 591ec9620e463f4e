#include "actors/connectors/file/source/delimited_reader.hpp"

#include "actors/connectors/file/source/record_end.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <utility>

namespace millrace::source {
namespace {

constexpr std::uint64_t most_passed_at_once = std::uint64_t{64} << 20U;
constexpr std::size_t part_of_long_record = std::size_t{1} << 20U;

}  // namespace

expected<std::optional<delimited_reader::record_head>> delimited_reader::head_at(std::string_view text,
                                                                                 std::uint64_t offset) const {
  record_head out;
  for (const char c : text.substr(0, longest_length)) {
    const auto byte = static_cast<unsigned char>(c);
    out.length |= std::uint64_t{byte & 0x7FU} << (7 * out.bytes);
    ++out.bytes;
    if ((byte & 0x80U) == 0)
      return std::optional(out);
  }
  if (out.bytes < longest_length)
    return std::optional<record_head>();
  return user_error(
      ec::corrupt,
      fmt::format("{}: at byte {} no length of a record stands, as it would have more than {} bytes: "
                  "the file is damaged, or no \"framing\" of \"delimited\". Put a whole file back "
                  "and begin anew with --fresh",
                  path_, offset, longest_length));
}

unexpected delimited_reader::cut_off(const std::optional<record_head>& head, std::uint64_t there) const {
  const auto is =
      head ? fmt::format("has {} bytes by its length, and {} are there", head->length, there - head->bytes)
           : std::string("ends within its length");
  return user_error(
      ec::corrupt,
      fmt::format(
          "{}: the file is cut off: the record at byte {} {}; all whole records before have been read. Put "
          "the whole file in its place and run again: it goes on there",
          path_, offset_, is));
}

std::size_t delimited_reader::fill(std::string& bytes, std::size_t filled, bool& ended) {
  while (filled < bytes.size() && !ended && !failed_) {
    const auto got = stream_->read(bytes.data() + filled, bytes.size() - filled);
    if (!got)
      failed_ = got.error();
    else
      ended = *got == 0;
    filled += got.value_or(0);
  }
  return filled;
}

void delimited_reader::add(chunk& out, std::size_t begin, std::string_view record, std::size_t head) const {
  out.begins.push_back(static_cast<std::uint32_t>(begin + head));
  out.lengths.push_back(static_cast<std::uint32_t>(record.size()));
  out.positions.push_back({major_, static_cast<std::int64_t>(offset_ + begin)});
}

std::size_t delimited_reader::split(chunk& out, std::string_view text) {
  std::size_t at = 0;
  for (;;) {
    const auto head = head_at(text.substr(at), offset_ + at);
    if (!head) {
      failed_ = head.error();
      return at;
    }
    if (!*head || (*head)->length > longest_line || (*head)->length > text.size() - at - (*head)->bytes)
      return at;
    add(out, at, text.substr(at + (*head)->bytes, (*head)->length), (*head)->bytes);
    at += (*head)->bytes + (*head)->length;
  }
}

expected<bool> delimited_reader::read(chunk& out, std::size_t max_bytes) {
  out.from = out.to = next();
  out.topic = path_;
  if (passed_over_)
    return pass_over(out);
  if (failed_)
    return tl::make_unexpected(*failed_);
  auto& bytes = out.bytes;
  bytes = std::move(carry_);
  auto filled = bytes.size();
  bytes.resize(std::max(max_bytes, filled + 1));
  bool ended = false;
  std::size_t end = 0;
  for (;;) {
    filled = fill(bytes, filled, ended);
    end = split(out, std::string_view(bytes).substr(0, filled));
    if (end > 0 || ended || failed_)
      break;
    const auto head = head_at(std::string_view(bytes).substr(0, filled), offset_);
    const auto size = head && *head ? (*head)->bytes + (*head)->length : longest_length;
    if (head && *head && (*head)->length > longest_line) {
      passed_over_ = long_record{size, filled};
      carry_ = std::move(bytes);
      carry_.resize(std::min(filled, (*head)->bytes + kept_of_longer_line));
      return pass_over(out);
    }
    bytes.resize(std::max(size, filled + 1));
  }
  carry_.assign(bytes, end, filled - end);
  bytes.resize(end + padding);
  std::memset(bytes.data() + end, 0, padding);
  offset_ += end;
  out.to = next();
  if (ended && !failed_ && !carry_.empty()) {
    const auto head = head_at(carry_, offset_);
    failed_ = head ? cut_off(*head, carry_.size()).value() : head.error();
  }
  if (failed_ && end == 0)
    return tl::make_unexpected(*failed_);
  return ended && !failed_;
}

expected<bool> delimited_reader::pass_over(chunk& out) {
  auto& passed = *passed_over_;
  ASSIGN_OR_RETURN(const auto head, head_at(carry_, offset_));
  std::string part(part_of_long_record, '\0');
  for (std::uint64_t steps = 0; passed.passed < passed.size && steps < most_passed_at_once;) {
    ASSIGN_OR_RETURN(
        const auto got,
        stream_->read(part.data(), std::min<std::uint64_t>(part.size(), passed.size - passed.passed)));
    if (got == 0)
      return cut_off(head, passed.passed);
    if (const auto kept = head->bytes + kept_of_longer_line; carry_.size() < kept)
      carry_.append(part, 0, std::min(got, kept - carry_.size()));
    passed.passed += got;
    steps += got;
  }
  if (passed.passed < passed.size) {
    out.bytes.assign(padding, '\0');
    return false;
  }
  const auto record = beginning_of(std::string_view(carry_).substr(head->bytes));
  out.cut.push_back(0);
  add(out, 0, record, head->bytes);
  out.bytes = std::move(carry_);
  out.bytes.append(padding, '\0');
  carry_.clear();
  offset_ += passed.size;
  passed_over_.reset();
  out.to = next();
  return false;
}

}  // namespace millrace::source
