#include "actors/connectors/file/source/standard_input.hpp"

#include "actors/connectors/file/source/input_seen.hpp"
#include "actors/connectors/file/source/packing.hpp"
#include "actors/connectors/file/source/record_end.hpp"
#include "actors/stream/source/durable_feed.hpp"
#include "actors/stream/source/spooling_feed.hpp"
#include "runtime/data/csv_text.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <poll.h>
#include <unistd.h>
#include <utility>

namespace millrace::source {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t read_at_once = 256U << 10U;
/// The end of the feed, a full spool and a disk that refuses are looked at this often.
constexpr milliseconds look_every{200};

class standard_input final : public spooling_feed {
public:
  standard_input(standard_input_options options, const wall_clock& wall)
      : options_(std::move(options)), wall_(wall) {}
  ~standard_input() override {
    done_ = true;
    if (thread_.joinable())
      thread_.join();
  }

  expected<void> start(spool_setup spool) {
    spool.options.note = [this] { return durable_.text(); };
    ASSIGN_OR_RETURN(log_, spool::log::open(std::move(spool.segments), std::move(spool.options)));
    bool known = true;
    const auto restore = [&](std::string_view note) {
      auto before = input_seen::from(note);
      known = before.has_value();
      durable_ = std::move(before).value_or(input_seen());
    };
    RETURN_IF_ERROR(
        log_->newest(restore, [&](std::string_view record, event_micros) { durable_.add(record); }));
    if (!known)
      return our_error(fmt::format("{}: the note in the spool is whole but unreadable", options_.in_logs));
    matcher_.emplace(durable_, options_.wanted.header);
    header_ = durable_.header();
    seen_ = durable_;
    thread_ = std::thread([this] { run(); });
    return {};
  }

  bool ended() const override { return ended_; }
  bool gives_lines() const override { return !is_by_value(options_.wanted.frame); }
  std::optional<std::string> header() const override {
    const std::scoped_lock lock(mutex_);
    return header_;
  }

private:
  void run() {
    while (!done_ && !at_end_ && !stopped_) {
      if (fullness_.is_full(*log_, options_.in_logs, "standard input is not read")) {
        std::this_thread::sleep_for(look_every);
        continue;
      }
      fill();
      keep();
    }
    if (stopped_ || !at_end_ || log_->pending() != 0)
      return;
    if (const auto passed = matcher_->passed_over(); passed != 0)
      spdlog::info("{}: standard input is the one before once more: its first {} records had been taken",
                   options_.in_logs, passed);
    ended_ = true;
  }

