// An input that runs by itself, beside its readers, and writes what it receives into a spool: a connection to
// a stream, a server. One for each such stage and process; its readers share it. It lives from the first look
// at the source to the end of the pipeline, so that nothing that comes in between is lost.
#pragma once

#include "actors/client/spool/spool.hpp"
#include "runtime/base/error.hpp"

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
  std::atomic<std::uint64_t> bytes{0};        // of them
  std::atomic<std::uint64_t> cut_records{0};  // of a connection that ended within a record, or too long
  std::atomic<std::uint64_t> spool_bytes{0};
  std::atomic<bool> spool_full{false};  // nothing is received
};

class feed {
public:
  virtual ~feed() = default;

  /// Waits until it receives, or could, for the first time. ec::unavailable is waited for; fault::user is
  /// not.
  [[nodiscard]] virtual expected<void> wait_until_begun(std::chrono::milliseconds timeout) = 0;
  /// Why nothing comes just now, if something is wrong.
  [[nodiscard]] virtual std::optional<error> trouble() const = 0;
  [[nodiscard]] virtual const std::shared_ptr<spool::log>& log() const = 0;
  [[nodiscard]] virtual std::shared_ptr<const feed_gauges> gauges() const = 0;
  /// The log holds now all that there will ever be.
  [[nodiscard]] virtual bool ended() const { return false; }
  /// The line that names the columns of all its records, which is none of them; known before the first record
  /// is.
  [[nodiscard]] virtual std::optional<std::string> header() const { return std::nullopt; }
};

/// Whether nothing more should be received; says so, and that there is room again, once each: `what` happens
/// until then.
[[nodiscard]] bool is_full(const spool::log& log, feed_gauges& gauges, const std::string& stage,
                           std::string_view what);

/// The feeds of a pipeline, by stage.
class feeds {
public:
  [[nodiscard]] expected<std::shared_ptr<feed>>
  of(const std::string& stage, const std::function<expected<std::shared_ptr<feed>>()>& make) {
    const std::scoped_lock lock(mutex_);
    auto& found = feeds_[stage];
    if (!found) {
      auto made = make();
      if (!made)
        return tl::make_unexpected(std::move(made.error()));
      found = std::move(*made);
    }
    return found;
  }
  [[nodiscard]] std::map<std::string, std::shared_ptr<const feed_gauges>> gauges() const {
    const std::scoped_lock lock(mutex_);
    std::map<std::string, std::shared_ptr<const feed_gauges>> out;
    for (const auto& [stage, f] : feeds_)
      if (f)
        out.emplace(stage, f->gauges());
    return out;
  }

private:
  mutable std::mutex mutex_;
  std::map<std::string, std::shared_ptr<feed>> feeds_;
};

}  // namespace millrace::source
