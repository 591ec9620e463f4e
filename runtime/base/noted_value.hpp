// A value that one thread notes and others read, such as the newest error of a server.
#pragma once

#include <mutex>
#include <string>
#include <utility>

namespace millrace {

template<class T>
class noted_value {
public:
  void note(T value) {
    const std::lock_guard lock(mutex_);
    value_ = std::move(value);
  }
  [[nodiscard]] T now() const {
    const std::lock_guard lock(mutex_);
    return value_;
  }

private:
  mutable std::mutex mutex_;
  T value_{};
};

using noted_text = noted_value<std::string>;

}  // namespace millrace
