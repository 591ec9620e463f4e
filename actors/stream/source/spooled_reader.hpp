// The reader of a feed's spool: one partition, "spool", an ordinary log. Positions are those of the spool;
// timestamps the moments of arrival, which it keeps.
#pragma once

#include "actors/stream/source/feed.hpp"
#include "actors/stream/source/source.hpp"
#include "actors/stream/source/spool_options.hpp"

#include <functional>
#include <mutex>
#include <optional>

namespace millrace::source {

class spooled_reader final : public reader {
public:
  static constexpr std::string_view partition = "spool";

  /// `open`: makes the feed, or finds it; it may block, and discover() calls it until it succeeds. `consumer`: whose
  /// acknowledgements this reader brings; `topic`: what `_topic` says.
  spooled_reader(make_feed open, std::string consumer, std::string topic)
      : open_(std::move(open)), consumer_(std::move(consumer)), topic_(std::move(topic)) {}

  expected<std::vector<partition_info>> discover(std::chrono::milliseconds timeout) override;
  expected<void> assign(const std::string& partition, position from) override;
  void unassign(const std::string&) override { assigned_ = false; }
  expected<std::optional<chunk>> read(std::span<const std::string> wanted, std::size_t max_bytes,
                                      std::chrono::milliseconds timeout) override;
  void acknowledge(const std::string&, position durable) override;
  std::optional<backlog> lag() override { return std::nullopt; }  // bytes are known, records not
  std::optional<std::uint64_t> lag_bytes() override;              // counts the heads of frames, too
  void interrupt() override;
  void close() override;

private:
  [[nodiscard]] expected<void> open();

  make_feed open_;
  std::mutex mutex_;  // locked around feed_ where another thread may look
  std::shared_ptr<feed> feed_;
  std::string consumer_;
  std::string topic_;
  std::optional<spool::cursor> cursor_;
  bool assigned_ = false;
  bool end_said_ = false;
  bool at_end_ = false;  // the feed has ended, and so has been told
  std::uint64_t next_ = 0;
  std::atomic<bool> interrupted_{false};
};

/// A reader of the stage's feed among those that are `running`, which `make` starts with its spool where
/// there is none. A feed with a spool in the store of a cluster ends with the life that reads it, and
/// obstacles at first may pass: a former life that ends, an address that is not free yet, a store that is
/// away.
[[nodiscard]] std::unique_ptr<reader>
make_spooled_reader(const config::values& options, const spool_place& at, std::shared_ptr<feeds> running,
                    std::function<expected<std::shared_ptr<feed>>(spool_setup)> make, std::string topic);

}  // namespace millrace::source
