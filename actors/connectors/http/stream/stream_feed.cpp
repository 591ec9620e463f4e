#include "actors/connectors/http/stream/stream_feed.hpp"

#include "actors/connectors/http/stream/answer.hpp"
#include "actors/connectors/http/stream/connection.hpp"
#include "actors/connectors/http/stream/resume_point.hpp"
#include "actors/stream/source/durable_feed.hpp"
#include "actors/stream/source/line_splitter.hpp"
#include "actors/stream/source/spooling_feed.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>

namespace millrace::source {
namespace {

using clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

/// A full spool, a silent connection and the end of the feed are looked at this often.
constexpr milliseconds look_every{200};
/// This much is kept of a record that is too long.
constexpr std::size_t kept_of_longer = 64 << 10;
/// A disk that refuses is asked again after as long.
constexpr milliseconds disk_again{500};

class stream_feed final : public asking_feed {
public:
  stream_feed(stream_options options, const wall_clock& wall)
      : options_(std::move(options)), wall_(wall), lines_(options_.longest_record, kept_of_longer),
        again_(options_.reconnect) {
    if (!options_.since_member.empty())
      resume_.emplace(options_.since_member);
  }
  ~stream_feed() override {
    done_ = true;
    transfers_.wake();
    if (thread_.joinable())
      thread_.join();
  }

  expected<void> start(spool_setup spool) {
    if (resume_)
      spool.options.note = [this] { return resume_->note(); };
    ASSIGN_OR_RETURN(log_, spool::log::open(std::move(spool.segments), std::move(spool.options)));
    if (resume_) {
      bool known = true;
      RETURN_IF_ERROR(log_->newest([&](std::string_view note) { known = resume_->restore(note); },
                                   [&](std::string_view record, event_micros) { resume_->took(record); }));
      if (!known)
        return our_error(fmt::format("{}: the note in the spool is whole but unreadable", options_.in_logs));
    }
    thread_ = std::thread([this] { run(); });
    return {};
  }

private:
  std::string asked() const override { return shown(options_.url); }

  void run() {
    while (!done_) {
      const auto ended = one_connection();
      if (done_)
        return;
      told_of(ended);
      const auto until = clock::now() + again_.next();
      while (!done_ && clock::now() < until) {
        const auto left = std::chrono::duration_cast<milliseconds>(until - clock::now()) + milliseconds(1);
        transfers_.wait(std::min(left, look_every));
      }
    }
  }

  /// Runs a connection from the request to its end. All records are durable when it returns.
  expected<void> one_connection() {
    const auto resume = resume_ ? resume_->ask() : std::nullopt;
    ++gauges_->connections;
    connection c(transfers_, options_, resume, [this](std::string_view bytes) { return take(bytes); });
    bool accepted = false;
    for (;;) {
      auto ended = c.work();
      if (c.accepted() && !std::exchange(accepted, true))
        streaming(resume);
      if (ended)
        lines_.end(!*ended, [this](std::string_view record, bool cut) { took(record, cut); });
      keep();
      if (done_)
        return {};
      if (ended)
        return *ended;
      if (c.paused()) {
        if (!held_back()) {
          c.go_on();
          continue;
        }
      } else if (clock::now() - c.last_bytes() > options_.silence) {
        lines_.end(true, [this](std::string_view record, bool cut) { took(record, cut); });
        keep();
        return outside_error(ec::unavailable, fmt::format("{}: no bytes for {}", shown(options_.url),
                                                          format_duration(options_.silence)));
      }
      transfers_.wait(look_every);
    }
  }

  /// Takes bytes from the connection. False: nothing more can be taken now, and what comes waits in the kernel.
  bool take(std::string_view bytes) {
    if (held_back() || log_->pending_bytes() >= log_->group_bytes())
      return false;
    lines_.push(bytes, [this](std::string_view record, bool cut) { took(record, cut); });
    return true;
  }

  void took(std::string_view record, bool cut) {
    if (cut) {
      ++gauges_->cut_records;
      spdlog::warn("{}: a record was cut off after {} bytes; what there is of it goes to the parser",
                   options_.in_logs, record.size());
    }
    if (!told_returns_ && record.substr(0, record.size() - 1).find('\r') != std::string_view::npos) {
      told_returns_ = true;
      spdlog::warn(
          "{}: a record has CR within; where that was meant to end a line, have the server send LF or CR LF: "
          "CR alone ends no record",
          options_.in_logs);
    }
    if (resume_ && resume_->repeats(record))
      return;
    if (resume_ && !cut)
      taken_.emplace_back(record);
    log_->add(record, wall_.now(), cut);
    ++gauges_->records;
    gauges_->bytes += record.size();
    again_.reset();  // the connection is good for something
  }

  [[nodiscard]] bool held_back() {
    return fullness_.is_full(*log_, options_.in_logs, "the stream is not read");
  }

  void keep() {
    const auto wait = [this] {
      if (done_)
        return false;
      transfers_.wait(disk_again);
      return true;
    };
    const auto tell = [this](std::optional<error> why) { say_for_now(std::move(why)); };
    if (!make_durable(*log_, options_.in_logs, "nothing is read", tell, wait))
      return;
    for (const auto& record : taken_)
      resume_->took(record);
    taken_.clear();
  }

  void streaming(const std::optional<std::string>& resume) {
    if (resume)
      spdlog::info("{}: reading {}, from {}={}", options_.in_logs, shown(options_.url),
                   options_.since_parameter, *resume);
    else
      spdlog::info("{}: reading {}", options_.in_logs, shown(options_.url));
    const std::scoped_lock lock(mutex_);
    begun_ = true;
    in_vain_ = false;
    trouble_.reset();
    changed_.notify_all();
  }

  void told_of(const expected<void>& ended) {
    if (ended) {
      spdlog::info("{}: the server has ended the response; connecting again", options_.in_logs);
      return;
    }
    auto why = ended.error();
    const std::scoped_lock lock(mutex_);
    if (begun_) {
      if (!trouble_ || trouble_->message != why.message)
        spdlog::warn("{}: {}; connecting again", options_.in_logs, why.message);
      why.code = ec::unavailable;  // it has worked before: a later answer may again
      why.retry = true;
    }
    in_vain_ = !why.retry;
    trouble_ = std::move(why);
    changed_.notify_all();
  }

  stream_options options_;
  const wall_clock& wall_;
  transfers transfers_;
  line_splitter lines_;
  bool told_returns_ = false;
  std::optional<resume_point> resume_;
  std::vector<std::string> taken_;  // records that are not durable yet, for resume_
  backoff again_;
};

}  // namespace

expected<std::shared_ptr<feed>> start_stream_feed(stream_options options, spool_setup spool,
                                                  const wall_clock& clock) {
  static const auto ready = curl_global_init(CURL_GLOBAL_DEFAULT);
  if (ready != CURLE_OK)
    return our_error("libcurl cannot be used");
  auto out = std::make_shared<stream_feed>(std::move(options), clock);
  RETURN_IF_ERROR(out->start(std::move(spool)));
  return out;
}

}  // namespace millrace::source
