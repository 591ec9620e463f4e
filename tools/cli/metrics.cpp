#include "tools/cli/metrics.hpp"

#include "runtime/base/shard_name.hpp"

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <limits>

namespace millrace::cli {
namespace {

class families {
public:
  /// Names the topology whose figures follow.
  void of(std::string topology) { topology_ = std::move(topology); }

  using labels = std::vector<prometheus::ClientMetric::Label>;
  void add(const std::string& name, const std::string& help, prometheus::MetricType type,
           const std::string& label, const std::string& of, double value) {
    add(name, help, type, label.empty() ? labels() : labels{{label, of}}, value);
  }
  void add(const std::string& name, const std::string& help, prometheus::MetricType type, labels own,
           double value) {
    auto m = labelled(std::move(own));
    if (type == prometheus::MetricType::Counter)
      m.counter.value = value;
    else
      m.gauge.value = value;
    family_of(name, help, type).metric.push_back(std::move(m));
  }
  void add(const std::string& name, const std::string& help, const std::string& label, const std::string& of,
           const shard::pause_histogram& pauses) {
    auto m = labelled({{label, of}});
    std::uint64_t below = 0;
    for (std::size_t i = 0; i < shard::pause_histogram::bounds.size(); ++i) {
      below += pauses.count(i);
      m.histogram.bucket.push_back(
          {below, static_cast<double>(shard::pause_histogram::bounds[i].count()) / 1e6});
    }
    m.histogram.sample_count = below + pauses.count(shard::pause_histogram::bounds.size());
    m.histogram.bucket.push_back({m.histogram.sample_count, std::numeric_limits<double>::infinity()});
    m.histogram.sample_sum = static_cast<double>(pauses.total().count()) / 1e6;
    family_of(name, help, prometheus::MetricType::Histogram).metric.push_back(std::move(m));
  }
  [[nodiscard]] std::string text() const { return prometheus::TextSerializer().Serialize(all_); }

private:
  prometheus::ClientMetric labelled(labels own) const {
    prometheus::ClientMetric m;
    m.label.push_back({"topology", topology_});
    std::move(own.begin(), own.end(), std::back_inserter(m.label));
    return m;
  }
  prometheus::MetricFamily& family_of(const std::string& name, const std::string& help,
                                      prometheus::MetricType type) {
    for (auto& f : all_)
      if (f.name == name)
        return f;
    prometheus::MetricFamily f;
    f.name = name;
    f.help = help;
    f.type = type;
    all_.push_back(std::move(f));
    return all_.back();
  }
  std::string topology_;
  std::vector<prometheus::MetricFamily> all_;
};

void add_flow(families& all, const flow_meter& flow) {
  using prometheus::MetricType;
  for (const auto& [name, f] : flow.sources()) {
    all.add("millrace_input_records_per_second", "Records taken from a source, over the last seconds",
            MetricType::Gauge, "source", name, f.records_per_second);
    if (f.pending)
      all.add("millrace_pending_records", "Records that are there and not yet read", MetricType::Gauge,
              "source", name, static_cast<double>(*f.pending));
    if (f.pending_bytes)
      all.add("millrace_pending_bytes", "Bytes of files that are there and not yet read", MetricType::Gauge,
              "source", name, static_cast<double>(*f.pending_bytes));
  }
}

void add_topology(families& all, const running_topology& t) {
  using prometheus::MetricType;
  const auto& gauges = t.gauges;
  all.of(t.topology->name);
  all.add("millrace_running", "1 until the topology has ended", MetricType::Gauge, "", "", t.runs);
  add_flow(all, t.flow);
  for (const auto& [name, g] : gauges.lanes) {
    all.add("millrace_records_total", "Records read and processed by a lane", MetricType::Counter, "lane",
            name, static_cast<double>(g->records));
    if (g->watermark != no_watermark && g->watermark != end_of_time)
      all.add("millrace_watermark_seconds", "Event time up to which a lane is complete", MetricType::Gauge,
              "lane", name, static_cast<double>(g->watermark) / 1e6);
    if (g->lag >= 0)
      all.add("millrace_lag_records", "Records that are there and not yet read", MetricType::Gauge, "lane",
              name, static_cast<double>(g->lag));
    all.add("millrace_in_flight_bytes", "Frames that receivers have not taken yet", MetricType::Gauge, "lane",
            name, static_cast<double>(g->in_flight_bytes));
    all.add("millrace_source_away", "1 while the source does not answer", MetricType::Gauge, "lane", name,
            g->away);
    all.add("millrace_chunks_total", "Chunks of records that a lane has begun", MetricType::Counter, "lane",
            name, static_cast<double>(g->chunks));
    all.add("millrace_chunk_wait_seconds_total", "From a chunk's arrival to its turn", MetricType::Counter,
            "lane", name, static_cast<double>(g->wait_micros) / 1e6);
    all.add("millrace_chunk_work_seconds_total", "Parsing and the lane's steps", MetricType::Counter, "lane",
            name, static_cast<double>(g->work_micros) / 1e6);
  }
  for (const auto& [name, g] : gauges.feeds->gauges()) {
    all.add("millrace_source_connections_total", "Connections that a source has made", MetricType::Counter,
            "source", name, static_cast<double>(g->connections));
    all.add("millrace_source_received_total", "Records received into the spool", MetricType::Counter,
            "source", name, static_cast<double>(g->records));
    all.add("millrace_source_received_bytes_total", "Bytes of records received into the spool",
            MetricType::Counter, "source", name, static_cast<double>(g->bytes));
    all.add("millrace_source_cut_records_total",
            "Records that were cut off by the end of a connection, or too long", MetricType::Counter,
            "source", name, static_cast<double>(g->cut_records));
    all.add("millrace_spool_bytes", "Received records in the state folder", MetricType::Gauge, "source", name,
            static_cast<double>(g->spool_bytes));
    all.add("millrace_spool_full", "1 while a source is not read because its spool is full",
            MetricType::Gauge, "source", name, g->spool_full);
  }
  for (const auto& [actor, g] : gauges.shards) {
    const auto name = lasting_name(actor);
    all.add("millrace_window_rows_total", "Rows that a shard has emitted", MetricType::Counter, "shard", name,
            static_cast<double>(g->rows));
    all.add("millrace_windows_open", "Windows with records that have not fired", MetricType::Gauge, "shard",
            name, static_cast<double>(g->windows_open));
    all.add("millrace_keys", "Keys over all slices of a shard", MetricType::Gauge, "shard", name,
            static_cast<double>(g->keys));
    all.add("millrace_state_bytes", "Window state in memory", MetricType::Gauge, "shard", name,
            static_cast<double>(g->bytes));
    all.add("millrace_retained_bytes", "Output that a sink has not committed yet", MetricType::Gauge, "shard",
            name, static_cast<double>(g->retained_bytes));
    all.add("millrace_spilled_bytes", "Output that a sink has not committed yet, of that in the state folder",
            MetricType::Gauge, "shard", name, static_cast<double>(g->spilled_bytes));
    for (const auto& [sink, bytes] : g->held_by)
      all.add("millrace_held_bytes", "Output of a shard that this sink has not committed yet",
              MetricType::Gauge, {{"shard", name}, {"sink", lasting_name(sink)}}, static_cast<double>(bytes));
    all.add("millrace_stalled", "1 while a shard takes no input because too much of its output is kept",
            MetricType::Gauge, "shard", name, g->stalled);
    all.add("millrace_late_at_shard_total",
            "Records that came after their window had fired without their partition", MetricType::Counter,
            "shard", name, static_cast<double>(g->late_at_shard));
    all.add("millrace_snapshot_failures_total", "Snapshots that could not be written", MetricType::Counter,
            "shard", name, static_cast<double>(g->snapshot_failures));
    all.add("millrace_snapshots_passed_over_total",
            "Damaged snapshot files that were passed over when a shard was restored", MetricType::Counter,
            "shard", name, static_cast<double>(g->snapshots_passed_over));
    all.add("millrace_snapshot_pause_seconds", "How long a shard took no input while it gathered a snapshot",
            "shard", name, g->snapshot_pauses);
  }
  for (const auto& [name, g] : gauges.sinks) {
    all.add("millrace_sink_rows_total", "Rows committed since this process started", MetricType::Counter,
            "sink", name, static_cast<double>(g->rows));
    all.add("millrace_sink_commits_total", "Commits since this process started", MetricType::Counter, "sink",
            name, static_cast<double>(g->commits));
    all.add("millrace_sink_row_commits_total", "Of those, with rows", MetricType::Counter, "sink", name,
            static_cast<double>(g->row_commits));
    all.add("millrace_sink_wait_seconds_total", "From a batch's first row to the beginning of its commit",
            MetricType::Counter, "sink", name, static_cast<double>(g->wait_micros) / 1e6);
    all.add("millrace_sink_commit_seconds_total", "What commits with rows took", MetricType::Counter, "sink",
            name, static_cast<double>(g->commit_micros) / 1e6);
    all.add("millrace_sink_batch", "Number of the newest commit with rows (_batch); behind updates one tick",
            MetricType::Gauge, "sink", name, static_cast<double>(g->batch));
    all.add("millrace_sink_batch_rows", "Its rows", MetricType::Gauge, "sink", name,
            static_cast<double>(g->last_rows));
    all.add("millrace_sink_batch_seconds", "What its commit took", MetricType::Gauge, "sink", name,
            static_cast<double>(g->last_micros) / 1e6);
    all.add("millrace_sink_refused_total", "Rows that the target refused", MetricType::Counter, "sink", name,
            static_cast<double>(g->rejected));
    all.add("millrace_sink_away", "1 while the target does not answer", MetricType::Gauge, "sink", name,
            g->away);
  }
  for (const auto& [stage, lost] : gauges.losses->all()) {
    all.add("millrace_late_records_total", "Late records of a window, since this process started",
            MetricType::Counter, "stage", stage, static_cast<double>(lost.late));
    all.add("millrace_dead_letters_total", "Dead letters of a stage, since this process started",
            MetricType::Counter, "stage", stage, static_cast<double>(lost.dead_letters));
  }
  if (t.store)
    all.add("millrace_state_folder_bytes", "The state folder on disk", MetricType::Gauge, "", "",
            static_cast<double>(t.store->bytes()));
}

}  // namespace

std::string metrics_text(const std::vector<running_topology>& all) {
  families out;
  for (const auto& t : all)
    if (t.is_prepared)
      add_topology(out, t);
  return out.text();
}

}  // namespace millrace::cli
