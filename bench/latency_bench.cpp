// Measures how long a window's rows take: writes clicks at a steady rate into a followed file or a Kafka
// topic, with a second of event time in each second, and watches the rows of windows of WINDOW_MS in a file:
//   latency_bench ROWS RATE USERS WINDOW_MS SECONDS file PATH | kafka BROKERS TOPIC | bare BROKERS TOPIC
// A window's latency is from just before the record that closes it is written to the moment when the last of
// its rows has been read. Rows are CSV lines "end in microseconds,user,clicks". Prints one line of JSON;
// fails if a window's rows are not all there or do not hold every click.
// `bare` is the floor below `kafka`: ROWS is not looked at, a window is there when a bare consumer has the
// record that closes it.
#include "bench/latency_figures.hpp"
#include "bench/latency_kafka.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <functional>
#include <memory>
#include <poll.h>
#include <string>
#include <string_view>
#include <sys/inotify.h>
#include <thread>
#include <unistd.h>
#include <vector>

namespace {

using namespace millrace::bench;

using clock_type = std::chrono::steady_clock;
constexpr std::int64_t first_second = 1'700'000'000;
constexpr std::int64_t warm_up = 2;           // seconds whose windows are not counted
constexpr std::chrono::seconds patience{10};  // time for the last window's rows

[[noreturn]] void give_up(const std::string& what) { millrace::bench::give_up(what.c_str()); }

/// Says what is sent: the windows' length in microseconds and how many records each holds.
struct load {
  std::int64_t rate, users, window, records;
};

struct window {
  clock_type::time_point closed_at{};
  clock_type::time_point seen_at{};
  std::int64_t rows = 0;
  std::int64_t clicks = 0;
};

/// The rows of a file as it grows, on a thread of its own; `windows` is read when it has ended.
class watcher {
public:
  watcher(std::string path, std::vector<window>& windows, const load& sent)
      : path_(std::move(path)), windows_(windows), sent_(sent), thread_([this] { run(); }) {}
  /// Waits until the last window is whole, at most for this long.
  void finish(std::chrono::seconds patience) {
    const auto until = clock_type::now() + patience;
    while (!whole_ && clock_type::now() < until)
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    done_ = true;
    thread_.join();
  }

private:
  void run() {
    int file = -1;
    while (!done_ && (file = ::open(path_.c_str(), O_RDONLY | O_CLOEXEC)) < 0)
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    const int events = ::inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    ::inotify_add_watch(events, path_.c_str(), IN_MODIFY);
    std::string held;
    std::string block(1 << 20, '\0');
    while (!done_) {
      const auto got = ::read(file, block.data(), block.size());
      if (got <= 0) {
        pollfd wait{events, POLLIN, 0};
        if (::poll(&wait, 1, 20) > 0) {
          char dropped[4096];
          while (::read(events, dropped, sizeof dropped) > 0) {
          }
        }
        continue;
      }
      const auto now = clock_type::now();
      held.append(block.data(), static_cast<std::size_t>(got));
      std::size_t at = 0;
      for (auto end = held.find('\n'); end != std::string::npos; end = held.find('\n', at)) {
        row(std::string_view(held).substr(at, end - at), now);
        at = end + 1;
      }
      held.erase(0, at);
    }
    ::close(events);
    ::close(file);
  }

  void row(std::string_view line, clock_type::time_point now) {
    std::int64_t end = 0, clicks = 0;
    if (std::from_chars(line.data(), line.data() + line.size(), end).ec != std::errc())
      return;  // the head
    const auto comma = line.rfind(',');
    std::from_chars(line.data() + comma + 1, line.data() + line.size(), clicks);
    const auto i = (end - first_second * 1'000'000) / sent_.window - 1;
    if (i < 0 || i >= static_cast<std::int64_t>(windows_.size()))
      return;
    auto& w = windows_[static_cast<std::size_t>(i)];
    ++w.rows;
    w.clicks += clicks;
    w.seen_at = now;
    whole_ = whole_ || (w.rows == std::min(sent_.users, sent_.records) && &w == &windows_.back());
  }

