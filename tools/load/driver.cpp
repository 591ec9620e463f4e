#include "tools/load/driver.hpp"

#include "actors/connectors/generator/listening.hpp"
#include "runtime/base/visible_text.hpp"
#include "tools/load/options.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <condition_variable>
#include <cstdio>
#include <deque>
#include <filesystem>
#include <fstream>
#include <thread>
#include <unistd.h>

namespace millrace::load {
namespace {

// The true probabilities of generated listeners, to judge predictions by.

/// Writes a line a listener, `userId,probability,left`, to the file that `truth` names, whole or not at all: of
/// those who have not left before record `truth_from`. There must be a count. Errors: ec::io.
expected<void> write_truth(const options& o) {
  const auto partial = o.truth + ".partial";
  std::ofstream file(partial, std::ios::trunc);
  file << "userId,probability,left\n";
  const auto all = source::listeners_among(o.records, *o.count);
  for (std::uint64_t i = 0; i < all && file; ++i) {
    if (const auto t = source::truth_from(o.records, i, o.truth_from, *o.count))
      file << fmt::format("{},{:.6f},{}\n", t->user, t->probability, t->has_left ? 1 : 0);
  }
  file.close();
  std::error_code failed;
  if (file)
    std::filesystem::rename(partial, o.truth, failed);
  if (file && !failed)
    return {};
  std::error_code ignored;
  std::filesystem::remove(partial, ignored);
  return user_error(ec::io, fmt::format("--truth {}: it cannot be written{}", o.truth,
                                        failed ? ": " + failed.message() : ""));
}

using clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr std::size_t block_records = 1'024;
/// Blocks between the thread that makes records and the one that sends them.
constexpr std::size_t most_blocks = 16;
/// A signal, and the end of a second, are seen within this time.
constexpr milliseconds look_every{20};
/// A load that stops waits so long for records that are under way.
constexpr std::chrono::seconds farewell{10};

/// A target that answers within this is not worth a word; one that refuses says so within it.
constexpr std::chrono::seconds soon{2};

/// It may hold what a server says.
void print(std::string lines) {
  std::fputs(lines_for(STDOUT_FILENO, std::move(lines)).c_str(), stdout);
  std::fflush(stdout);
}

/// Blocks between two threads; the maker waits while it is full.
class block_queue {
public:
  bool push(expected<std::unique_ptr<block>> b) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return blocks_.size() < most_blocks || closed_; });
    if (closed_)
      return false;
    blocks_.push_back(std::move(b));
    changed_.notify_all();
    return true;
  }
  std::optional<expected<std::unique_ptr<block>>> pop(milliseconds wait) {
    std::unique_lock lock(mutex_);
    if (!changed_.wait_for(lock, wait, [&] { return !blocks_.empty(); }))
      return std::nullopt;
    auto out = std::move(blocks_.front());
    blocks_.pop_front();
    changed_.notify_all();
    return out;
  }
  void close() {
    const std::scoped_lock lock(mutex_);
    closed_ = true;
    changed_.notify_all();
  }

private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<expected<std::unique_ptr<block>>> blocks_;
  bool closed_ = false;
};

/// Makes records until it is closed.
class block_maker {
public:
  explicit block_maker(record_maker& maker)
      : thread_([this, &maker] {
          for (;;) {
            auto b = maker.next(block_records, system_clock().now());
            const bool last = !b || (*b)->last;
            if (!queue_.push(std::move(b)) || last)
              return;
          }
        }) {}
  ~block_maker() {
    queue_.close();
    thread_.join();
  }
  block_maker(const block_maker&) = delete;
  block_maker& operator=(const block_maker&) = delete;
  block_queue& queue() { return queue_; }

private:
  block_queue queue_;
  std::thread thread_;
};

class driver {
public:
  driver(const options& o, const std::atomic<bool>& stop, const schedule& s, record_maker maker,
         std::unique_ptr<target> t)
      : options_(o), stop_(stop), schedule_(s), maker_(std::move(maker)), target_(std::move(t)) {}

