// Keeps what a server still has of its stream, and how far each client has read it: a bounded log in memory.
// Any thread may call; nothing blocks.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

namespace millrace::load {

/// Numbers are compared as numbers, anything else as text.
[[nodiscard]] bool is_after(std::string_view value, std::string_view than);

class stream_log {
public:
  /// Records that all clients have read are kept within this many bytes, for clients that come back.
  static constexpr std::size_t retained_bytes = std::size_t{64} << 20U;
  /// A client may lag this far; beyond that append() takes nothing.
  static constexpr std::size_t largest_lag = std::size_t{16} << 20U;

  /// Appends a record that is given without a line end; `mark` is what a client may ask to go on after.
  /// False: the slowest client lags too far.
  [[nodiscard]] bool append(std::string_view record, std::string mark);

  /// Adds a client, which reads from the first kept record after `since`, else from now on (`from_first`:
  /// from the oldest one).
  [[nodiscard]] std::uint64_t add_client(const std::optional<std::string>& since, bool from_first);
  void remove_client(std::uint64_t client);
  /// Returns whole lines from where the client is, about `most_bytes`; `next` is what to tell by advance()
  /// when they are written.
  [[nodiscard]] std::string lines_for(std::uint64_t client, std::size_t most_bytes,
                                      std::uint64_t& next) const;
  void advance(std::uint64_t client, std::uint64_t next);
  /// Counts the records that the slowest client has yet to get.
  [[nodiscard]] std::uint64_t behind() const;

private:
  struct entry {
    std::string line;
    std::string mark;
    std::uint64_t begins;  // an offset in bytes, from the first record ever
  };
  [[nodiscard]] std::uint64_t slowest() const;
  [[nodiscard]] const entry& at(std::uint64_t number) const { return entries_[number - first_]; }

  mutable std::mutex mutex_;
  std::deque<entry> entries_;
  std::uint64_t first_ = 0;  // number of entries_.front()
  std::uint64_t next_ = 0;   // number of the next record
  std::uint64_t bytes_ = 0;  // bytes of all records ever
  std::map<std::uint64_t, std::uint64_t> clients_;
  std::uint64_t next_client_ = 0;
};

}  // namespace millrace::load
