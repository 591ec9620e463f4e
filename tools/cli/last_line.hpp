// The last line of a process that ends by force: made and written without a lock, an allocation or a stream,
// as in a signal handler or when memory is out.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace millrace::cli {

/// Leaves out the parts that do not fit.
class last_line {
public:
  last_line& add(std::string_view text);
  last_line& add(std::int64_t number);
  /// Writes the line to standard error, as the logs' format wants it. A pipe that is full ends the process
  /// with `status` after a second.
  void say(int status) const;

private:
  std::array<char, 1024> bytes_{};
  std::size_t size_ = 0;
};

}  // namespace millrace::cli
