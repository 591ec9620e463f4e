#include "tools/cli/progress.hpp"

#include "runtime/base/display.hpp"
#include "runtime/base/grouped.hpp"
#include "runtime/base/terminal_line.hpp"
#include "runtime/base/visible_text.hpp"
#include "runtime/delivery/common_watermark.hpp"
#include "tools/cli/logging.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <map>
#include <unistd.h>
#include <utility>

namespace millrace::cli {
namespace {

constexpr std::chrono::seconds sampled_every{1};
/// This many samples go by between two log lines.
constexpr int samples_a_line = 10;

/// Writes a decimal where it tells anything: less than one record a second is no zero.
std::string rate_text(double per_second) {
  const auto tenths = std::llround(per_second * 10);
  return tenths < 100 && tenths % 10 != 0 ? fmt::format("{}.{}", tenths / 10, tenths % 10)
                                          : grouped(static_cast<std::uint64_t>(std::llround(per_second)));
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

double records_per_second(const observe::flow_meter& flow) {
  double all = 0;
  for (const auto& [name, source] : flow.sources())
    all += source.records_per_second;
  return all;
}

observe::sink_flow slowest_sink(const observe::flow_meter& flow) {
  observe::sink_flow slowest;
  for (const auto& [name, sink] : flow.sinks())
    if (sink.wait_seconds + sink.commit_seconds > slowest.wait_seconds + slowest.commit_seconds)
      slowest = sink;
  return slowest;
}

boost::json::value known(std::int64_t n) {
  return n < 0 ? boost::json::value(nullptr) : boost::json::value(n);
}

progress_style settled(progress_style style, bool alone) {
  if (style != progress_style::automatic)
    return style;
  return alone && !logs_are_json() && ::isatty(STDERR_FILENO) != 0 ? progress_style::line
                                                                   : progress_style::log;
}

void add_known(std::int64_t& sum, const std::optional<std::uint64_t>& more) {
  if (more)
    sum = std::max<std::int64_t>(sum, 0) + static_cast<std::int64_t>(*more);
}

}  // namespace

totals add_up(const deployment::pipeline_gauges& gauges, const observe::flow_meter& flow) {
  totals t;
  t.has_windows = !gauges.shards.empty();
  delivery::common_watermark watermark;
  for (const auto& [name, g] : gauges.lanes) {
    t.records += g->records;
    watermark.add(g->watermark, g->is_idle);
    t.away = t.away || g->away;
  }
  t.watermark = gauges.lanes.empty() ? no_watermark : watermark.at();
  for (const auto& [_, source] : flow.sources()) {
    add_known(t.lag, source.pending);
    add_known(t.lag_bytes, source.pending_bytes);
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
    if (name != deployment::dead_letter_sink)
      t.rows += g->rows;
    t.away = t.away || g->away;
  }
  for (const auto& [stage, lost] : gauges.losses->all()) {
    t.late += lost.late;
    t.dead_letters += lost.dead_letters;
  }
  return t;
}

std::string progress_text(const totals& t, const observe::flow_meter& flow) {
  const auto watermark = t.watermark == no_watermark  ? std::string("none")
                         : t.watermark == end_of_time ? std::string("at the end")
                                                      : format_timestamp(t.watermark);
  const auto lag = t.lag >= 0         ? grouped(static_cast<std::uint64_t>(t.lag))
                   : t.lag_bytes >= 0 ? bytes_text(static_cast<std::uint64_t>(t.lag_bytes))
                                      : std::string("unknown");
  const auto slowest = slowest_sink(flow);
  return fmt::format(
      "{} records/s, {} since this start, {} rows out, {}{} dead letter{}, lag {}{}{}{}{}{}",
      rate_text(records_per_second(flow)), grouped(t.records), grouped(t.rows),
      t.has_windows ? grouped(t.late) + " late, " : std::string(), grouped(t.dead_letters),
      t.dead_letters == 1 ? "" : "s", lag,
      t.has_windows ? fmt::format(", watermark {}, {} window{} open, {} of state", watermark, t.windows_open,
                                  t.windows_open == 1 ? "" : "s", bytes_text(t.state_bytes))
                    : std::string(),
      slowest.commit_seconds > 0 ? fmt::format(", a batch waits {:.0f} ms and takes {:.0f} ms",
                                               slowest.wait_seconds * 1e3, slowest.commit_seconds * 1e3)
                                 : std::string(),
      t.spilled_bytes != 0 ? fmt::format(", {} spilled", bytes_text(t.spilled_bytes)) : std::string(),
      t.stalled ? ", stalled by a sink" : "", t.away ? ", waiting for a server" : "");
}

boost::json::object progress_members(const totals& t, const observe::flow_meter& flow) {
  const auto slowest = slowest_sink(flow);
  boost::json::value watermark = nullptr;
  if (t.watermark == end_of_time)
    watermark = "end";
  else if (t.watermark != no_watermark)
    watermark = boost::json::string(format_timestamp(t.watermark));
  return {{"records_per_second", records_per_second(flow)},
          {"records", t.records},
          {"rows_out", t.rows},
          {"late", t.late},
          {"dead_letters", t.dead_letters},
          {"lag_records", known(t.lag)},
          {"lag_bytes", known(t.lag_bytes)},
          {"watermark", watermark},
          {"windows_open", t.windows_open},
          {"state_bytes", t.state_bytes},
          {"spilled_bytes", t.spilled_bytes},
          {"batch_wait_seconds", slowest.wait_seconds},
          {"batch_commit_seconds", slowest.commit_seconds},
          {"stalled", t.stalled},
          {"away", t.away}};
}

std::string one_line(std::string_view text, std::size_t columns) {
  return std::string(fitting(visible(text), columns));
}

progress_style progress_style_of(std::string_view name) {
  if (name == "line")
    return progress_style::line;
  if (name == "log")
    return progress_style::log;
  return name == "none" ? progress_style::none : progress_style::automatic;
}

progress_printer::progress_printer(observe::running_topologies& board, progress_style style, bool alone)
    : board_(board), style_(settled(style, alone)), thread_([this] { run(); }) {}

progress_printer::~progress_printer() {
  {
    const std::lock_guard lock(mutex_);
    done_ = true;
  }
  wake_.notify_all();
  thread_.join();
}

void progress_printer::print() {
  std::string line;
  for (const auto& t : board_.all()) {
    if (!t.runs || !t.is_prepared)
      continue;
    const auto now = add_up(t.gauges, t.flow);
    const auto text = fmt::format("{}: {}", t.topology->title.empty() ? t.topology->name : t.topology->title,
                                  progress_text(now, t.flow));
    if (style_ != progress_style::log)
      line += (line.empty() ? "" : " | ") + text;
    else if (auto& last = logged_[t.topology->name]; last != text)
      log_with(spdlog::level::info, last = text, progress_members(now, t.flow));
  }
  auto& terminal = terminal_line::of_process();
  if (style_ == progress_style::line && !line.empty())
    terminal.show(one_line(line, terminal.columns()));
}

void progress_printer::run() {
  int samples = 0;
  std::unique_lock lock(mutex_);
  while (!wake_.wait_for(lock, sampled_every, [this] { return done_; })) {
    board_.sample(std::chrono::steady_clock::now());
    if (style_ == progress_style::line || (style_ == progress_style::log && ++samples % samples_a_line == 0))
      print();
  }
  if (style_ == progress_style::line)
    terminal_line::of_process().end();
}

}  // namespace millrace::cli
