// Remembers the rows that `updates` of an aligned or global window with `having` has given and not taken back: the
// keys of each window end. A row that `having` no longer lets through is taken back where it stands here. Bytes
// (docs/development/formats.md):
//   whole:   varint n, n ends: svarint end, varint m, m keys
//   changes: svarint end up to which all are dropped, varint n, n changes: svarint end, string key, u8 given
#pragma once

#include "runtime/base/error.hpp"
#include "runtime/base/time.hpp"
#include "runtime/wire/bytes.hpp"

#include <map>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

namespace millrace::window {

class given_rows {
public:
  [[nodiscard]] bool has(event_micros end, std::string_view key) const;
  void set(event_micros end, std::string_view key, bool given);
  /// Windows up to `over` give no more rows.
  void drop(event_micros over);

  /// Both begin a new "since the last capture".
  void capture_all(wire::writer& out);
  void capture_changes(wire::writer& out);
  /// Applies what either has written. False: the bytes are damaged.
  [[nodiscard]] bool apply(wire::reader& in, bool whole);
  [[nodiscard]] std::size_t byte_size() const { return bytes_; }

private:
  struct hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view key) const { return std::hash<std::string_view>{}(key); }
  };
  using keys = std::unordered_set<std::string, hash, std::equal_to<>>;
  void put(event_micros end, std::string_view key, bool given);
  void erase_up_to(event_micros over);

  std::map<event_micros, keys> ends_;
  std::map<std::pair<event_micros, std::string>, bool> changes_;  // since the last capture
  event_micros dropped_ = no_watermark;                           // likewise: all up to here
  std::size_t bytes_ = 0;                                         // about
};

}  // namespace millrace::window
