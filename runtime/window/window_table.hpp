// What stands behind shard_windows, one kind for each shape of window. Each promise is shard_windows'.
#pragma once

#include "runtime/window/window.hpp"

#include <memory>
#include <optional>
#include <vector>

namespace millrace::window {

class window_table {
public:
  virtual ~window_table() = default;
  virtual std::uint64_t absorb(const partials& p, event_micros fired) = 0;
  virtual std::vector<fired_window> fire(event_micros fired, event_micros watermark) = 0;
  virtual std::optional<fired_window> changes() = 0;
  [[nodiscard]] virtual bool has_changes() const = 0;
  virtual void capture_all(wire::writer& out) = 0;
  virtual void capture_changes(wire::writer& out) = 0;
  [[nodiscard]] virtual expected<void> apply(wire::reader& in) = 0;
  [[nodiscard]] virtual std::size_t windows_open() const = 0;
  [[nodiscard]] virtual std::size_t keys() const = 0;
  [[nodiscard]] virtual std::size_t byte_size() const = 0;
};

/// Tumbling, sliding and global windows.
[[nodiscard]] std::unique_ptr<window_table> make_aligned_windows(const definition& d);
[[nodiscard]] std::unique_ptr<window_table> make_session_windows(const definition& d);

}  // namespace millrace::window
