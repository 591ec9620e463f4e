// Jobs that are to be done at once meet here: each waits for all others, with a bound that passes only where they do not come.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>

namespace millrace::test {

class meeting {
public:
  explicit meeting(int wanted) : wanted_(wanted) {}
  /// False: the others did not come while it waited, which a test does but once.
  bool come() {
    std::unique_lock lock(mutex_);
    ++here_;
    changed_.notify_all();
    return changed_.wait_for(lock, std::chrono::seconds(20), [&] { return here_ >= wanted_; });
  }

private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int wanted_;
  int here_ = 0;
};

}  // namespace millrace::test
