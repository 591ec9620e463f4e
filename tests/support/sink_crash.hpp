// Crashes of a sink: a child process writes and commits, and is killed with -9 before each of its system
// calls that change anything (by ptrace), and at random moments. The rows are always those of an undisturbed
// run.
#pragma once

#include "tests/support/sink_rows.hpp"

#include <algorithm>
#include <csignal>
#include <functional>
#include <random>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>

namespace millrace::sink {

struct crash_subject {
  std::function<std::unique_ptr<writer>(const std::filesystem::path&)> make;
  /// All rows that a reader of the folder sees, as lines() has them.
  std::function<std::string(const std::filesystem::path&)> seen;
  /// Rows that were never committed too; whole files in order; or, over partitions, in any order.
  enum class showing { as_written, whole_files, in_any_order } shows = showing::as_written;
  std::int64_t total = 0;
};

/// Its lines, sorted.
inline std::vector<std::string> rows_of(const std::string& text) {
  std::vector<std::string> rows;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);)
    rows.push_back(line);
  std::sort(rows.begin(), rows.end());
  return rows;
}

/// Goes on where the file says, to the end; tells the position of every commit. Exit status 1 for any error.
[[noreturn]] inline void child(const std::filesystem::path& folder, const crash_subject& s, incarnation n,
                               int told) {
  {
    auto w = s.make(folder);
    const auto p = w->open(life(n));
    if (!p)
      ::_exit(1);
    for (auto position = position_of(*p); position < s.total;) {
      const auto to = std::min(s.total, position + 1 + position % 4);
      if (!w->write(numbered_rows(position, to)) || !w->commit(at(to)))
        ::_exit(1);
      position = to;
      if (::write(told, &position, sizeof position) != sizeof position)
        ::_exit(1);
    }
  }  // an end in order publishes the last file
  ::_exit(0);
}

struct pipe_ends {
  pipe_ends() { REQUIRE(::pipe(fds) == 0); }
  ~pipe_ends() {
    ::close(fds[0]);
    ::close(fds[1]);
  }
  int fds[2];
};

/// The last position that the pipe still holds.
inline std::int64_t last_told(pipe_ends& p, std::int64_t before) {
  ::close(std::exchange(p.fds[1], -1));
  for (std::int64_t position = 0; ::read(p.fds[0], &position, sizeof position) == sizeof position;)
    before = position;
  return before;
}

inline bool changes_something(long call) {
  switch (call) {
  case SYS_write:
  case SYS_pwrite64:
  case SYS_ftruncate:
  case SYS_truncate:
  case SYS_openat:
  case SYS_rename:
  case SYS_renameat2:
  case SYS_link:
  case SYS_unlink:
  case SYS_mkdir:
  case SYS_fdatasync:
  case SYS_fsync:
  case SYS_rmdir:
  case SYS_sendto:
  case SYS_sendmsg:
    return true;
  default:
    return false;
  }
}

enum class ending { done, killed, failed, not_allowed };

/// Runs a child and kills it before its nth changing system call.
inline ending run_until_call(const std::filesystem::path& folder, const crash_subject& s, incarnation n,
                             int call, std::int64_t& told) {
  pipe_ends p;
  const auto pid = ::fork();
  if (pid == 0) {
    if (::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) != 0)
      ::_exit(77);
    ::raise(SIGSTOP);
    child(folder, s, n, p.fds[1]);
  }
  int status = 0;
  ::waitpid(pid, &status, 0);
  if (WIFEXITED(status))
    return ending::not_allowed;
  ::ptrace(PTRACE_SETOPTIONS, pid, nullptr, PTRACE_O_EXITKILL | PTRACE_O_TRACESYSGOOD);
  bool killed = false;
  for (;;) {
    ::ptrace(PTRACE_SYSCALL, pid, nullptr, nullptr);
    ::waitpid(pid, &status, 0);
    if (!WIFSTOPPED(status))
      break;
    __ptrace_syscall_info info{};
    if (killed || ::ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof info, &info) <= 0 ||
        info.op != PTRACE_SYSCALL_INFO_ENTRY || !changes_something(static_cast<long>(info.entry.nr)))
      continue;
    if (--call == 0) {
      ::kill(pid, SIGKILL);
      killed = true;
    }
  }
  told = last_told(p, told);
  return killed ? ending::killed : WEXITSTATUS(status) == 0 ? ending::done : ending::failed;
}

