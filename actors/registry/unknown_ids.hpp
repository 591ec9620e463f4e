// Counts the ids that a registry was asked for and does not have, and says when the log is to tell of them: a topic of another
// registry costs a question for each of its ids. Pure.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <set>
#include <string>

namespace millrace::registry {

class unknown_ids {
public:
  using clock = std::chrono::steady_clock;

  /// Notes that the registry has no such schema, and returns the words for the log where they are due: at the first id, then for
  /// ids that have come since, after 10 s and after twice as long each time, at most every 10 minutes.
  [[nodiscard]] std::optional<std::string> add(std::uint64_t id, const std::string& why,
                                               clock::time_point now);

private:
  static constexpr std::size_t most_counted = 10'000;

  std::set<std::uint64_t> ids_;
  std::size_t told_of_ = 0;
  clock::time_point next_{};
  std::chrono::seconds interval_{10};
};

}  // namespace millrace::registry