  /// All that is there, up to a group; what comes meanwhile waits in the pipe.
  void fill() {
    for (auto wait = look_every;
         !done_ && !at_end_ && !stopped_ && log_->pending_bytes() < log_->group_bytes();
         wait = milliseconds(0)) {
      pollfd ready{options_.descriptor, POLLIN, 0};
      if (::poll(&ready, 1, static_cast<int>(wait.count())) <= 0)
        return;
      const auto had = carry_.size();
      carry_.resize(had + read_at_once);
      const auto got = ::read(options_.descriptor, carry_.data() + had, read_at_once);
      carry_.resize(had + static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
      if (got < 0 && errno != EINTR && errno != EAGAIN)
        return fail(
            {ec::io, fault::outside, false, fmt::format("standard input: {}", std::strerror(errno)), {}});
      at_end_ = got == 0;
      take_records();
    }
  }

  void take_records() {
    if (!looked_) {
      looked_ = at_end_ || carry_.size() >= packing_bytes || carry_.find('\n') != std::string::npos;
      if (!looked_)
        return;
      if (auto why = why_packed(carry_, "standard input", "FILE"); !why.empty())
        return fail({ec::unsupported, fault::user, false, std::move(why), {}});
    }
    const auto& frame = options_.wanted.frame;
    if (!has_begun_ && (at_end_ || carry_.size() > longest_record(frame)))
      if (auto why = why_no_lines(carry_, frame, "standard input", "FILE"); !why.empty())
        return fail({ec::unsupported, fault::user, false, std::move(why), {}});
    const auto there = may_hold_records();
    std::size_t at = 0;
    while (at < there.size() && !stopped_) {
      const auto rest = there.substr(at);
      const auto size =
          too_long_ ? rest_->end(rest)
                    : end_of_record(rest, skipped_ < options_.wanted.skip ? framing() : frame, at_end_);
      if (!size)
        break;
      if (skipped_ < options_.wanted.skip) {
        ++skipped_;
        too_long_.reset();
      } else {
        take_record(rest.substr(0, *size));
      }
      at += *size;
      has_begun_ = true;
    }
    carry_.erase(0, at);
    if (at_end_ && too_long_ && skipped_ == options_.wanted.skip)
      take_record({});
    searched_ = carry_.size();
    if (carry_.size() <= longest_record(frame) && !too_long_)
      return;
    if (!too_long_) {
      too_long_ = beginning_of(carry_);
      rest_.emplace(frame, carry_);
    }
    carry_.clear();
    carry_.shrink_to_fit();
    searched_ = 0;
  }

  /// The part that was searched before holds no whole record.
  [[nodiscard]] std::string_view may_hold_records() const {
    const std::string_view all = carry_;
    if (at_end_ || !gives_lines())
      return all;
    const auto feed = all.substr(searched_).rfind('\n');
    return all.substr(0, feed == std::string_view::npos ? 0 : searched_ + feed + 1);
  }

  /// A whole record, or the rest of one that is too long.
  void take_record(std::string_view record) {
    const auto& frame = options_.wanted.frame;
    if (too_long_)
      return take(*std::exchange(too_long_, std::nullopt), true);
    if (is_too_long(record, frame))
      return take(beginning_of(record), true);
    if (const auto text = text_of_record(record, frame);
        !text.empty() || (gives_lines() && record.ends_with('\n')))
      take(text, false);
  }

  void take(std::string_view line, bool cut) {
    const auto taken = matcher_->take(line, cut, [&](std::string_view record, bool is_cut) {
      if (matcher_->is_another() && !std::exchange(begun_anew_, true))
        seen_.begin_anew();
      add(record, is_cut);
    });
    if (!taken)
      return fail(taken.error());
    if (matcher_->header() && !seen_.header())
      keep_header(*matcher_->header());
  }

  void add(std::string_view record, bool cut) {
    // A new life's first group begins a segment, whose note tells of what was before that group.
    if (log_->pending() == 0)
      durable_ = seen_;
    log_->add(record, wall_.now(), cut);
    seen_.add(record);
    ++gauges_->records;
    gauges_->bytes += record.size();
  }

  void keep_header(const std::string& line) {
    seen_.set_header(line);
    durable_.set_header(line);
    const std::scoped_lock lock(mutex_);
    header_ = line;
  }

  /// What was read cannot be read again.
  void keep() {
    const auto wait = [this] {
      if (done_)
        return false;
      std::this_thread::sleep_for(look_every);
      return true;
    };
    const auto tell = [this](std::optional<error> trouble) { say(std::move(trouble)); };
    if (make_durable(*log_, options_.in_logs, "standard input is not read", tell, wait))
      durable_ = seen_;
  }

  void fail(error why) {
    stopped_ = true;
    why.stage = options_.stage;
    say(std::move(why));
  }

  standard_input_options options_;
  const wall_clock& wall_;
  std::optional<input_matcher> matcher_;
  input_seen durable_;                   // the input that the note tells of
  input_seen seen_;                      // the input with the group that is under way
  std::string carry_;                    // bytes of an unfinished record
  std::optional<std::string> too_long_;  // the beginning of the line that is being passed over
  std::optional<rest_of_record> rest_;   // the rest of that line
  std::size_t searched_ = 0;
  std::size_t skipped_ = 0;  // lines at the beginning
  bool looked_ = false;
  bool has_begun_ = false;  // a record or a skipped line has come
  bool begun_anew_ = false;
  bool at_end_ = false;
  bool stopped_ = false;               // an error that does not mend
  std::optional<std::string> header_;  // under mutex_
  std::atomic<bool> ended_{false};
};

}  // namespace

expected<std::shared_ptr<feed>> start_standard_input(standard_input_options options, spool_setup spool,
                                                     const wall_clock& clock) {
  auto out = std::make_shared<standard_input>(std::move(options), clock);
  RETURN_IF_ERROR(out->start(std::move(spool)));
  return out;
}

}  // namespace millrace::source
