// What a running topology tells people: one line that is rewritten on a terminal, a log line now and then
// otherwise.
#pragma once

#include "actors/pipeline.hpp"
#include "config/plan.hpp"

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

namespace millrace::cli {

/// All gauges added up.
struct totals {
  std::uint64_t records = 0;
  std::int64_t watermark = no_watermark;  // the least over all lanes
  std::int64_t lag = -1;                  // records not yet read; -1: unknown
  std::uint64_t windows_open = 0;
  std::uint64_t keys = 0;
  std::uint64_t state_bytes = 0;    // in memory
  std::uint64_t spilled_bytes = 0;  // output on disk that sinks have not committed
  bool stalled = false;             // a shard waits for a sink
  std::uint64_t rows = 0;           // committed by all sinks
  bool away = false;                // a source or target does not answer
};
[[nodiscard]] totals add_up(const pipeline_gauges& gauges);
/// "12,345 records/s, watermark 2021-04-24T19:55:00Z, lag 0, 3 windows open, 1.2 MB of state"
[[nodiscard]] std::string progress_text(const totals& t, double records_per_second);

/// A thread that prints until it is destroyed.
class progress_printer {
public:
  progress_printer(const config::topology& t, pipeline_gauges gauges,
                   std::shared_ptr<snapshot::state_store> store);
  ~progress_printer();
  progress_printer(const progress_printer&) = delete;
  progress_printer& operator=(const progress_printer&) = delete;

private:
  void run();

  std::string name_;
  pipeline_gauges gauges_;
  std::shared_ptr<snapshot::state_store> store_;
  bool terminal_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool done_ = false;
  std::thread thread_;
};

}  // namespace millrace::cli
