#include "tools/cli/status_server.hpp"

#include "runtime/base/shard_name.hpp"
#include "runtime/base/visible_text.hpp"
#include "runtime/http/request_reader.hpp"
#include "tools/cli/health.hpp"
#include "tools/cli/own_names.hpp"
#include "tools/load/http/listen_address.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <fmt/format.h>
#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>
#include <spdlog/spdlog.h>

#include <array>
#include <limits>
#include <list>
#include <thread>

namespace millrace::cli {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using asio::ip::tcp;

constexpr std::chrono::seconds connection_timeout{2};
/// Scrapers and probes are few; whoever opens more makes the oldest of them end.
constexpr std::size_t most_connections = 64;
/// Accepting goes on after as long, where there are no more descriptors.
constexpr std::chrono::milliseconds again{200};
constexpr millrace::http::request_limits request_limits{.head = 8'192, .headers = 100, .body = 8'192};

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

struct status_server::impl {
  using response = http::response<http::string_body>;
  struct connection {
    explicit connection(tcp::socket s) : stream(std::move(s)) {}
    beast::tcp_stream stream;
    millrace::http::request_reader reader{request_limits};
    std::array<char, 4096> buffer{};
    response answer;
  };
  using connection_ptr = std::shared_ptr<connection>;

  asio::io_context io;
  tcp::acceptor acceptor{io};
  asio::steady_timer accept_again{io};
  std::list<connection_ptr> open;  // the oldest first
  bool cannot_accept = false;
  std::atomic<bool> done{false};
  std::thread thread;
  const running_topologies* board = nullptr;
  own_names names;

  static void tell(response& r, health h) {
    r.result(h.good ? http::status::ok : http::status::service_unavailable);
    r.body() = visible_lines(h.text);
  }

  void tell(response& r, const connection& c, const millrace::http::incoming_request& request) {
    boost::system::error_code gone;
    const auto local = c.stream.socket().local_endpoint(gone);
    if (!names.have(request.host, local.address())) {
      r.result(http::status::misdirected_request);
      r.body() = fmt::format("This server does not answer for {}; --http-host gives it more names\n",
                             visible(request.host));
    } else if (request.method != "GET") {
      r.result(http::status::method_not_allowed);
      r.body() = "GET /metrics, /healthz, /readyz or /livez\n";
    } else if (request.target == "/metrics") {
      r.body() = metrics_text(board->all());
    } else if (request.target == "/healthz") {
      tell(r, is_healthy(board->all()));
    } else if (request.target == "/readyz") {
      tell(r, is_ready(board->all(), board->is_stopping()));
    } else if (request.target == "/livez") {
      tell(r, is_alive(flow_meter::clock::now() - board->sampled_at()));
    } else {
      r.result(http::status::not_found);
      r.body() = "there are /metrics, /healthz, /readyz and /livez\n";
    }
  }

  void accept() {
    acceptor.async_accept([this](boost::system::error_code failed, tcp::socket socket) {
      if (done)
        return;
      if (failed) {  // no descriptor, no memory: asking again at once would only spin
        if (!std::exchange(cannot_accept, true))
          spdlog::warn("--http: no connection can be accepted: {}; trying again", failed.message());
        accept_again.expires_after(again);
        accept_again.async_wait([this](boost::system::error_code) { accept(); });
        return;
      }
      cannot_accept = false;
      serve(std::move(socket));
      accept();
    });
  }

  /// One connection, asynchronously, so that a silent client holds nobody up; beyond the bound the oldest
  /// goes.
  void serve(tcp::socket socket) {
    if (open.size() >= most_connections)
      end(open.front());
    open.push_back(std::make_shared<connection>(std::move(socket)));
    open.back()->stream.expires_after(connection_timeout);
    receive(open.back());
  }

  void receive(const connection_ptr& c) {
    c->stream.async_read_some(asio::buffer(c->buffer),
                              [this, c](boost::system::error_code failed, std::size_t n) {
                                if (failed)
                                  return end(c);
                                c->reader.put({c->buffer.data(), n});
                                if (c->reader.refused() || c->reader.is_done())
                                  answer(c);
                                else
                                  receive(c);
                              });
  }

  void answer(const connection_ptr& c) {
    auto& r = c->answer;
    r = response(http::status::ok, c->reader.request().is_1_0 ? 10 : 11);
    r.set(http::field::content_type, "text/plain; version=0.0.4; charset=utf-8");
    r.set("X-Content-Type-Options", "nosniff");
    r.keep_alive(false);
    if (const auto& no = c->reader.refused()) {
      r.result(static_cast<unsigned>(no->status));
      r.body() = no->why + '\n';
    } else {
      tell(r, *c, c->reader.request());
    }
    r.prepare_payload();
    http::async_write(c->stream, r, [this, c](boost::system::error_code, std::size_t) {
      boost::system::error_code ignored;
      c->stream.socket().shutdown(tcp::socket::shutdown_send, ignored);
      end(c);
    });
  }

  void end(connection_ptr c) {
    open.remove(c);
    c->stream.close();
  }
};

status_server::status_server(std::unique_ptr<impl> i) : impl_(std::move(i)) {}
status_server::status_server(status_server&&) noexcept = default;
status_server& status_server::operator=(status_server&&) noexcept = default;

status_server::~status_server() {
  if (!impl_)
    return;
  impl_->done = true;
  impl_->io.stop();
  impl_->thread.join();
}

expected<status_server> status_server::start(const std::string& address, std::vector<std::string> names,
                                             const running_topologies& board) {
  const auto endpoint = load::parse_listen_address("--http", address);
  if (!endpoint)
    return unexpected(endpoint.error());
  auto i = std::make_unique<impl>();
  i->board = &board;
  i->names = own_names(std::move(names));
  if (auto listening = load::listen_on(i->acceptor, *endpoint, "--http", address); !listening)
    return unexpected(listening.error());
  i->accept();
  i->thread = std::thread([at = i.get()] { at->io.run(); });
  return status_server(std::move(i));
}

}  // namespace millrace::cli