/// Checks what must hold after any crash: nothing told is lost, nothing is seen twice, whole files hold whole
/// commits.
inline void check_after_crash(const std::filesystem::path& folder, const crash_subject& s,
                              std::int64_t told) {
  const auto rows = s.seen(folder);
  if (s.shows == crash_subject::showing::in_any_order) {
    auto all = rows_of(rows);
    const auto wanted = rows_of(lines(0, s.total));
    REQUIRE(std::adjacent_find(all.begin(), all.end()) == all.end());
    REQUIRE(std::includes(wanted.begin(), wanted.end(), all.begin(), all.end()));
    return;
  }
  REQUIRE(lines(0, s.total).starts_with(rows.substr(0, rows.rfind('\n') + 1)));
  if (s.shows == crash_subject::showing::whole_files)
    REQUIRE((rows.empty() || rows.back() == '\n'));
  else
    REQUIRE(rows.size() >= lines(0, told).size());
}

/// `seconds`: before which call of the recovery it is killed again; 0 for never.
inline void crash_at_every_call(const crash_subject& s, const std::vector<int>& seconds = {0, 1, 4, 9}) {
  int first = 1;
  for (;; ++first) {
    bool whole_run = false;
    for (const int second : seconds) {
      const temp_folder folder;
      std::int64_t told = 0;
      const auto end = run_until_call(folder.path(), s, 1, first, told);
      if (end == ending::not_allowed) {
        WARN("SKIPPED: this machine does not allow ptrace; crashes between system calls are not tested");
        return;
      }
      INFO("killed before call " << first << ", then before call " << second);
      REQUIRE(end != ending::failed);
      check_after_crash(folder.path(), s, told);
      if (second != 0) {
        REQUIRE(run_until_call(folder.path(), s, 2, second, told) != ending::failed);
        check_after_crash(folder.path(), s, told);
      }
      auto w = s.make(folder.path());
      const auto p = w->open(life(3));
      REQUIRE(p);
      REQUIRE(position_of(*p) >= told);
      w.reset();
      REQUIRE(run_until_call(folder.path(), s, 4, 0, told) == ending::done);
      REQUIRE(rows_of(s.seen(folder.path())) == rows_of(lines(0, s.total)));
      whole_run = end == ending::done;
    }
    if (whole_run)
      break;
  }
  CHECK(first > 20);  // the loop has really met the steps
}

inline void crash_at_random(const crash_subject& s) {
  std::mt19937 random(11);
  const temp_folder folder;
  std::int64_t told = 0;
  int kills = 0;
  for (incarnation n = 1; told < s.total; ++n) {
    pipe_ends p;
    const auto pid = ::fork();
    if (pid == 0)
      child(folder.path(), s, n, p.fds[1]);
    ::close(std::exchange(p.fds[1], -1));
    // The child runs on while we count: where it is when the signal comes is up to the scheduler.
    std::int64_t position = told;
    auto commits = random() % 200;
    while (commits-- > 0 && ::read(p.fds[0], &position, sizeof position) == sizeof position)
      told = position;
    ::kill(pid, SIGKILL);
    int status = 0;
    ::waitpid(pid, &status, 0);
    REQUIRE((WIFSIGNALED(status) || WEXITSTATUS(status) == 0));
    kills += WIFSIGNALED(status);
    told = last_told(p, told);
    check_after_crash(folder.path(), s, told);
  }
  auto w = s.make(folder.path());
  CHECK(position_of(w->open(life(1'000'000)).value()) == s.total);
  w.reset();
  CHECK(rows_of(s.seen(folder.path())) == rows_of(lines(0, s.total)));
  CHECK(kills > 10);
}

}  // namespace millrace::sink