  expected<result> run() {
    RETURN_IF_ERROR(wait_for_target());
    if (!options_.measure_by.empty()) {
      ASSIGN_OR_RETURN(measured_, measured_rows::start(options_));
    }
    begun_ = second_begun_ = clock::now();
    wall_begun_ = system_clock().now();
    maker_.start_at(wall_begun_);
    if (!stop_)
      RETURN_IF_ERROR(send_all());
    RETURN_IF_ERROR(finish());
    return report();
  }

private:
  [[nodiscard]] micros elapsed() const { return std::chrono::duration_cast<micros>(clock::now() - begun_); }

  expected<void> wait_for_target() {
    const auto deadline = clock::now() + options_.start_timeout;
    const auto tell_at = clock::now() + soon;
    bool told = false;
    for (;;) {
      auto there = target_->ready(look_every * 10);
      if (there && *there)
        return {};
      if (stop_)
        return {};
      if (there)  // somebody is waited for, without a time-out
        continue;
      if (!there.error().retry || clock::now() >= deadline)
        return unexpected(there.error());
      if (clock::now() >= tell_at && !std::exchange(told, true))
        spdlog::warn("{}; waiting for it up to {} s", there.error().message,
                     std::chrono::duration_cast<std::chrono::seconds>(options_.start_timeout).count());
      std::this_thread::sleep_for(look_every);
    }
  }

  expected<void> send_all() {
    block_maker m(maker_);
    for (;;) {
      auto b = m.queue().pop(look_every);
      if (over())
        return {};
      if (!b) {
        RETURN_IF_ERROR(idle(milliseconds(0)));
        continue;
      }
      if (!*b)
        return unexpected(b->error());
      RETURN_IF_ERROR(send(**b));
      if ((**b)->last || over())
        return {};
    }
  }

  /// One block, each record when it is due.
  expected<void> send(const std::unique_ptr<block>& b) {
    std::span<const outgoing_record> left = b->records;
    while (!left.empty() && !over()) {
      const auto now = wall_begun_ + elapsed().count();
      if (schedule_.paced() && left.front().due > now) {
        const auto ahead = std::chrono::duration_cast<clock::duration>(micros(left.front().due - now));
        RETURN_IF_ERROR(wait(ahead));
        continue;
      }
      const auto due =
          schedule_.paced()
              ? std::upper_bound(left.begin(), left.end(), now,
                                 [](event_micros t, const outgoing_record& r) { return t < r.due; }) -
                    left.begin()
              : static_cast<std::ptrdiff_t>(left.size());
      ASSIGN_OR_RETURN(const auto took, target_->send(left.first(static_cast<std::size_t>(due))));
      if (took != 0 && schedule_.paced())
        second_.lag_us = std::max(second_.lag_us, now - left.front().due);
      sent_ += took;
      refused_ = took == 0;
      left = left.subspan(took);
      RETURN_IF_ERROR(idle(milliseconds(took == 0 ? 1 : 0)));
    }
    return {};
  }

  /// Waits up to `ahead`, looking at the target and the clock now and then.
  expected<void> wait(clock::duration ahead) {
    constexpr std::chrono::microseconds finest{200};
    if (ahead > milliseconds(2))
      return idle(std::min(look_every, std::chrono::duration_cast<milliseconds>(ahead) - milliseconds(1)));
    std::this_thread::sleep_for(std::min<clock::duration>(ahead, finest));
    return idle(milliseconds(0));
  }

  expected<void> idle(milliseconds wait) {
    tell_seconds();
    return target_->work(wait);
  }

  /// Records that are due when the time is up still go out, unless the target has no room.
  [[nodiscard]] bool over() const {
    const bool time_is_up = options_.duration && elapsed() >= *options_.duration;
    return stop_ || (time_is_up && (refused_ || !schedule_.paced()));
  }

  void tell_seconds() {
    const auto now = clock::now();
    while (now - second_begun_ >= std::chrono::seconds(1)) {
      second_begun_ += std::chrono::seconds(1);
      ++second_.second;
      second_.sent = sent_ - std::exchange(sent_before_, sent_);
      const auto delivered = target_->done().delivered;
      second_.delivered = delivered - std::exchange(delivered_before_, delivered);
      // A target that takes nothing lags, too.
      if (schedule_.paced() && second_.sent == 0 && schedule_.due_by(elapsed()) > sent_ && !all_sent_)
        second_.lag_us = std::max(second_.lag_us, (elapsed() - schedule_.at(sent_)).count());
      summary_.lag_us = std::max(summary_.lag_us, second_.lag_us);
      print(to_text(second_));
      if (summary_.each.size() < most_seconds)
        summary_.each.push_back(second_);
      second_.lag_us = 0;
    }
  }

