#include "actors/stream/sink/commit_figures.hpp"

#include <algorithm>

namespace millrace::sink {

void note_commit(sink_gauges& gauges, const done_commit& c, event_micros now) {
  using std::chrono::duration_cast;
  gauges.batch = c.batch;
  gauges.rows += c.rows - std::min(c.refused, c.rows);
  gauges.rejected += c.refused;
  gauges.bytes.fetch_add(c.bytes, std::memory_order_relaxed);
  ++gauges.commits;
  if (c.rows == 0 || !c.first_row)
    return;
  const auto took = static_cast<std::uint64_t>(duration_cast<micros>(c.ended - c.began).count());
  const auto waited = static_cast<std::uint64_t>(duration_cast<micros>(c.began - *c.first_row).count());
  gauges.in_target.add(duration_cast<micros>(c.in_target));
  ++gauges.row_commits;
  gauges.wait_micros += waited;
  gauges.commit_micros += took;
  gauges.commit_times.add(micros(static_cast<std::int64_t>(took)));
  gauges.last_rows = c.rows;
  gauges.last_micros = took;
  gauges.history.add({c.batch, now, c.rows, waited, took});
}

void note_latency(sink_gauges& gauges, const std::vector<window_input>& windows,
                  const std::map<log_id, mark>& before, const std::map<log_id, mark>& reached,
                  event_micros now) {
  for (const auto& [name, m] : reached) {
    const auto& log = name;
    if (const auto known = before.find(log); known != before.end() && known->second == m)
      continue;
    const bool is_window = std::any_of(windows.begin(), windows.end(), [&](const auto& w) {
      return std::find(w.logs.begin(), w.logs.end(), log) != w.logs.end();
    });
    const auto time = is_window ? m.at.major : m.watermark;
    if (time != no_watermark && time != end_of_time)
      gauges.latency.add(micros(now - time));
  }
}

}  // namespace millrace::sink
