#include "tools/millrace/interrupts.hpp"

#include <atomic>
#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

namespace millrace::cli {
namespace {

constexpr int killed_by_signal = 128;
constexpr int again_after_ms = 50;

std::atomic<int> signals{0};
int to_thread = -1;  // a handler may only write to a pipe
int from_handler = -1;

void on_signal(int number) {
  const auto before = errno;
  if (signals.fetch_add(1) > 0)
    _exit(killed_by_signal + number);
  const char mark = 's';
  [[maybe_unused]] const auto written = ::write(to_thread, &mark, 1);
  errno = before;
}

}  // namespace

bool interrupted() { return signals.load() > 0; }

interrupt_watch::interrupt_watch(std::function<void()> interrupt) {
  int ends[2] = {-1, -1};
  if (pipe2(ends, O_CLOEXEC) != 0)
    return;  // then a signal ends the process, as it does by default
  from_handler = ends[0];
  to_thread = ends[1];
  struct sigaction action {};
  action.sa_handler = on_signal;  // without SA_RESTART: a write that waits for a reader ends, too
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, &before);  // the main thread takes signals, not this one
  thread_ = std::thread([interrupt = std::move(interrupt)] {
    char mark = 0;
    // Again and again until the end: one that comes while nothing runs would be forgotten.
    for (bool told = false; mark != 'e';) {
      pollfd watched{from_handler, POLLIN, 0};
      const int ready = poll(&watched, 1, told ? again_after_ms : -1);
      if (ready > 0 && ::read(from_handler, &mark, 1) != 1)
        return;
      told = told || mark == 's';
      if (told && mark != 'e')
        interrupt();
    }
  });
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

interrupt_watch::~interrupt_watch() {
  if (!thread_.joinable())
    return;
  std::signal(SIGINT, SIG_DFL);
  std::signal(SIGTERM, SIG_DFL);
  const char mark = 'e';
  [[maybe_unused]] const auto written = ::write(to_thread, &mark, 1);
  thread_.join();
  close(from_handler);
  close(to_thread);
}

}  // namespace millrace::cli
