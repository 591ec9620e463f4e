// The lanes, shards and sinks of a topology that live in this process, where not all of them do: on a node. Their
// host notes them; metrics and probes read.
#pragma once

#include <mutex>
#include <set>
#include <string>

namespace millrace::stage {

class present_actors {
public:
  /// Any thread may call these.
  void began(const std::string& actor) {
    const std::lock_guard lock(mutex_);
    names_.insert(actor);
  }
  void ended(const std::string& actor) {
    const std::lock_guard lock(mutex_);
    names_.erase(actor);
  }
  /// The plan is gone by which actors would begin here.
  void close() {
    const std::lock_guard lock(mutex_);
    is_closed_ = true;
  }
  [[nodiscard]] bool is_closed() const {
    const std::lock_guard lock(mutex_);
    return is_closed_;
  }
  [[nodiscard]] bool has(const std::string& actor) const {
    const std::lock_guard lock(mutex_);
    return names_.contains(actor);
  }
  [[nodiscard]] bool empty() const {
    const std::lock_guard lock(mutex_);
    return names_.empty();
  }

private:
  mutable std::mutex mutex_;  // taken once a life
  std::set<std::string> names_;
  bool is_closed_ = false;
};

}  // namespace millrace::stage
