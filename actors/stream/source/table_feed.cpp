#include "actors/stream/source/table_feed.hpp"

#include "actors/stream/source/durable_feed.hpp"
#include "actors/stream/source/spooling_feed.hpp"
#include "actors/stream/source/table_image.hpp"
#include "runtime/base/backoff.hpp"
#include "runtime/data/text_encoding.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

namespace millrace::source {
namespace {

using steady = std::chrono::steady_clock;
using std::chrono::milliseconds;

/// A full spool and a disk that refuses are looked at this often.
constexpr milliseconds look_again{200};
/// A table that cannot be read is asked for again after such waits.
constexpr backoff_options after_failure{.first = std::chrono::seconds(1), .longest = std::chrono::minutes(1)};

/// A key for messages.
std::string shown(std::string_view key) {
  return data::excerpt(key, 200) + (key.starts_with('{') ? "}" : "");
}

class table_feed final : public asking_feed {
public:
  table_feed(table_feed_options options, std::unique_ptr<polled_table> table, const wall_clock& wall)
      : options_(std::move(options)), table_(std::move(table)), wall_(wall), image_(options_.most_rows) {}
  ~table_feed() override {
    {
      const std::scoped_lock lock(mutex_);
      done_ = true;
    }
    changed_.notify_all();
    table_->interrupt();
    if (thread_.joinable())
      thread_.join();
  }

  expected<void> start(spool_setup spool) {
    spool.options.note = [this] { return image_.note(); };
    ASSIGN_OR_RETURN(log_, spool::log::open(std::move(spool.segments), std::move(spool.options)));
    bool known = true;
    RETURN_IF_ERROR(log_->newest([&](std::string_view note) { known = image_.restore(note); },
                                 [&](std::string_view record, event_micros time) {
                                   known = known && restore(record);
                                   moment_ = std::max(moment_, time);
                                 }));
    if (!known)
      return user_error(ec::mismatch,
                        fmt::format("{}: its spool is that of a table with another `key` or `deleted`; start "
                                    "over with --fresh, or take the options back",
                                    options_.in_logs));
    if (!image_.columns().empty())
      header_ = table_->header(image_.columns());
    thread_ = std::thread([this] { run(); });
    return {};
  }

  std::optional<std::string> header() const override {
    const std::scoped_lock lock(mutex_);
    return header_;
  }

  bool is_beginning() const override { return begins_; }

private:
  std::string asked() const override { return table_->shown(); }

  /// A record of an earlier life. False: it is none of this table's.
  bool restore(std::string_view record) {
    const auto length = options_.form.length_of_key(record);
    if (!length)
      return false;
    const auto key = std::string(record.substr(0, *length));
    const auto rest = record.substr(*length);
    if (rest.starts_with(options_.form.is_gone))
      image_.took(key, std::nullopt);
    else if (rest.starts_with(options_.form.is_there))
      image_.took(key, rest.substr(options_.form.is_there.size()));
    else
      return false;
    return true;
  }

  void run() {
    backoff again(after_failure);
    while (!done_) {
      const auto begun = steady::now();
      const auto read = make_room() ? one_reading() : expected<bool>(false);
      if (done_)
        return;
      told_of(read);
      if (read)
        again.reset();
      wait_until(begun + (read ? options_.every : again.next()));
    }
  }

  /// All that it finds is durable when it returns. False: there was nothing to read.
  expected<bool> one_reading() {
    auto now = wall_.now();
    if (!image_.is_whole() && options_.first_time)
      now = *options_.first_time;
    moment_ = std::max(moment_, now);
    image_.begin();
    ++gauges_->connections;
    rows_ = changes_ = 0;
    auto read = table_->read({[this](const auto& names) { return take_columns(names); },
                              [this](auto key, auto rest) { return take_row(key, rest); }});
    if (read && !*read)
      return false;
    if (read) {
      const auto end = table_->end_of_gone(image_.columns());
      for (const auto& key : image_.end())
        RETURN_IF_ERROR(add(key, options_.form.is_gone, end));
    }
    RETURN_IF_ERROR(keep());
    if (!read)
      return read;
    if (!image_.is_whole() || !is_noted_) {
      image_.set_whole();
      is_noted_ = log_->keep_note().has_value();  // the next reading tries again
    }
    begins_ = false;
    return true;
  }

