#include "tools/cli/last_words.hpp"

#include "tools/cli/last_line.hpp"

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <new>
#include <string_view>
#include <sys/prctl.h>
#include <system_error>
#include <unistd.h>

namespace millrace::cli {
namespace {

constexpr int exit_failed = 1;

bool is_out_of_threads(const std::exception& e) {
  const auto* const failed = dynamic_cast<const std::system_error*>(&e);
  return failed != nullptr && (failed->code() == std::errc::resource_unavailable_try_again ||
                               failed->code() == std::errc::not_enough_memory);
}

bool is_out_of_memory(const std::exception& e) { return dynamic_cast<const std::bad_alloc*>(&e) != nullptr; }

void add_out_of_threads(last_line& to, std::string_view why) {
  to.add("a thread cannot be started: ").add(why);
  to.add("; raise the limits of processes (ulimit -u) and of address space (ulimit -v), or lower --threads");
}

void add(last_line& to, const std::exception& e) {
  if (is_out_of_memory(e)) {
    to.add("out of memory: the machine or a limit (ulimit -v, the service's MemoryMax) gives no more; "
           "give the process more, or see \"Memory\" in docs/operations.md for what takes it");
  } else if (is_out_of_threads(e)) {
    add_out_of_threads(to, e.what());
  } else {
    to.add("a fault of ours: ").add(e.what());
    to.add("; please report it with this line");
  }
}

void add_place(last_line& to) {
  std::array<char, 17> name{};
  if (prctl(PR_GET_NAME, name.data()) == 0 && std::string_view(name.data()) != "millrace")
    to.add(" (thread ").add(name.data()).add(")");
}

/// A second thread that fails meanwhile waits here until the first has ended the process.
void be_the_only_one() {
  static std::atomic_flag begun;
  while (begun.test_and_set())
    pause();
}

constexpr std::string_view goes_on = ". What was committed stays; the same command goes on";

/// Ends at once, without an exception in the middle of a record's work: the record is not to blame.
[[noreturn]] void out_of_memory() {
  be_the_only_one();
  last_line last;
  add(last, std::bad_alloc());
  add_place(last);
  last.add(goes_on).say(exit_failed);
  _exit(exit_failed);
}

/// A destructor of a joinable std::thread, as an exception of its neighbour's start passes: that one cannot
/// be seen here, but why the system call failed can.
bool is_out(int number) { return number == EAGAIN || number == ENOMEM; }

[[noreturn]] void terminated() {
  const int number = errno;
  be_the_only_one();
  last_line last;
  bool ours = true;
  try {
    if (std::current_exception())
      throw;
    ours = !is_out(number);
    if (!ours)
      add(last, std::system_error(number, std::generic_category()));
    else
      last.add(
          "std::terminate was called without an exception: a fault of ours; please report it with this line");
  } catch (const std::exception& e) {
    ours = !is_out_of_memory(e) && !is_out_of_threads(e);
    add(last, e);
  } catch (...) {
    last.add("an exception of an unknown type: a fault of ours; please report it with this line");
  }
  add_place(last);
  last.add(goes_on).say(exit_failed);
  if (ours)
    std::abort();
  _exit(exit_failed);
}

}  // namespace

void explain_terminations() {
  std::set_terminate(terminated);
  std::set_new_handler(out_of_memory);
}

start_watch::start_watch(std::chrono::seconds limit) {
  struct sigaction action {};
  action.sa_handler = [](int) {
    last_line last;
    add_out_of_threads(last, "the actor system did not start");
    last.add(goes_on).say(exit_failed);
    _exit(exit_failed);
  };
  sigaction(SIGALRM, &action, nullptr);
  alarm(static_cast<unsigned>(limit.count()));
}

start_watch::~start_watch() {
  alarm(0);
  ::signal(SIGALRM, SIG_DFL);
}

void explain(const std::exception& e) {
  last_line last;
  add(last, e);
  last.say(exit_failed);
}

}  // namespace millrace::cli
