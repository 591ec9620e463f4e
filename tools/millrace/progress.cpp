#include "tools/millrace/progress.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <unistd.h>

namespace millrace::cli {
namespace {

constexpr std::chrono::seconds on_terminal{1};
constexpr std::chrono::seconds in_logs{10};

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

std::string progress_text(const totals& t, double records_per_second) {
  const auto watermark = t.watermark == no_watermark  ? std::string("none")
                         : t.watermark == end_of_time ? std::string("at the end")
                                                      : format_timestamp(t.watermark);
  return fmt::format(
      "{} records/s, {} in all, watermark {}, lag {}, {} windows open, {} of state, {} rows out{}{}{}",
      grouped(static_cast<std::uint64_t>(records_per_second)), grouped(t.records), watermark,
      t.lag < 0 ? std::string("unknown") : grouped(static_cast<std::uint64_t>(t.lag)), t.windows_open,
      bytes_text(t.state_bytes), grouped(t.rows),
      t.spilled_bytes != 0 ? fmt::format(", {} spilled", bytes_text(t.spilled_bytes)) : std::string(),
      t.stalled ? ", stalled by a sink" : "", t.away ? ", waiting for a server" : "");
}

progress_printer::progress_printer(const config::topology& t, pipeline_gauges gauges,
                                   std::shared_ptr<snapshot::state_store> store)
    : name_(t.title.empty() ? t.name : t.title), gauges_(std::move(gauges)), store_(std::move(store)),
      terminal_(isatty(STDERR_FILENO) != 0), thread_([this] { run(); }) {}

progress_printer::~progress_printer() {
  {
    const std::lock_guard lock(mutex_);
    done_ = true;
  }
  wake_.notify_all();
  thread_.join();
}

void progress_printer::run() {
  const auto every = terminal_ ? on_terminal : in_logs;
  std::uint64_t before = 0;
  auto since = std::chrono::steady_clock::now();
  std::unique_lock lock(mutex_);
  while (!wake_.wait_for(lock, every, [this] { return done_; })) {
    const auto t = add_up(gauges_);
    const auto now = std::chrono::steady_clock::now();
    const auto seconds = std::chrono::duration<double>(now - since).count();
    const auto text = progress_text(t, static_cast<double>(t.records - before) / seconds);
    before = t.records;
    since = now;
    if (terminal_)
      std::fprintf(stderr, "\r\033[K%s: %s", name_.c_str(), text.c_str());
    else
      spdlog::info("{}: {}", name_, text);
  }
  if (terminal_)
    std::fputs("\r\033[K", stderr);
}

}  // namespace millrace::cli
