#include "tools/millrace/progress.hpp"

#include "tools/millrace/logging.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <unistd.h>

namespace millrace::cli {
namespace {

constexpr std::chrono::seconds sampled_every{1};
/// Of those, how many go by between two log lines.
constexpr int samples_a_line = 10;

std::string grouped(std::uint64_t n) {
  auto digits = std::to_string(n);
  for (auto at = static_cast<std::ptrdiff_t>(digits.size()) - 3; at > 0; at -= 3)
    digits.insert(static_cast<std::size_t>(at), ",");
  return digits;
}

std::string bytes_text(std::uint64_t n) {
  if (n < 1'000)
    return fmt::format("{} B", n);
  if (n < 1'000'000)
    return fmt::format("{:.1f} kB", static_cast<double>(n) / 1e3);
  if (n < 1'000'000'000)
    return fmt::format("{:.1f} MB", static_cast<double>(n) / 1e6);
  return fmt::format("{:.2f} GB", static_cast<double>(n) / 1e9);
}

}  // namespace

totals add_up(const pipeline_gauges& gauges) {
  totals t;
  t.watermark = gauges.lanes.empty() ? no_watermark : end_of_time;
  for (const auto& [name, g] : gauges.lanes) {
    t.records += g->records;
    t.watermark = std::min<std::int64_t>(t.watermark, g->watermark);
    if (g->lag >= 0)
      t.lag = std::max<std::int64_t>(t.lag, 0) + g->lag;
    if (g->lag_bytes >= 0)
      t.lag_bytes = std::max<std::int64_t>(t.lag_bytes, 0) + g->lag_bytes;
    t.away = t.away || g->away;
  }
  for (const auto& [name, g] : gauges.shards) {
    t.windows_open = std::max<std::uint64_t>(t.windows_open, g->windows_open);
    t.keys += g->keys;
    t.state_bytes +=
        g->bytes + g->retained_bytes - std::min(g->retained_bytes.load(), g->spilled_bytes.load());
    t.spilled_bytes += g->spilled_bytes;
    t.stalled = t.stalled || g->stalled;
  }
  for (const auto& [name, g] : gauges.sinks) {
    t.rows += g->rows;
    t.away = t.away || g->away;
  }
  return t;
}

std::string progress_text(const totals& t, const flow_meter& flow) {
  const auto watermark = t.watermark == no_watermark  ? std::string("none")
                         : t.watermark == end_of_time ? std::string("at the end")
                                                      : format_timestamp(t.watermark);
  const auto lag = t.lag >= 0         ? grouped(static_cast<std::uint64_t>(t.lag))
                   : t.lag_bytes >= 0 ? bytes_text(static_cast<std::uint64_t>(t.lag_bytes))
                                      : std::string("unknown");
  double per_second = 0;
  for (const auto& [name, source] : flow.sources())
    per_second += source.records_per_second;
  sink_flow slowest;
  for (const auto& [name, sink] : flow.sinks())
    if (sink.wait_seconds + sink.commit_seconds > slowest.wait_seconds + slowest.commit_seconds)
      slowest = sink;
  return fmt::format(
      "{} records/s, {} in all, watermark {}, lag {}, {} windows open, {} of state, {} rows out{}{}{}{}",
      grouped(static_cast<std::uint64_t>(per_second)), grouped(t.records), watermark, lag, t.windows_open,
      bytes_text(t.state_bytes), grouped(t.rows),
      slowest.commit_seconds > 0 ? fmt::format(", a batch waits {:.0f} ms and takes {:.0f} ms",
                                               slowest.wait_seconds * 1e3, slowest.commit_seconds * 1e3)
                                 : std::string(),
      t.spilled_bytes != 0 ? fmt::format(", {} spilled", bytes_text(t.spilled_bytes)) : std::string(),
      t.stalled ? ", stalled by a sink" : "", t.away ? ", waiting for a server" : "");
}

progress_printer::progress_printer(running_topologies& board, bool alone)
    : board_(board), rewrites_(alone && !logs_are_json() && isatty(STDERR_FILENO) != 0),
      thread_([this] { run(); }) {}

progress_printer::~progress_printer() {
  {
    const std::lock_guard lock(mutex_);
    done_ = true;
  }
  wake_.notify_all();
  thread_.join();
}

void progress_printer::print(const running_topology& t) const {
  const auto& name = t.topology->title.empty() ? t.topology->name : t.topology->title;
  const auto text = progress_text(add_up(t.gauges), t.flow);
  if (rewrites_)
    std::fprintf(stderr, "\r\033[K%s: %s", name.c_str(), text.c_str());
  else
    spdlog::info("{}: {}", name, text);
}

void progress_printer::run() {
  int samples = 0;
  std::unique_lock lock(mutex_);
  while (!wake_.wait_for(lock, sampled_every, [this] { return done_; })) {
    board_.sample(std::chrono::steady_clock::now());
    if (!rewrites_ && ++samples % samples_a_line != 0)
      continue;
    for (const auto& t : board_.all())
      if (t.runs)
        print(t);
  }
  if (rewrites_)
    std::fputs("\r\033[K", stderr);
}

}  // namespace millrace::cli
