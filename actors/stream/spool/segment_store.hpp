// The seam between a spool and where its segments lie: a folder of this machine, or the store of a cluster. A segment is
// a header and frames (spool_format.hpp), appended to while it is the newest and removed as a whole.
#pragma once

#include "runtime/base/error.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::spool {

/// Segments are called by their bases. All calls block; open, begin and append come from one thread, the others from any.
class segment_store {
public:
  virtual ~segment_store() = default;

  /// Returns the present segments, ascending. Called once, before all else.
  [[nodiscard]] virtual expected<std::vector<std::uint64_t>> open() = 0;
  /// Returns all of it. ec::not_found, ec::corrupt.
  [[nodiscard]] virtual expected<std::string> read(std::uint64_t base) const = 0;
  /// Makes durable what was read of the newest one after open().
  [[nodiscard]] virtual expected<void> settle(std::uint64_t base) = 0;
  /// Makes the next one, durable with this header. One of that base that nothing was appended to is replaced.
  [[nodiscard]] virtual expected<void> begin(std::uint64_t base, std::string_view header) = 0;
  /// Appends to the newest one, durable when it returns. After an error it is not known what is there; another is
  /// begun where the last group that counts has ended.
  [[nodiscard]] virtual expected<void> append(std::uint64_t base, std::string_view frames) = 0;
  /// A segment whose removal failed may be there again at the next open().
  [[nodiscard]] virtual expected<void> remove(std::uint64_t base) = 0;

  /// Names the place of all segments.
  [[nodiscard]] virtual std::string place() const = 0;
  [[nodiscard]] virtual std::string path(std::uint64_t base) const = 0;
  /// Tells an operator what to do about one that is damaged.
  [[nodiscard]] virtual std::string remedy() const = 0;
};

}  // namespace millrace::spool