  std::string path_;
  std::vector<window>& windows_;
  load sent_;
  std::atomic<bool> done_{false};
  std::atomic<bool> whole_{false};
  std::thread thread_;
};

using sender = std::function<void(const std::string& lines)>;

sender file_sender(const char* path) {
  const int file = ::open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  if (file < 0)
    give_up(fmt::format("{} cannot be written", path));
  return [file](const std::string& lines) {
    if (::write(file, lines.data(), lines.size()) != static_cast<ssize_t>(lines.size()))
      give_up("the file cannot be written");
  };
}

sender kafka_sender(const char* brokers, const char* topic) {
  return
      [to = std::make_shared<record_sender>(brokers, topic)](const std::string& lines) { to->send(lines); };
}

/// A block each millisecond; a block that closes a window begins with the record that does.
void send_all(const sender& send, const load& l, std::vector<window>& windows) {
  const auto rate = l.rate;
  const auto total = l.records * static_cast<std::int64_t>(windows.size());
  const auto begun = clock_type::now();
  std::string lines;
  for (std::int64_t n = 0; n <= total;) {
    const auto due = begun + std::chrono::microseconds(n * 1'000'000 / rate);
    std::this_thread::sleep_until(due);
    lines.clear();
    const auto first = n;
    for (const auto last = std::min(total + 1, n + std::max<std::int64_t>(1, rate / 1000)); n < last; ++n) {
      fmt::format_to(std::back_inserter(lines), R"({{"userid":"user{:05}","at":{},"id":{})", n % l.users,
                     first_second * 1'000'000 + n * 1'000'000 / rate, n);
      lines += rest;
    }
    if (first != 0 && first % l.records == 0)
      windows[static_cast<std::size_t>(first / l.records - 1)].closed_at = clock_type::now();
    send(lines);
  }
}

void print(const std::vector<window>& windows, const load& l) {
  std::vector<double> took;
  const auto each = std::min(l.users, l.records);
  for (auto i = static_cast<std::size_t>(warm_up * 1'000'000 / l.window); i < windows.size(); ++i) {
    const auto& w = windows[i];
    if (w.rows != each || w.clicks != l.records)
      give_up(fmt::format("window {} has {} rows with {} clicks, expected {} with {}", i, w.rows, w.clicks,
                          each, l.records));
    took.push_back(std::chrono::duration<double, std::milli>(w.seen_at - w.closed_at).count());
  }
  print_latencies("windows", std::move(took));
}

/// Fills `windows` by a bare consumer of the topic.
void send_to_bare_consumer(const char* brokers, const char* topic, const load& l,
                           std::vector<window>& windows) {
  std::atomic<bool> whole{false};
  bare_consumer reader(brokers, topic, [&](std::int64_t n, std::string_view) {
    if (n == 0 || n % l.records != 0)
      return;
    auto& w = windows[static_cast<std::size_t>(n / l.records - 1)];
    w.seen_at = clock_type::now();
    w.rows = std::min(l.users, l.records);
    w.clicks = l.records;
    whole = &w == &windows.back();
  });
  reader.wait_for_the_end();
  send_all(kafka_sender(brokers, topic), l, windows);
  for (const auto until = clock_type::now() + patience; !whole && clock_type::now() < until;)
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  reader.stop();
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view kind = argc > 6 ? argv[6] : "";
  if (!(kind == "file" && argc == 8) && !((kind == "kafka" || kind == "bare") && argc == 9)) {
    std::fputs(
        "usage: latency_bench ROWS RATE USERS WINDOW_MS SECONDS file PATH | kafka|bare BROKERS TOPIC\n",
        stderr);
    return 2;
  }
  const auto number = [&](int i) { return std::strtoll(argv[i], nullptr, 10); };
  const auto rate = number(2), users = number(3), window_ms = number(4), seconds = number(5);
  if (rate <= 0 || rate % 1000 != 0 || users <= 0 || window_ms <= 0 || 1000 % window_ms != 0 || seconds <= 0)
    give_up("RATE must be a multiple of 1000, WINDOW_MS a divisor of 1000, USERS and SECONDS positive");
  const load sent{rate, users, window_ms * 1000, rate / 1000 * window_ms};
  std::vector<window> windows(static_cast<std::size_t>((seconds + warm_up) * 1000 / window_ms));
  if (kind == "bare") {
    send_to_bare_consumer(argv[7], argv[8], sent, windows);
  } else {
    watcher rows(argv[1], windows, sent);
    send_all(kind == "file" ? file_sender(argv[7]) : kafka_sender(argv[7], argv[8]), sent, windows);
    rows.finish(patience);
  }
  print(windows, sent);
  return 0;
}
