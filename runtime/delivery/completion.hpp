// Keeps what a life of a shard or sink has said of its completion: once, and again where a log was found
// since, because its director takes only the word of one that has heard of all logs (docs/design/joining.md).
// A plain value.
#pragma once

#include "runtime/base/ids.hpp"

#include <cstdint>
#include <optional>
#include <set>

namespace millrace::delivery {

class completion {
public:
  /// The life is told of a log that was found; it may be told of one several times.
  void found(const log_id& log) { found_.insert(log); }

  /// Returns the number of found logs that the life knows when it has to say now that it is complete. No
  /// value where it has said so. It counts as said from here on.
  [[nodiscard]] std::optional<std::uint64_t> news() {
    if (said_ == found_.size())
      return std::nullopt;
    return said_ = found_.size();
  }

private:
  std::set<log_id> found_;
  std::optional<std::uint64_t> said_;
};

}  // namespace millrace::delivery
