// The reader of a feed's spool: one partition, "spool", an ordinary log. Positions are those of the spool;
// timestamps the moments of arrival, which it keeps.
#pragma once

#include "actors/source/feed.hpp"
#include "actors/source/source.hpp"

namespace millrace::source {

class spooled_reader final : public reader {
public:
  static constexpr std::string_view partition = "spool";

  /// `consumer`: whose acknowledgements this reader brings; `topic`: what `_topic` says.
  spooled_reader(std::shared_ptr<feed> of, std::string consumer, std::string topic);

  expected<std::vector<partition_info>> discover(std::chrono::milliseconds timeout) override;
  expected<void> assign(const std::string& partition, position from) override;
  void unassign(const std::string&) override { assigned_ = false; }
  expected<std::optional<chunk>> read(std::span<const std::string> wanted, std::size_t max_bytes,
                                      std::chrono::milliseconds timeout) override;
  void acknowledge(const std::string&, position durable) override;
  std::optional<std::uint64_t> lag() override { return std::nullopt; }  // bytes are known, records not
  void interrupt() override;

private:
  std::shared_ptr<feed> feed_;
  std::string consumer_;
  std::string topic_;
  spool::cursor cursor_;
  bool assigned_ = false;
  bool end_said_ = false;
  bool at_end_ = false;  // of a feed that has ended; said so
  std::uint64_t next_ = 0;
  std::atomic<bool> interrupted_{false};
};

}  // namespace millrace::source
