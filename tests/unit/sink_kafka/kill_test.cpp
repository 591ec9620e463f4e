// Kills: the sink's process with -9 at random moments, and the broker. Afterwards a reader of committed rows
// sees every row once, in order. MILLRACE_KILLS sets how often; the broker is killed only where
// KAFKA_MAY_BE_KILLED says that it was started by tools/services for this.
#include "tests/unit/sink_kafka/broker.hpp"

#include <algorithm>
#include <csignal>
#include <iostream>
#include <poll.h>
#include <random>
#include <spawn.h>
#include <sys/wait.h>
#include <thread>

extern char** environ;

namespace millrace::sink {
namespace {

constexpr int told_fd = 3;

/// Goes on where the topic says; calls `committed` after each commit until that says stop.
template<class Committed>
expected<void> go_on(writer& w, const claim& who, Committed committed) {
  const auto p = w.open(who);
  if (!p)
    return unexpected(p.error());
  for (auto position = position_of(*p);;) {
    const auto to = position + 1 + position % 50;
    if (auto written = w.write(numbered(position, to)); !written)
      return written;
    // Some commits go through the positions topic.
    if (auto done = w.commit(at(to, to % 3 == 0 ? 1000 : 1)); !done)
      return unexpected(done.error());
    position = to;
    if (!committed(position))
      return {};
  }
}

struct child_process {
  pid_t pid = -1;
  int told = -1;
};

/// This program again, as the hidden test case below.
child_process spawn(const sink_under_test& s, incarnation n) {
  ::setenv("MILLRACE_CHILD_TOPIC", s.topic.c_str(), 1);
  ::setenv("MILLRACE_CHILD_LIFE", std::to_string(n).c_str(), 1);
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addclose(&actions, ends[0]);
  posix_spawn_file_actions_adddup2(&actions, ends[1], told_fd);
  posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", 1, 0);
  std::string self = "/proc/self/exe";
  std::string which = "child of the kill test";
  std::array<char*, 3> arguments{self.data(), which.data(), nullptr};
  child_process c;
  REQUIRE(::posix_spawn(&c.pid, self.c_str(), &actions, nullptr, arguments.data(), environ) == 0);
  posix_spawn_file_actions_destroy(&actions);
  ::close(ends[1]);
  c.told = ends[0];
  return c;
}

/// A broker on a busy machine takes its time.
constexpr int patience_ms = 120'000;

/// The next position that the child tells; nothing after `wait` or at its end.
std::optional<std::int64_t> next_told(const child_process& c, int wait_ms) {
  pollfd ready{c.told, POLLIN, 0};
  std::int64_t position = 0;
  if (::poll(&ready, 1, wait_ms) == 1 && ::read(c.told, &position, sizeof position) == sizeof position)
    return position;
  return std::nullopt;
}

}  // namespace

TEST_CASE("child of the kill test", "[.]") {
  const char* topic = std::getenv("MILLRACE_CHILD_TOPIC");
  const char* life = std::getenv("MILLRACE_CHILD_LIFE");
  if (!topic || !life)
    return;  // somebody runs hidden tests
  const auto there = brokers();
  REQUIRE(there);
  sink_under_test s{*there, topic, topic};
  const auto tell = [](std::int64_t position) { return ::write(told_fd, &position, sizeof position) > 0; };
  tell(0);  // about to open
  expected<void> ended;
  do  // as a sink does: a broker that answers late is no end
    ended = go_on(*s.make(), s.life(std::stoull(life)), tell);
  while (!ended && ended.error().retry);
  INFO((ended ? std::string() : ended.error().message));
  CHECK(ended);
}

TEST_CASE("Every row is there once, in order, after the sink's process was killed at random moments",
          "[server]") {
  const auto there = brokers();
  if (!there)
    return;
  const char* given = std::getenv("MILLRACE_KILLS");
  const int kills = given ? std::stoi(given) : 12;
  sink_under_test s{*there};
  make_topic(*there, s.topic);
  std::mt19937 random(static_cast<unsigned>(kills));
  std::int64_t told = 0;
  for (int i = 1; i <= kills; ++i) {
    const auto c = spawn(s, static_cast<incarnation>(i));
    CHECK(next_told(c, patience_ms) == 0);
    // A third dies while it opens, the others after some commits, wherever they are by then.
    auto commits = i % 3 == 0 ? 0U : 1 + random() % 40;
    const int wait_ms = commits == 0 ? static_cast<int>(random() % 700) : patience_ms;
    if (commits == 0)
      told = std::max(told, next_told(c, wait_ms).value_or(0));
    while (commits-- > 0)
      told = std::max(told, next_told(c, wait_ms).value_or(0));
    ::kill(c.pid, SIGKILL);
    int status = 0;
    ::waitpid(c.pid, &status, 0);
    CHECK(WIFSIGNALED(status));
    while (const auto position = next_told(c, 0))
      told = std::max(told, *position);
    ::close(c.told);
  }
  auto w = s.make();
  std::int64_t last = 0;
  int more = 3;
  const auto ended = go_on(*w, s.life(1'000'000, told > 0), [&](std::int64_t position) {
    last = position;
    return --more > 0;
  });
  if (!ended)
    FAIL(ended.error().message);
  CHECK(last > told);
  CHECK(values_of(read_topic(*there, s.topic)) == numbered_values(0, last));
}

TEST_CASE("Every row is there once, in order, after the broker was killed and restarted under the commits",
          "[server]") {
  const auto there = brokers();
  if (!there)
    return;
  if (!std::getenv("KAFKA_MAY_BE_KILLED")) {
    std::cout << "SKIPPED: killing the broker needs KAFKA_MAY_BE_KILLED\n";
    return;
  }
  sink_under_test s{*there};
  make_topic(*there, s.topic);
  auto w = s.make();
  std::atomic<bool> over = false;
  std::thread killer([&] {
    for (int i = 0; i < 2; ++i)
      if (std::system(
              "tools/services kill kafka >/dev/null 2>&1 && tools/services start kafka >/dev/null 2>&1") != 0)
        std::cout << "tools/services has failed\n";
    over = true;
  });
  std::int64_t last = 0;
  std::size_t outages = 0;
  int more = 20;
  for (bool done = false; !done;) {
    const auto ended = go_on(*w, s.life(1, last > 0), [&](std::int64_t position) {
      last = position;
      return !over || --more > 0;
    });
    done = ended.has_value();
    if (!ended) {
      UNSCOPED_INFO(ended.error().message);
      ++outages;
      if (!ended.error().retry && ended.error().code != ec::fenced) {
        CHECK(ended.error().message.empty());
        break;
      }
    }
  }
  killer.join();
  std::cout << "committed up to " << last << " over two outages, with " << outages << " errors\n";
  CHECK(values_of(read_topic(*there, s.topic)) == numbered_values(0, last));
}

}  // namespace millrace::sink
