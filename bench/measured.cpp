// Runs a command and says what it used, itself and nothing before it: a peak memory that the system reports
// of a child begins at that of the process which forked it, so a large one (Python) would show its own.
//   measured FD COMMAND [ARGUMENT...]
//   writes a line of JSON to the descriptor FD: {"cpu": s, "rss_kb": n, "status": n}
// The exit status is the command's; 128 + signal for one that a signal has ended.
#include <cstdio>
#include <cstdlib>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char** argv) {
  if (argc < 3) {
    std::fputs("usage: measured FD COMMAND [ARGUMENT...]\n", stderr);
    return 2;
  }
  const int report = std::atoi(argv[1]);
  const auto child = ::fork();
  if (child < 0) {
    std::perror("fork");
    return 2;
  }
  if (child == 0) {
    ::close(report);
    ::execvp(argv[2], argv + 2);
    std::perror(argv[2]);
    ::_exit(127);
  }
  int status = 0;
  rusage used{};
  while (::wait4(child, &status, 0, &used) < 0) {
  }
  const int code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
  };
  ::dprintf(report, "{\"cpu\": %.6f, \"rss_kb\": %ld, \"status\": %d}\n",
            seconds(used.ru_utime) + seconds(used.ru_stime), used.ru_maxrss, code);
  return code;
}
