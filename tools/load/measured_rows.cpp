#include "tools/load/measured_rows.hpp"

#include "runtime/base/descriptor.hpp"
#include "runtime/data/json_member.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace millrace::load {
namespace {

constexpr std::chrono::milliseconds look_every{50};

/// The lines that a file gets. One that is not there yet is waited for; blanks of an unfinished line wait,
/// too.
class file_rows final : public row_source {
public:
  explicit file_rows(std::string path) : path_(std::move(path)) {}

  expected<void> begin(std::chrono::milliseconds) override {
    open();
    if (file_.valid())
      ::lseek(file_.get(), 0, SEEK_END);
    return {};
  }

  expected<void> take(std::chrono::milliseconds wait,
                      const std::function<void(std::string_view)>& row) override {
    constexpr std::chrono::milliseconds look_again{1};
    if (!file_.valid())
      open();
    const auto had = carry_.size();
    carry_.resize(had + block);
    auto got = file_.valid() ? ::read(file_.get(), carry_.data() + had, block) : 0;
    if (got < 0 && (errno == EAGAIN || errno == EINTR))  // a named pipe whose writer pauses
      got = 0;
    carry_.resize(had + static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
    if (got < 0)
      return fatal_error(ec::io, fmt::format("--measure file:{}: {}", path_, std::strerror(errno)));
    if (got == 0) {
      std::this_thread::sleep_for(std::min(wait, look_again));
      return {};
    }
    std::size_t at = 0;
    for (auto feed = carry_.find('\n'); feed != std::string::npos; feed = carry_.find('\n', at)) {
      row(std::string_view(carry_).substr(at, feed - at));
      at = feed + 1;
    }
    carry_.erase(0, at);
    return {};
  }

private:
  void open() { file_ = descriptor(::open(path_.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)); }

  static constexpr std::size_t block = 1 << 18;
  std::string path_;
  descriptor file_;
  std::string carry_;
};

}  // namespace

expected<std::unique_ptr<row_source>> make_file_rows(const options& o) {
  return std::make_unique<file_rows>(o.measure_file);
}

expected<std::unique_ptr<measured_rows>> measured_rows::start(const options& o) {
  ASSIGN_OR_RETURN(auto rows, o.measure_topic.empty() ? make_file_rows(o) : make_kafka_rows(o));
  RETURN_IF_ERROR(rows->begin(std::chrono::duration_cast<std::chrono::milliseconds>(o.start_timeout)));
  return std::unique_ptr<measured_rows>(new measured_rows(std::move(rows), o.measure_by));
}

measured_rows::measured_rows(std::unique_ptr<row_source> rows, std::string member)
    : rows_(std::move(rows)), member_(std::move(member)), thread_([this] { run(); }) {}

measured_rows::~measured_rows() {
  done_ = true;
  thread_.join();
}

void measured_rows::run() {
  data::member_finder members;
  std::string padded;
  while (!done_) {
    const auto took = rows_->take(look_every, [&](std::string_view row) {
      const auto now = system_clock().now();
      padded.assign(row);
      padded.reserve(row.size() + simdjson::SIMDJSON_PADDING);
      const auto text = members.find(padded, member_);
      event_micros due = 0;
      const bool measured = text && std::from_chars(text->data(), text->data() + text->size(), due).ptr ==
                                        text->data() + text->size();
      const std::scoped_lock lock(mutex_);
      last_ = std::chrono::steady_clock::now();
      if (!measured) {
        ++seen_.without;
        return;
      }
      ++seen_.rows;
      seen_.latency.add(now - due);
    });
    if (!took) {
      const std::scoped_lock lock(mutex_);
      seen_.failure = took.error().message;
      return;
    }
  }
}

std::chrono::milliseconds measured_rows::idle() const {
  const std::scoped_lock lock(mutex_);
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - last_);
}

measurement measured_rows::now() const {
  const std::scoped_lock lock(mutex_);
  return seen_;
}

}  // namespace millrace::load