  expected<void> take_columns(const std::vector<std::string>& names) {
    for (const auto& k : options_.key)
      if (std::ranges::find(names, k) == names.end())
        return user_error(ec::mismatch,
                          fmt::format("{}: `key` names \"{}\", which is not a column; it has {}",
                                      table_->shown(), k, fmt::join(names, ", ")));
    for (auto n = names.begin(); n != names.end(); ++n)
      if (std::find(names.begin(), n, *n) != n)
        return user_error(ec::mismatch,
                          fmt::format("{}: two columns have the name \"{}\"; give one of them another, with "
                                      "`as`",
                                      table_->shown(), *n));
    if (std::ranges::find(names, options_.deleted) != names.end())
      return user_error(ec::mismatch,
                        fmt::format("{}: \"{}\" is one of its columns, and the name of the member that says "
                                    "whether a row is gone; give that another, with `deleted`",
                                    table_->shown(), options_.deleted));
    if (!image_.columns().empty() && image_.columns() != names)
      return user_error(ec::mismatch,
                        fmt::format("{}: its columns were {}, and are now {}; take the change back, name the "
                                    "columns in a `query`, or start over with --fresh",
                                    table_->shown(), fmt::join(image_.columns(), ", "),
                                    fmt::join(names, ", ")));
    image_.set_columns(names);
    const std::scoped_lock lock(mutex_);
    header_ = table_->header(names);
    begun_ = true;
    in_vain_ = false;
    changed_.notify_all();
    return {};
  }

  expected<void> take_row(std::string_view key, std::string_view rest) {
    ++rows_;
    if (key.size() + options_.form.is_there.size() + rest.size() > options_.longest_record)
      return user_error(ec::refused,
                        fmt::format("{}: the row {} has {} bytes, more than `max_record`", table_->shown(),
                                    shown(key), key.size() + options_.form.is_there.size() + rest.size()));
    switch (image_.take(key, rest)) {
    case table_image::finding::same:
      return {};
    case table_image::finding::twice:
      return user_error(ec::mismatch,
                        fmt::format("{}: two rows have the key {}; name columns in `key` that say which row "
                                    "is meant",
                                    table_->shown(), shown(key)));
    case table_image::finding::one_too_many:
      return user_error(ec::refused, fmt::format("{}: it has more than {} rows; set `max_rows`, at some 150 "
                                                 "bytes of memory each, or read fewer",
                                                 table_->shown(), options_.most_rows));
    case table_image::finding::changed:
      break;
    }
    return add(key, options_.form.is_there, rest);
  }

  expected<void> add(std::string_view key, std::string_view state, std::string_view rest) {
    record_.assign(key).append(state).append(rest);
    log_->add(record_, moment_);
    ++changes_;
    ++gauges_->records;
    gauges_->bytes += record_.size();
    return log_->pending_bytes() < log_->group_bytes() ? expected<void>() : keep();
  }

  expected<void> keep() {
    const auto tell = [this](std::optional<error> why) { say(std::move(why)); };
    const auto wait = [this] { return wait_until(steady::now() + look_again); };
    if (make_durable(*log_, options_.in_logs, "the table is not read", tell, wait)) {
      image_.settle();
      if (make_room())
        return {};
    }
    return unexpected(error{ec::cancelled, fault::ours, false, "the reading was ended", {}});
  }

  /// False: the feed ends.
  bool make_room() {
    while (!done_ && fullness_.is_full(*log_, options_.in_logs, "the table is not read"))
      wait_until(steady::now() + look_again);
    return !done_;
  }

  /// False: the feed ends.
  bool wait_until(steady::time_point until) {
    std::unique_lock lock(mutex_);
    return !changed_.wait_until(lock, until, [&] { return done_.load(); });
  }

  void told_of(const expected<bool>& read) {
    if (read && *read && (!std::exchange(is_told_, true) || trouble()))
      spdlog::info("{}: {} has {} row{}, {} of them new or changed", options_.in_logs, table_->shown(), rows_,
                   rows_ == 1 ? "" : "s", changes_);
    if (read)
      return say(std::nullopt);
    auto why = read.error();
    if (image_.is_whole()) {
      why.message += "; its rows stay as they were read last";
      why.code = ec::unavailable;  // it has been read before: a later answer may be good again
      why.retry = true;
    }
    say(std::move(why));
  }

  void say(std::optional<error> why) {
    const std::scoped_lock lock(mutex_);
    in_vain_ = why && !why->retry;
    trouble_ = std::move(why);
    changed_.notify_all();
  }

  table_feed_options options_;
  std::unique_ptr<polled_table> table_;
  const wall_clock& wall_;

  // Its thread alone uses these, once it runs.
  table_image image_;
  event_micros moment_ = no_watermark;  // of the reading, never before that of an earlier one
  bool is_noted_ = true;                // that the table has been read to its end
  bool is_told_ = false;
  std::uint64_t rows_ = 0;
  std::uint64_t changes_ = 0;
  std::string record_;

  std::optional<std::string> header_;  // under mutex_
  std::atomic<bool> begins_{true};     // no reading of this life has come to its end
};

}  // namespace

expected<std::shared_ptr<feed>> start_table_feed(table_feed_options options,
                                                 std::unique_ptr<polled_table> table, spool_setup spool,
                                                 const wall_clock& clock) {
  auto out = std::make_shared<table_feed>(std::move(options), std::move(table), clock);
  RETURN_IF_ERROR(out->start(std::move(spool)));
  return out;
}

}  // namespace millrace::source
