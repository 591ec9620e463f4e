#include "tools/cli/signal_watch.hpp"

#include "runtime/base/flight_recorder.hpp"
#include "tools/cli/last_line.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace millrace::cli {
namespace {

constexpr int exit_failed = 1;
constexpr int killed_by_signal = 128;
/// The watch's own stack: little beside 8 MB where address space is limited (ulimit -v).
constexpr std::size_t stack_size = 256 * 1024;
constexpr std::int64_t never = INT64_MAX;
/// `timeout` sends a signal to the process and to its group, a shell that forwards Ctrl-C likewise, and a
/// terminal that closes gives several SIGHUP: that is one wish.
constexpr std::int64_t one_and_the_same_ms = 500;
/// After a signal, a call that has worked on the same records for `long_call` is looked for from `first_look_ms` on.
constexpr std::int64_t first_look_ms = 4'500;
constexpr std::int64_t between_looks_ms = 100;
constexpr std::chrono::milliseconds long_call{4'000};

std::int64_t now_ms() {
  timespec t{};
  clock_gettime(CLOCK_MONOTONIC, &t);
  return std::int64_t{t.tv_sec} * 1000 + t.tv_nsec / 1'000'000;
}

/// Says what goes on, for the last words. The watch reads it while others write: at worst two texts come in
/// one.
class activity {
public:
  bool begin(std::string_view what) {
    int none = unused;
    if (!state_.compare_exchange_strong(none, taken))
      return false;
    const auto size = std::min(what.size(), text_.size());
    for (std::size_t i = 0; i < size; ++i)
      text_[i].store(what[i], std::memory_order_relaxed);
    size_.store(size, std::memory_order_relaxed);
    state_.store(shown, std::memory_order_release);
    return true;
  }
  void end() { state_.store(unused, std::memory_order_release); }
  void show(last_line& to) const {
    if (state_.load(std::memory_order_acquire) != shown)
      return;
    for (std::size_t i = 0; i < size_.load(std::memory_order_relaxed); ++i) {
      const char c = text_[i].load(std::memory_order_relaxed);
      to.add({&c, 1});
    }
  }
  [[nodiscard]] bool is_shown() const { return state_.load(std::memory_order_relaxed) == shown; }

private:
  enum : int { unused, taken, shown };
  std::atomic<int> state_{unused};
  std::atomic<std::size_t> size_{0};
  std::array<std::atomic<char>, 200> text_{};
};

std::array<activity, 32> activities;

int signals = -1;     // a signalfd
int changed = -1;     // an eventfd: the deadline is another
int to_orderly = -1;  // a pipe's ends: 's' for a stop, 'r' for a report, 'e' for the end of orderly_end
int of_orderly = -1;
enum class phase : int { before, during, after };  // phases of an orderly_end
std::atomic<phase> now_in{phase::before};
std::atomic<std::int64_t> limit_ms{0};
std::atomic<std::int64_t> deadline{never};
std::atomic<int> status_then{exit_failed};
std::atomic<bool> without_a_word{false};

std::string_view name_of(int signal) {
  return signal == SIGTERM ? "SIGTERM" : signal == SIGINT ? "SIGINT" : "SIGHUP";
}

void tell(int fd, const void* bytes, std::size_t size) {
  [[maybe_unused]] const auto written = ::write(fd, bytes, size);  // it is full: it is told already
}
void tell_orderly(char what) { tell(to_orderly, &what, 1); }
void tell_watch() {
  constexpr std::uint64_t one = 1;
  tell(changed, &one, sizeof one);
}

/// Dies as if nobody took the signal.
void die_by(int signal) {
  sigset_t one;
  sigemptyset(&one);
  sigaddset(&one, signal);
  std::signal(signal, SIG_DFL);
  raise(signal);
  pthread_sigmask(SIG_UNBLOCK, &one, nullptr);
  _exit(killed_by_signal + signal);  // never reached
}

void give_up(int signal, std::int64_t after_ms) {
  if (!without_a_word) {
    last_line last;
    last.add(name_of(signal)).add(" came ").add(after_ms / 1000);
    last.add(" s ago and the process still does not end; it ends now, by force. ");
    bool any = false;
    for (const auto& a : activities)
      if (a.is_shown()) {
        last.add(std::exchange(any, true) ? ", " : "It hangs in: ");
        a.show(last);
      }
    last.add(any ? ". " : "").add("What was committed stays; the same command goes on");
    last.say(status_then);
  }
  _exit(status_then);
}

/// A call that reads costly records cannot be ended, and what it would give is computed again at the next start.
void give_up_long_work(int signal, std::int64_t after_ms) {
  const auto work = work_for(long_call);
  if (!work)
    return;
  last_line last;
  last.add(name_of(signal)).add(" came ").add(after_ms / 1000).add(" s ago, and ").add(work->actor);
  last.add(" of ").add(work->topology).add(" has been at the same records of ").add(work->log);
  last.add(
      " since before; the process ends now, by force. What was committed stays; the same command goes on");
  last.say(exit_failed);
  _exit(exit_failed);
}

class watch {
public:
  [[noreturn]] void run() {
    for (;;) {
      const auto next = std::min(deadline.load(), next_look_);
      const auto left = next == never ? -1 : std::max<std::int64_t>(0, next - now_ms());
      std::array<pollfd, 2> on{{{signals, POLLIN, 0}, {changed, POLLIN, 0}}};
      ::poll(on.data(), on.size(), static_cast<int>(left));
      if (deadline != never && now_ms() >= deadline)
        give_up(first_, now_ms() - first_at_);
      if (now_ms() >= next_look_) {
        give_up_long_work(first_, now_ms() - first_at_);
        next_look_ = now_in == phase::during ? now_ms() + between_looks_ms : never;
      }
      std::uint64_t dropped = 0;
      if ((on[1].revents & POLLIN) != 0) [[maybe_unused]]
        const auto n = ::read(changed, &dropped, sizeof dropped);
      signalfd_siginfo came{};
      while (::read(signals, &came, sizeof came) == sizeof came)
        take(static_cast<int>(came.ssi_signo));
    }
  }

private:
  void take(int signal) {
    if (first_ != 0 && signal != SIGUSR1) {
      if (signal == SIGHUP || now_ms() - first_at_ < one_and_the_same_ms)
        return;
      last_line last;
      last.add("a second signal (").add(name_of(signal)).add("): it ends at once; ");
      last.add("what was committed stays, the same command goes on");
      last.say(killed_by_signal + signal);
      _exit(killed_by_signal + signal);
    }
    if (now_in == phase::before)
      die_by(signal);
    if (signal != SIGUSR1) {
      first_ = signal;
      first_at_ = now_ms();
      deadline = std::min(deadline.load(), first_at_ + limit_ms);
      next_look_ = first_at_ + first_look_ms;
    }
    if (now_in == phase::during)
      tell_orderly(signal == SIGUSR1 ? 'r' : 's');
  }

  int first_ = 0;
  std::int64_t first_at_ = 0;
  std::int64_t next_look_ = never;
};

void* run_watch(void*) { watch().run(); }

bool is_ignored(int signal) {
  struct sigaction now {};
  return sigaction(signal, nullptr, &now) == 0 && now.sa_handler == SIG_IGN;
}

}  // namespace

bool keep_standard_descriptors() {
  int fd = 0;
  do
    fd = ::open("/dev/null", O_RDWR);
  while (fd >= 0 && fd <= STDERR_FILENO);
  if (fd >= 0)
    ::close(fd);
  return fd >= 0;
}

int start_signal_watch() {
  sigset_t ours;
  sigemptyset(&ours);
  sigaddset(&ours, SIGTERM);
  sigaddset(&ours, SIGUSR1);
  for (const int s : {SIGINT, SIGHUP})
    if (!is_ignored(s))
      sigaddset(&ours, s);
  std::array<int, 2> ends{-1, -1};
  signals = signalfd(-1, &ours, SFD_CLOEXEC | SFD_NONBLOCK);
  changed = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (signals < 0 || changed < 0 || pipe2(ends.data(), O_CLOEXEC) != 0)
    return errno;
  of_orderly = ends[0];
  to_orderly = ends[1];
  if (::fcntl(to_orderly, F_SETFL, O_NONBLOCK) != 0)  // the watch never waits
    return errno;
  pthread_attr_t how;
  pthread_attr_init(&how);
  pthread_attr_setdetachstate(&how, PTHREAD_CREATE_DETACHED);
  pthread_attr_setstacksize(&how, stack_size);
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);  // the watch takes no other signal either
  pthread_t id{};
  const int failed = pthread_create(&id, &how, run_watch, nullptr);
  // One call sets the mask: a second one would leave a gap in which a signal ends the process without a word.
  sigset_t from_now_on = before;
  if (failed == 0)
    sigorset(&from_now_on, &before, &ours);
  pthread_sigmask(SIG_SETMASK, &from_now_on, nullptr);
  pthread_attr_destroy(&how);
  return failed;
}

