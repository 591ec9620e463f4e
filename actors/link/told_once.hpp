// Lines of a log that come once each, however often their reason comes again. Pure; one thread at a time.
#pragma once

#include <cstddef>
#include <set>
#include <string>

namespace millrace::link {

class told_once {
public:
  /// Strangers choose names and addresses: beyond so many lines nothing is said.
  static constexpr std::size_t most = 100;
  /// Returns whether the line is new.
  [[nodiscard]] bool is_new(const std::string& line) {
    return told_.size() < most && told_.insert(line).second;
  }

private:
  std::set<std::string> told_;
};

}  // namespace millrace::link
