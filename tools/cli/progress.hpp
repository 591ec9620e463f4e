// Tells people how a topology runs: one line that is rewritten on a terminal, a log line now and then
// otherwise.
#pragma once

#include "actors/observe/running.hpp"

#include <boost/json/object.hpp>

#include <condition_variable>
#include <map>
#include <mutex>
#include <string>
#include <thread>

namespace millrace::cli {

/// All gauges added up, and the lags of sources; counts are those of this process.
struct totals {
  std::uint64_t records = 0;
  std::int64_t watermark = no_watermark;  // of all lanes together: an idle one holds nothing back
  std::int64_t lag = -1;                  // records not yet read; -1: unknown
  std::int64_t lag_bytes = -1;            // bytes of files that are not yet read
  bool has_windows = false;  // without windows there are no late records, and no watermark is waited for
  std::uint64_t windows_open = 0;
  std::uint64_t keys = 0;
  std::uint64_t state_bytes = 0;    // bytes in memory
  std::uint64_t spilled_bytes = 0;  // output on disk that sinks have not committed
  bool stalled = false;             // a shard waits for a sink
  std::uint64_t rows = 0;           // committed by the sinks, dead letters apart
  std::uint64_t late = 0;
  std::uint64_t dead_letters = 0;
  bool away = false;  // a source or target does not answer
};
[[nodiscard]] totals add_up(const deployment::pipeline_gauges& gauges, const observe::flow_meter& flow);
/// "12,345 records/s, 1,000,000 since this start, 12 rows out, 3 late, 1 dead letter, lag 0, watermark
/// 2021-04-24T19:55:00Z, 3 windows open, 1.2 MB of state"; with sinks that commit, how long the slowest one's
/// batches wait and take. Without windows late records, watermark and state are left out. The most important parts come first: a narrow terminal shows the beginning.
[[nodiscard]] std::string progress_text(const totals& t, const observe::flow_meter& flow);
/// The same for programs.
[[nodiscard]] boost::json::object progress_members(const totals& t, const observe::flow_meter& flow);
/// Fits the text into one line of a terminal of this many columns; control characters in it are made visible.
[[nodiscard]] std::string one_line(std::string_view text, std::size_t columns);

enum class progress_style : std::uint8_t {
  automatic,  // a line where standard error is a terminal and one topology runs, else log lines
  line,       // rewritten
  log,        // a log line of each topology every ten seconds, where it differs from the one before
  none,
};
[[nodiscard]] progress_style progress_style_of(std::string_view name);

/// A thread that samples the board and prints, until it is destroyed.
class progress_printer {
public:
  progress_printer(observe::running_topologies& board, progress_style style, bool alone);
  ~progress_printer();
  progress_printer(const progress_printer&) = delete;
  progress_printer& operator=(const progress_printer&) = delete;

private:
  void run();
  void print();

  observe::running_topologies& board_;
  const progress_style style_;
  std::map<std::string, std::string> logged_;  // the last line of each topology
  std::mutex mutex_;
  std::condition_variable wake_;
  bool done_ = false;
  std::thread thread_;
};

}  // namespace millrace::cli
