// Watches where rows come out, a sink's topic or file, and measures each from the moment that it carries. Its
// own thread; what it counts may be read at any time.
#pragma once

#include "tools/load/latency.hpp"
#include "tools/load/options.hpp"

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <string_view>
#include <thread>

namespace millrace::load {

/// The place at which rows come out.
class row_source {
public:
  virtual ~row_source() = default;
  /// Rows that come from now on count.
  [[nodiscard]] virtual expected<void> begin(std::chrono::milliseconds timeout) = 0;
  /// The rows that have come within `wait`; a row's bytes are the callback's for its time.
  [[nodiscard]] virtual expected<void> take(std::chrono::milliseconds wait,
                                            const std::function<void(std::string_view)>& row) = 0;
};
[[nodiscard]] expected<std::unique_ptr<row_source>> make_kafka_rows(const options& o);
[[nodiscard]] expected<std::unique_ptr<row_source>> make_file_rows(const options& o);

struct measurement {
  std::uint64_t rows = 0;     // rows with the member, measured
  std::uint64_t without = 0;  // rows without it, or with something else there
  latency_histogram latency;
  std::string failure;
};

class measured_rows {
public:
  /// Begins to watch; `member` of a row holds microseconds since 1970.
  [[nodiscard]] static expected<std::unique_ptr<measured_rows>> start(const options& o);
  ~measured_rows();
  measured_rows(const measured_rows&) = delete;
  measured_rows& operator=(const measured_rows&) = delete;

  /// Returns how long no row has come.
  [[nodiscard]] std::chrono::milliseconds idle() const;
  [[nodiscard]] measurement now() const;

private:
  measured_rows(std::unique_ptr<row_source> rows, std::string member);
  void run();

  std::unique_ptr<row_source> rows_;
  std::string member_;
  mutable std::mutex mutex_;
  measurement seen_;
  std::chrono::steady_clock::time_point last_ = std::chrono::steady_clock::now();
  std::atomic<bool> done_{false};
  std::thread thread_;
};

}  // namespace millrace::load