  /// Delivers the records that were taken; a stopped load does not wait for ever.
  expected<void> finish() {
    all_sent_ = true;
    summary_.interrupted = stop_;
    const bool cut_short = over() && schedule_.paced();
    if (cut_short) {
      auto due = schedule_.due_by(options_.duration ? std::min(elapsed(), *options_.duration - micros(1))
                                                    : elapsed());
      if (options_.count)
        due = std::min(due, *options_.count);
      summary_.unsent = due > sent_ ? due - sent_ : 0;
    }
    while (options_.stay && !stop_)
      RETURN_IF_ERROR(idle(look_every));
    RETURN_IF_ERROR(target_->finish());
    auto delivered_at = clock::now();
    std::optional<clock::time_point> until;
    while (target_->under_way() != 0) {
      if (stop_ && !until)
        until = clock::now() + farewell;
      if (until && clock::now() > *until)
        break;
      RETURN_IF_ERROR(idle(look_every));
      delivered_at = clock::now();
    }
    summary_.seconds = std::chrono::duration<double>(delivered_at - begun_).count();
    while (measured_ && !stop_ && measured_->idle() < options_.measure_idle &&
           measured_->now().failure.empty())
      RETURN_IF_ERROR(idle(look_every));
    return {};
  }

  expected<result> report() {
    summary_.sent = sent_;
    summary_.lag_us = std::max(summary_.lag_us, second_.lag_us);
    std::optional<measurement> measured;
    if (measured_)
      measured = measured_->now();
    const auto& done = target_->done();
    print(to_text(summary_, done, measured));
    if (!options_.report.empty()) {
      std::ofstream file(options_.report, std::ios::trunc);
      file << to_json(summary_, done, measured);
      if (!file.flush())
        return user_error(ec::io, fmt::format("--report {}: it cannot be written", options_.report));
    }
    return result{done.failed != 0 || target_->under_way() != 0};
  }

  const options& options_;
  const std::atomic<bool>& stop_;
  schedule schedule_;
  record_maker maker_;
  std::unique_ptr<target> target_;
  std::unique_ptr<measured_rows> measured_;
  clock::time_point begun_;
  clock::time_point second_begun_;
  event_micros wall_begun_ = 0;
  std::uint64_t sent_ = 0;
  std::uint64_t sent_before_ = 0;
  std::uint64_t delivered_before_ = 0;
  bool all_sent_ = false;
  bool refused_ = false;  // the target had no room for the last records
  second_line second_;
  summary summary_;
};

expected<std::unique_ptr<target>> make_target(const options& o) {
  switch (o.target) {
  case target_kind::kafka:
    return make_kafka_target(o);
  case target_kind::http:
    return make_http_target(o);
  case target_kind::file:
    return make_file_target(o);
  case target_kind::http_serve:
    return make_stream_server(o);
  }
  return our_error("a target that nobody makes");
}

}  // namespace

tl::expected<result, load_error> run(const options& o, const std::atomic<bool>& stop) {
  const auto s = o.burst > 0  ? schedule::bursts(o.burst, o.pause)
                 : o.rate > 0 ? schedule::steady(o.rate)
                              : schedule::flat_out();
  auto maker = record_maker::open(o, s);
  if (!maker)
    return tl::unexpected(load_error{maker.error(), false});
  auto t = make_target(o);
  if (!t)
    return tl::unexpected(load_error{t.error(), false});
  if (!o.truth.empty())
    if (const auto written = write_truth(o); !written)
      return tl::unexpected(load_error{written.error(), false});
  auto done = driver(o, stop, s, std::move(*maker), std::move(*t)).run();
  if (!done)
    return tl::unexpected(load_error{done.error()});
  return *done;
}

}  // namespace millrace::load
