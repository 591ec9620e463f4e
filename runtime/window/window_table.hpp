// A shard's windows by their shape. A shard fires them one by one, since the rows of many may have no room at
// once; shard_windows fires them all. Every other promise is that of shard_windows.
#pragma once

#include "runtime/window/slices.hpp"

#include <memory>
#include <optional>

namespace millrace::window {

class window_table {
public:
  virtual ~window_table() = default;
  virtual std::uint64_t absorb(const partials& p, event_micros fired) = 0;
  /// The first of the windows with fired < end + allowed_lateness <= watermark that have rows, and moves
  /// `fired` on to where it has fired; nothing, and `fired` is the watermark, when there is none. Drops what
  /// no later window needs. With `updates` always nothing.
  virtual std::optional<fired_window> fire_next(event_micros& fired, event_micros watermark) = 0;
  virtual std::optional<fired_window> changes() = 0;
  [[nodiscard]] virtual bool has_changes() const = 0;
  virtual void capture_all(wire::writer& out) = 0;
  virtual void capture_changes(wire::writer& out) = 0;
  [[nodiscard]] virtual expected<void> apply(wire::reader& in) = 0;
  [[nodiscard]] virtual std::size_t windows_open() const = 0;
  [[nodiscard]] virtual std::size_t keys() const = 0;
  [[nodiscard]] virtual std::size_t byte_size() const = 0;
};

/// The mark with which a window that ends here has fired, under a watermark at which it is over.
[[nodiscard]] inline event_micros fired_with(const definition& d, event_micros end, event_micros watermark) {
  return std::min(plus(end, d.allowed_lateness), watermark);
}

[[nodiscard]] std::unique_ptr<window_table> make_window_table(const definition& d);
/// Tumbling, sliding and global windows.
[[nodiscard]] std::unique_ptr<window_table> make_aligned_windows(const definition& d);
[[nodiscard]] std::unique_ptr<window_table> make_session_windows(const definition& d);

}  // namespace millrace::window
