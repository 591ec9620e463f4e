#include "actors/registry/unknown_ids.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace millrace::registry {
namespace {

constexpr std::chrono::seconds longest_interval{600};

}  // namespace

std::optional<std::string> unknown_ids::add(std::uint64_t id, const std::string& why, clock::time_point now) {
  if (ids_.size() < most_counted)
    ids_.insert(id);
  const bool is_first = told_of_ == 0;
  if (ids_.size() == told_of_ || (!is_first && now < next_))
    return std::nullopt;
  if (!is_first)
    interval_ = std::min(interval_ * 2, longest_interval);
  next_ = now + interval_;
  told_of_ = ids_.size();
  return fmt::format(
      "records name {}{} schema{} so far that the registry does not have, such as {}; each of them is a "
      "dead letter, and the registry is asked for each id: is it the one that the records were "
      "written with?",
      told_of_, told_of_ == most_counted ? " or more" : "", told_of_ == 1 ? "" : "s", why);
}

}  // namespace millrace::registry
