// The place that a load goes to. A target never holds up the schedule: it takes what it has room for, at
// once, and says how much that was. One thread calls it.
#pragma once

#include "tools/load/latency.hpp"
#include "tools/load/record_maker.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <span>
#include <string>

namespace millrace::load {

/// Tells what has become of the records that were taken.
struct outcome {
  std::uint64_t delivered = 0;  // the target has them
  std::uint64_t failed = 0;     // it refused them
  std::uint64_t bytes = 0;      // bytes of delivered records
  std::string first_failure;
  latency_histogram latency;  // time from the moment when a record was due to its delivery
};

class target {
public:
  virtual ~target() = default;

  /// Waits up to `timeout` for peers that must be there; may return early with false, to be called again.
  [[nodiscard]] virtual expected<bool> ready(std::chrono::milliseconds timeout) = 0;
  /// Takes the first so many of them; 0: no room. The bytes are copied or written before it returns.
  [[nodiscard]] virtual expected<std::size_t> send(std::span<const outgoing_record> records) = 0;
  /// Works on what was taken, for up to `wait` if there is nothing to do.
  [[nodiscard]] virtual expected<void> work(std::chrono::milliseconds wait) = 0;
  /// Taken and neither delivered nor failed.
  [[nodiscard]] virtual std::uint64_t under_way() const = 0;
  /// No more will be sent.
  [[nodiscard]] virtual expected<void> finish() { return {}; }
  [[nodiscard]] virtual const outcome& done() const = 0;
};

/// Checks what can be checked before anything is contacted; errors of fault::user end with status 2.
[[nodiscard]] expected<std::unique_ptr<target>> make_kafka_target(const options& o);
[[nodiscard]] expected<std::unique_ptr<target>> make_http_target(const options& o);
[[nodiscard]] expected<std::unique_ptr<target>> make_file_target(const options& o);
[[nodiscard]] expected<std::unique_ptr<target>> make_stream_server(const options& o);

}  // namespace millrace::load
