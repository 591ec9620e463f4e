// The reader of generated records: as fast as it is asked, or in bursts with pauses between them.
#pragma once

#include "actors/connectors/generator/records.hpp"
#include "actors/stream/source/source.hpp"

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>

namespace millrace::source {

struct generator_options {
  generated records;                   // records without their epoch
  std::optional<event_micros> epoch;   // none: the moment of the first start
  std::optional<std::uint64_t> count;  // none: for ever
  std::uint64_t burst = 0;             // 0: no pauses
  std::chrono::milliseconds pause{0};  // after each burst
  bool has_rate = false;               // its lane keeps it
};

class generator_reader final : public reader {
public:
  static constexpr std::string_view partition = "generator";

  generator_reader(generator_options options, const wall_clock& clock) : options_(options), clock_(clock) {}

  expected<std::vector<partition_info>> discover(std::chrono::milliseconds timeout) override;
  expected<void> assign(const std::string& partition, position from) override;
  void unassign(const std::string&) override { assigned_ = false; }
  expected<std::optional<chunk>> read(std::span<const std::string> wanted, std::size_t max_bytes,
                                      std::chrono::milliseconds timeout) override;
  void acknowledge(const std::string&, position) override {}
  std::optional<backlog> lag() override;
  void interrupt() override;
  std::string identity() const override;
  expected<void> check_identity(std::string_view stored) override;

private:
  using clock = std::chrono::steady_clock;
  [[nodiscard]] bool at_end() const { return options_.count && next_ >= *options_.count; }
  /// False: interrupted.
  [[nodiscard]] bool wait_until(clock::time_point t);

  generator_options options_;
  const wall_clock& clock_;
  bool assigned_ = false;
  bool ended_ = false;
  std::uint64_t next_ = 0;
  clock::time_point not_before_{};  // a pause lasts
  std::mutex mutex_;
  std::condition_variable woken_;
  bool interrupted_ = false;
};

}  // namespace millrace::source
