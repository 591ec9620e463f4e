#include "actors/source/http_stream/resume_point.hpp"

#include "runtime/snapshot/checksum.hpp"

#include <charconv>
#include <limits>

namespace millrace::source {
namespace {

/// A member that never changes is no mark; it must not cost memory for ever.
constexpr std::size_t most_same = 65'536;

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
  if (!any_ || *value != last_) {
    any_ = true;
    last_ = std::move(*value);
    same_.clear();
  }
  if (same_.size() < most_same)
    ++same_[snapshot::checksum_of({record})];
}

std::optional<std::string> resume_point::ask() {
  awaited_.clear();
  if (!any_)
    return std::nullopt;
  std::int64_t number = 0;
  const auto [end, failed] = std::from_chars(last_.data(), last_.data() + last_.size(), number);
  const bool whole = failed == std::errc() && end == last_.data() + last_.size() &&
                     number > std::numeric_limits<std::int64_t>::min();
  if (!whole)
    return last_;
  awaited_ = same_;
  return std::to_string(number - 1);
}

bool resume_point::repeats(std::string_view record) {
  if (awaited_.empty())
    return false;
  const auto value = value_of(record);
  if (!value)
    return false;
  if (*value != last_) {  // the answer has gone beyond what was known
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

}  // namespace millrace::source
