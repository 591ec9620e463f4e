// An input that runs by itself, beside its readers, and writes what it receives into a spool: a connection to
// a stream, a server, standard input. One for each such stage and process; its readers share it.
#pragma once

#include "actors/stream/spool/spool.hpp"
#include "runtime/base/error.hpp"
#include "runtime/base/life.hpp"

#include <atomic>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

namespace millrace::source {

/// Written by the feed, read by anyone.
struct feed_gauges {
  std::atomic<std::uint64_t> connections{0};  // made since the process started
  std::atomic<std::uint64_t> records{0};      // received
  std::atomic<std::uint64_t> bytes{0};        // their bytes
  std::atomic<std::uint64_t> cut_records{0};  // records of a connection that ended within one, or too long
                                              // ones
  // feeds::gauges() brings these two up to date:
  std::atomic<std::uint64_t> spool_bytes{0};
  std::atomic<bool> spool_full{false};  // the feed receives nothing
};

/// Whoever makes it opens its log, and its thread alone adds to that. It takes nothing while the log is full (fullness).
class feed {
public:
  /// Ends the thread, which takes a moment; what is committed stays for the next life.
  virtual ~feed() = default;

  /// Waits until it receives, or could, for the first time. ec::unavailable is waited for; fault::user is
  /// not.
  [[nodiscard]] virtual expected<void> wait_until_begun(std::chrono::milliseconds timeout) = 0;
  /// Returns why no records come just now, if something is wrong.
  [[nodiscard]] virtual std::optional<error> trouble() const = 0;
  [[nodiscard]] virtual const std::shared_ptr<spool::log>& log() const = 0;
  [[nodiscard]] virtual const std::shared_ptr<feed_gauges>& gauges() const = 0;
  /// The log holds now all that there will ever be.
  [[nodiscard]] virtual bool ended() const { return false; }
  /// It reads what was there before it began: that nothing comes yet is no silence of its input.
  [[nodiscard]] virtual bool is_beginning() const { return false; }
  /// Its records are lines of a text, of which a blank one is no record.
  [[nodiscard]] virtual bool gives_lines() const { return false; }
  /// The line that names the columns of all its records, which is none of them; known before the first record
  /// is.
  [[nodiscard]] virtual std::optional<std::string> header() const { return std::nullopt; }
};

/// Says whether no more should be received; the thread of the feed asks.
class fullness {
public:
  /// `what` says what happens until there is room again. The log has both, once each.
  [[nodiscard]] bool is_full(const spool::log& log, const std::string& stage, std::string_view what);

private:
  bool told_ = false;
};

using make_feed = std::function<expected<std::shared_ptr<feed>>()>;

/// The feeds of a pipeline, by stage. Any thread may call; `make` may block, and one feed is made at a time.
class feeds {
public:
  /// It lives from here to the end of the pipeline, so that nothing that comes between two readers is lost.
  [[nodiscard]] expected<std::shared_ptr<feed>> of(const std::string& stage, const make_feed& make);
  /// It lives while a reader of this life of a lane has it: another node may run the next one. ec::unavailable (retry)
  /// while that of another life is yet to end.
  [[nodiscard]] expected<std::shared_ptr<feed>> of(const std::string& stage, const life& now,
                                                   const make_feed& make);
  [[nodiscard]] std::map<std::string, std::shared_ptr<const feed_gauges>> gauges() const;

private:
  struct running {
    std::weak_ptr<feed> held = {};  // readers of that life hold it
    life by = {};
    std::shared_ptr<feed> kept = nullptr;  // the same, to the end of the pipeline
  };
  std::mutex making_;  // locked before mutex_
  mutable std::mutex mutex_;
  std::map<std::string, running> feeds_;
};

}  // namespace millrace::source
