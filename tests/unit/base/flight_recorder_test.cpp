#include "runtime/base/flight_recorder.hpp"
#include "tests/support/scratch.hpp"

#include <catch2/catch.hpp>

#include <array>
#include <csignal>
#include <cstring>
#include <fstream>
#include <functional>
#include <sys/resource.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace millrace::flight_recorder_trial {

namespace {

using work = std::vector<last_work>;

const std::string topology = "clicks", lane = "parsed/0", shard = "counts/1";
const attempt thousand{"parsed/4", {0, 100}, {0, 1100}, 1000};
const attempt alone{"parsed/4", {0, 165}, {0, 166}, 1, position{0, 165}, true, true};

/// Runs `what` in a process of its own, which records, and `meanwhile` beside it; returns how the process has ended. The test has no
/// other thread when it forks: that one might hold a lock of malloc, which the new process would wait for without end.
int in_a_process(const std::string& file, const std::function<void()>& what,
                 const std::function<void(pid_t)>& meanwhile = {}) {
  const auto child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    const rlimit no_core{0, 0};
    setrlimit(RLIMIT_CORE, &no_core);
    for (const int s :
         {SIGSEGV, SIGABRT, SIGBUS, SIGILL, SIGFPE})  // the test's own handlers would say that it has failed
      std::signal(s, SIG_DFL);
    auto recorder = flight_recorder::open(file);
    if (!recorder)
      _exit(100);
    what();
    recorder->reset();
    _exit(0);
  }
  if (meanwhile)
    meanwhile(child);
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

/// Returns once the file has so many threads at work with records, and without.
void wait_until_noted(const std::string& file, std::size_t with_records, std::size_t without) {
  constexpr std::size_t head = 24, note = 1128;  // docs/development/formats.md
  for (;;) {
    std::ifstream in(file, std::ios::binary);
    in.seekg(head + flight_recorder::most_kept * note);
    std::array<std::size_t, 3> count{};
    for (std::size_t i = 0; i < flight_recorder::most_threads; ++i) {
      std::array<char, note> one{};
      in.read(one.data(), note);
      std::uint32_t stage = 0;
      std::memcpy(&stage, one.data(), sizeof stage);
      ++count.at(stage);
    }
    if (count[1] == without && count[2] == with_records)
      return;
    std::this_thread::yield();
  }
}

/// Returns what the next process is told, without the number of the process, which is by chance.
work told(const std::string& file, bool forget = false) {
  const auto recorder = flight_recorder::open(file);
  REQUIRE(recorder);
  auto out = (*recorder)->told();
  for (auto& w : out) {
    CHECK(w.process != 0);
    w.process = 0;
  }
  if (forget)
    (*recorder)->forget();
  return out;
}

}  // namespace

TEST_CASE("a crash tells the actor and the records of the thread that it has hit, and of no other") {
  const test::scratch dir;
  const auto file = dir / "flight";
  const int number = GENERATE(SIGSEGV, SIGABRT, SIGBUS, SIGILL, SIGFPE);
  CHECK(in_a_process(file, [&] {
          std::thread([&] {
            const at_work other(topology, shard);
            std::thread([&] {
              const at_work noted(topology, lane);
              const in_hand records(alone);
              raise(number);
            }).join();
          }).join();
        }) == -number);
  CHECK(told(file) == work{{topology, lane, 0, static_cast<std::uint32_t>(number), alone}});
}

TEST_CASE("an uncaught exception tells likewise, and a stack that has run out") {
  const test::scratch dir;
  const auto file = dir / "flight";
  CHECK(in_a_process(file, [&] {
          const at_work noted(topology, lane);
          std::terminate();
        }) == -SIGABRT);
  CHECK(told(file, true) == work{{topology, lane, 0, SIGABRT, std::nullopt}});
  CHECK(in_a_process(file, [&] {
          const at_work noted(topology, lane);
          const in_hand records(thousand);
          std::function<int(int)> deeper = [&](int n) {
            volatile char room[4096];
            room[0] = static_cast<char>(n);
            return n == 0 ? 0 : deeper(n + 1) + room[0];
          };
          deeper(1);
        }) == -SIGSEGV);
  CHECK(told(file) == work{{topology, lane, 0, SIGSEGV, thousand}});
}

