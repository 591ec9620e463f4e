// A text that one thread notes and others read, such as the newest error of a server.
#pragma once

#include <mutex>
#include <string>
#include <utility>

namespace millrace {

class noted_text {
public:
  void note(std::string text) {
    const std::lock_guard lock(mutex_);
    text_ = std::move(text);
  }
  [[nodiscard]] std::string text() const {
    const std::lock_guard lock(mutex_);
    return text_;
  }

private:
  mutable std::mutex mutex_;
  std::string text_;
};

}  // namespace millrace