orderly_end::orderly_end(std::chrono::seconds limit, std::function<void()> on_stop,
                         std::function<void()> on_report)
    : thread_([on_stop = std::move(on_stop), on_report = std::move(on_report)] {
        for (char what = 0; what != 'e';) {
          if (::read(of_orderly, &what, 1) != 1)
            continue;
          if (what == 's')
            on_stop();
          if (what == 'r' && on_report)
            on_report();
        }
      }) {
  limit_ms = std::chrono::milliseconds(limit).count();
  now_in = phase::during;
}

orderly_end::~orderly_end() {
  now_in = phase::after;
  constexpr char end = 'e';
  pollfd room{to_orderly, POLLOUT, 0};
  while (::write(to_orderly, &end, 1) != 1)
    ::poll(&room, 1, -1);
  thread_.join();
}

void leave_within(std::chrono::seconds limit, int status) {
  const auto then = now_ms() + std::chrono::milliseconds(limit).count();
  status_then = status;
  without_a_word = true;
  deadline = std::min(deadline.load(), then);
  tell_watch();
}

noted_work::noted_work(std::string_view what) : slot_(-1) {
  for (std::size_t i = 0; i < activities.size() && slot_ < 0; ++i)
    if (activities[i].begin(what))
      slot_ = static_cast<int>(i);
}

noted_work::~noted_work() {
  if (slot_ >= 0)
    activities[static_cast<std::size_t>(slot_)].end();
}

}  // namespace millrace::cli
