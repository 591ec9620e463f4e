// Passes on what one consumer reads of a topic's partitions to the chains that are open in this process. No
// message of other actors is kept; of these it keeps the names, places and hashes of what has come since
// their last look. Any thread may call; the consumer's thread feeds it.
#pragma once

#include "actors/node/stores/kafka/topic.hpp"

#include <chrono>
#include <condition_variable>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace millrace::kafka_chain {

/// Holds what has come for one chain between two looks; such a one has no more than the pieces of its own
/// record, and what lives that are over have left. Only the highest life among further messages is kept.
inline constexpr std::size_t most_waiting = 10'000;

class follower : public std::enable_shared_from_this<follower> {
public:
  explicit follower(std::string shown, std::chrono::milliseconds patience)
      : shown_(std::move(shown)), patience_(patience) {}

  /// It is told of what is fed from now on.
  [[nodiscard]] std::unique_ptr<followed> add(std::string_view prefix);

  /// The consumer calls this with the record at `offset`. Stale fetches repeat offsets; repeated records are
  /// ignored.
  void take(int partition, std::uint64_t offset, std::string_view key, std::optional<std::string_view> value);
  /// The consumer calls this at a moment when it has read everything below `end` and `end` is the partition's
  /// end.
  void reached(int partition, std::uint64_t end);
  /// The consumer calls this when it cannot go on: every present and later look fails with `why`.
  void failed(const error& why);
  [[nodiscard]] bool has_failed() const;

private:
  struct subscription {
    std::vector<sighting> waiting;
  };
  class handle;
  [[nodiscard]] expected<std::vector<sighting>> look(int partition, subscription& of, std::uint64_t place);

  std::string shown_;
  std::chrono::milliseconds patience_;
  mutable std::mutex mutex_;
  std::condition_variable came_;
  struct progress {
    std::uint64_t position = 0;
    std::uint64_t end = 0;  // the end at the last moment at which it was reached
  };
  std::map<int, progress> partitions_;
  std::multimap<std::string, subscription*, std::less<>> subscriptions_;
  std::optional<error> failure_;
};

/// Holds what a message of any owner shows.
struct seen_message {
  std::string_view prefix;
  sighting what;
  std::string_view payload;
};
[[nodiscard]] seen_message see(std::uint64_t offset, const split_key& key,
                               std::optional<std::string_view> value);
/// Returns none where the key is not of this format.
[[nodiscard]] std::optional<seen_message> see(std::uint64_t offset, std::string_view key,
                                              std::optional<std::string_view> value);

}  // namespace millrace::kafka_chain
