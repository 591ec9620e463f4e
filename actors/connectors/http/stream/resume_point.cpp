#include "actors/connectors/http/stream/resume_point.hpp"

#include "runtime/snapshot/checksum.hpp"
#include "runtime/wire/bytes.hpp"

#include <charconv>
#include <limits>

namespace millrace::source {
namespace {

/// A member that hardly ever changes is no mark; it must not cost memory for ever.
constexpr std::size_t most_since = 16'384;

std::optional<std::int64_t> whole_number(std::string_view text) {
  std::int64_t out = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (failed != std::errc() || end != text.data() + text.size())
    return std::nullopt;
  return out;
}

/// A greater number is beyond; where one of the two is no number, any other value is.
bool is_beyond(std::string_view value, std::string_view than) {
  const auto a = whole_number(value);
  const auto b = whole_number(than);
  return a && b ? *a > *b : value != than;
}

}  // namespace

std::optional<std::string> resume_point::value_of(std::string_view record) {
  padded_.assign(record);
  padded_.reserve(record.size() + simdjson::SIMDJSON_PADDING);
  return members_.find(padded_, member_);
}

void resume_point::took(std::string_view record) {
  auto value = value_of(record);
  if (!value)
    return;
  if (!any_ || is_beyond(*value, greatest_)) {
    any_ = true;
    greatest_ = std::move(*value);
    since_.clear();
  }
  if (since_.size() < most_since)
    ++since_[snapshot::checksum_of({record})];
}

std::optional<std::string> resume_point::ask() {
  awaited_.clear();
  if (!any_)
    return std::nullopt;
  const auto number = whole_number(greatest_);
  if (!number || *number == std::numeric_limits<std::int64_t>::min())
    return greatest_;
  awaited_ = since_;
  return std::to_string(*number - 1);
}

bool resume_point::repeats(std::string_view record) {
  if (awaited_.empty())
    return false;
  const auto value = value_of(record);
  if (!value)
    return false;
  if (is_beyond(*value, greatest_)) {  // the answer has gone beyond what was known
    awaited_.clear();
    return false;
  }
  const auto found = awaited_.find(snapshot::checksum_of({record}));
  if (found == awaited_.end())
    return false;
  if (--found->second == 0)
    awaited_.erase(found);
  return true;
}

std::string resume_point::note() const {
  wire::writer out;
  out.fixed<std::uint8_t>(any_ ? 1 : 0);
  out.string(greatest_);
  out.varint(since_.size());
  for (const auto& [checksum, times] : since_) {
    out.fixed(checksum);
    out.varint(times);
  }
  return out.take();
}

bool resume_point::restore(std::string_view note) {
  wire::reader in(note);
  const bool any = in.fixed<std::uint8_t>() != 0;
  std::string greatest(in.string());
  std::map<std::uint64_t, std::uint32_t> since;
  for (auto n = in.varint(); n > 0 && in.ok(); --n) {
    const auto checksum = in.fixed<std::uint64_t>();
    since[checksum] = static_cast<std::uint32_t>(in.varint());
  }
  if (!in.ok() || !in.at_end())
    return false;
  any_ = any;
  greatest_ = std::move(greatest);
  since_ = std::move(since);
  return true;
}

}  // namespace millrace::source
