// The readers of one life of a lane share this: the lane's own one, and those that reread the log for a receiver that
// is behind. A connector keeps in it what has to mean the same to each of them. Any thread may call.
#pragma once

#include <memory>
#include <mutex>

namespace millrace::source {

class among_readers {
public:
  /// The first call makes it; all ask for one type.
  template<class T, class Make>
  [[nodiscard]] std::shared_ptr<T> get(const Make& make) {
    const std::scoped_lock lock(mutex_);
    if (!held_)
      held_ = make();
    return std::static_pointer_cast<T>(held_);
  }

private:
  std::mutex mutex_;
  std::shared_ptr<void> held_;
};

}  // namespace millrace::source