TEST_CASE("SIGKILL and a signal that somebody else sends tell what each thread has been at for a while, and "
          "blame nobody") {
  const test::scratch dir;
  const auto file = dir / "flight";
  const int number = GENERATE(SIGKILL, SIGSEGV);
  std::array<int, 2> ready{};
  REQUIRE(pipe(ready.data()) == 0);
  const auto works_on = [&] {
    const at_work first(topology, lane);
    const in_hand records(thousand);
    std::thread([&] {
      const at_work second(topology, shard);
      wait_until_noted(file, 1, 1);
      static_cast<void>(write(ready[1], "x", 1) == 0);
      for (;;)
        pause();
    }).join();
  };
  const auto is_killed = [&](pid_t child) {
    close(ready[1]);
    char noted = 0;
    CHECK(read(ready[0], &noted, 1) == 1);
    kill(child, number);
  };
  CHECK(in_a_process(file, works_on, is_killed) == -number);
  close(ready[0]);
  CHECK(told(file) == work{{topology, lane, 0, 0, thousand}, {topology, shard, 0, 0, std::nullopt}});
}

TEST_CASE("a call that has had records in hand for long is found while it goes on, and no other") {
  using std::chrono::milliseconds;
  const test::scratch dir;
  CHECK_FALSE(work_for(milliseconds(0)));
  const auto recorder = flight_recorder::open(dir / "flight");
  REQUIRE(recorder);
  const at_work first(topology, lane);
  CHECK_FALSE(work_for(milliseconds(0)));
  {
    const in_hand records(thousand);
    const auto found = work_for(milliseconds(0));
    REQUIRE(found);
    CHECK(found->topology == topology);
    CHECK(found->actor == lane);
    CHECK(found->log == thousand.log);
    CHECK_FALSE(work_for(std::chrono::hours(1)));
  }
  CHECK_FALSE(work_for(milliseconds(0)));
  const in_hand for_a_server(thousand, true);
  CHECK_FALSE(work_for(milliseconds(0)));
}

TEST_CASE("what an earlier process was at is told until it is forgotten, and of many the newest") {
  const test::scratch dir;
  const auto file = dir / "flight";
  const auto crash = [&] {
    return in_a_process(file, [&] {
      const at_work noted(topology, lane);
      raise(SIGSEGV);
    });
  };
  CHECK(crash() == -SIGSEGV);
  CHECK(told(file).size() == 1);
  CHECK(crash() == -SIGSEGV);
  CHECK(told(file).size() == 2);
  CHECK(told(file, true).size() == 2);
  CHECK(told(file).empty());
  for (std::size_t i = 0; i < flight_recorder::most_kept + 2; ++i)
    CHECK(crash() == -SIGSEGV);
  CHECK(told(file).size() == flight_recorder::most_kept);
}

TEST_CASE("a process that ends in order, or whose work is over, tells nothing") {
  const test::scratch dir;
  const auto file = dir / "flight";
  CHECK(in_a_process(file, [&] {
          {
            const at_work noted(topology, lane);
            const in_hand records(alone);
            wait_until_noted(file, 1, 0);
          }
          wait_until_noted(file, 0, 0);
          raise(SIGKILL);
        }) == -SIGKILL);
  CHECK(told(file).empty());
  CHECK(in_a_process(file, [&] { static const at_work noted(topology, lane); }) == 0);
  CHECK(told(file).empty());
}

TEST_CASE("names that are too long are not noted, and a thread has its place again when another has ended") {
  const test::scratch dir;
  const auto file = dir / "flight";
  CHECK(in_a_process(file, [&] {
          for (int i = 0; i < 1'000; ++i)
            std::thread([&] { const at_work noted(topology, shard); }).join();
          const at_work noted(std::string(256, 't'), lane);
          const in_hand records(alone);
          std::thread([&] {
            const std::string longest(255, 'a');
            const at_work fits(longest, longest);
            const in_hand too_long({std::string(512, 'l'), {}, {}});
            wait_until_noted(file, 0, 1);
            raise(SIGKILL);
          }).join();
        }) == -SIGKILL);
  CHECK(told(file) == work{{std::string(255, 'a'), std::string(255, 'a'), 0, 0, std::nullopt}});
}

TEST_CASE("a damaged file begins anew, and one that a living process has is refused") {
  const test::scratch dir;
  const auto file = dir.write("flight", std::string(1'000'000, 'x'));
  CHECK(told(file).empty());
  const auto first = flight_recorder::open(file);
  REQUIRE(first);
  const auto second = flight_recorder::open(file);
  REQUIRE_FALSE(second);
  CHECK(second.error().message.find("another process") != std::string::npos);
}

}  // namespace millrace::flight_recorder_trial
