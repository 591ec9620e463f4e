// What a running topology tells people: one line that is rewritten on a terminal, a log line now and then
// otherwise.
#pragma once

#include "tools/millrace/running.hpp"

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
  std::int64_t lag_bytes = -1;            // of files: bytes not yet read
  std::uint64_t windows_open = 0;
  std::uint64_t keys = 0;
  std::uint64_t state_bytes = 0;    // in memory
  std::uint64_t spilled_bytes = 0;  // output on disk that sinks have not committed
  bool stalled = false;             // a shard waits for a sink
  std::uint64_t rows = 0;           // committed by all sinks
  bool away = false;                // a source or target does not answer
};
[[nodiscard]] totals add_up(const pipeline_gauges& gauges);
/// "12,345 records/s, watermark 2021-04-24T19:55:00Z, lag 0, 3 windows open, 1.2 MB of state"; with sinks
/// that commit, how long the slowest one's batches wait and take.
[[nodiscard]] std::string progress_text(const totals& t, const flow_meter& flow);

/// A thread that samples the board and prints, until it is destroyed: of one topology a line that is
/// rewritten on a terminal, else a log line of each now and then.
class progress_printer {
public:
  explicit progress_printer(running_topologies& board, bool alone);
  ~progress_printer();
  progress_printer(const progress_printer&) = delete;
  progress_printer& operator=(const progress_printer&) = delete;

private:
  void run();

  void print(const running_topology& t) const;

  running_topologies& board_;
  bool rewrites_;  // one line on a terminal
  std::mutex mutex_;
  std::condition_variable wake_;
  bool done_ = false;
  std::thread thread_;
};

}  // namespace millrace::cli
