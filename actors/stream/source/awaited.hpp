// Says what a source's reader waits for in the place of its source: a schema registry. The reader notes it, also while a call
// blocks; metrics, the API and the log's events read it.
#pragma once

#include <mutex>
#include <optional>
#include <string>
#include <utility>

namespace millrace::source {

class awaited {
public:
  struct seen {
    std::string what;  // "the registry https://registry.example.com"
    std::string why;   // "connection refused"
    friend bool operator==(const seen&, const seen&) = default;
  };

  void note(seen now) {
    const std::lock_guard lock(mutex_);
    now_ = std::move(now);
  }
  /// It waits for nothing but the source.
  void over() {
    const std::lock_guard lock(mutex_);
    now_.reset();
  }
  [[nodiscard]] std::optional<seen> now() const {
    const std::lock_guard lock(mutex_);
    return now_;
  }

private:
  mutable std::mutex mutex_;
  std::optional<seen> now_;
};

}  // namespace millrace::source
