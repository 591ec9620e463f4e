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
  /// Kept for clients that come back, behind what all have read.
  static constexpr std::size_t retained_bytes = std::size_t{64} << 20U;
  /// How far a client may stay behind before nothing more is taken.
  static constexpr std::size_t most_behind = std::size_t{16} << 20U;

  /// Without a line end; `mark` is what a client may ask to go on behind. False: the slowest client is too
  /// far behind.
  [[nodiscard]] bool append(std::string_view record, std::string mark);

  /// A new client: from the first kept record behind `since`, else from now on (`from_first`: from the oldest
  /// one).
  [[nodiscard]] std::uint64_t add_client(const std::optional<std::string>& since, bool from_first);
  void remove_client(std::uint64_t client);
  /// Whole lines from where the client is, about `most_bytes`; `next` is what to tell by advance() when they
  /// are written.
  [[nodiscard]] std::string lines_for(std::uint64_t client, std::size_t most_bytes,
                                      std::uint64_t& next) const;
  void advance(std::uint64_t client, std::uint64_t next);
  /// Records that the slowest client has yet to get.
  [[nodiscard]] std::uint64_t behind() const;

private:
  struct entry {
    std::string line;
    std::string mark;
    std::uint64_t begins;  // in bytes, from the first record ever
  };
  [[nodiscard]] std::uint64_t slowest() const;
  [[nodiscard]] const entry& at(std::uint64_t number) const { return entries_[number - first_]; }

  mutable std::mutex mutex_;
  std::deque<entry> entries_;
  std::uint64_t first_ = 0;  // number of entries_.front()
  std::uint64_t next_ = 0;   // number of the next record
  std::uint64_t bytes_ = 0;  // of all records ever
  std::map<std::uint64_t, std::uint64_t> clients_;
  std::uint64_t next_client_ = 0;
};

}  // namespace millrace::load
