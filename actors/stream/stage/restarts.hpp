// Counts the lives of lanes, shards and sinks that have failed and restarted in this process. Their
// supervisor notes them; metrics read.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>

namespace millrace::stage {

class restarts {
public:
  /// Any thread may call it.
  void note(const std::string& actor) {
    const std::lock_guard lock(mutex_);
    ++by_actor_[actor];
  }
  [[nodiscard]] std::map<std::string, std::uint64_t> all() const {
    const std::lock_guard lock(mutex_);
    return by_actor_;
  }

private:
  mutable std::mutex mutex_;  // taken once a restart
  std::map<std::string, std::uint64_t> by_actor_;
};

}  // namespace millrace::stage
