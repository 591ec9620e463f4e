// The millrace binary: one file a subcommand.
#include "runtime/base/sanitizer.hpp"
#include "tools/cli/command_line.hpp"
#include "tools/cli/last_words.hpp"
#include "tools/cli/logging.hpp"
#include "tools/cli/signal_watch.hpp"
#include "tools/cli/usage.hpp"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <fcntl.h>
#include <string_view>
#include <unistd.h>

namespace {

#ifndef MILLRACE_IS_SANITIZED
/// Libraries make objects before main, each in little memory; where there is less, nobody is there to catch that.
[[noreturn]] void end_without_room() {
  constexpr std::string_view text =
      "millrace: there is not enough memory to start; raise the limit of address space (ulimit -v)\n";
  static_cast<void>(::write(STDERR_FILENO, text.data(), text.size()) < 0);
  ::_exit(millrace::cli::exit_failed);
}
void before_libraries() { std::set_terminate(end_without_room); }
/// The loader calls these before the constructors of any library.
[[gnu::section(".preinit_array"), gnu::used]] void (*const at_first)() = before_libraries;
#endif

/// A core file holds no records and no passwords: neither heap nor stacks are dumped. MILLRACE_CORES=full
/// leaves the system's own choice, to look for a fault.
void keep_memory_out_of_cores() {
  const char* const wish = std::getenv("MILLRACE_CORES");
  if (wish != nullptr && std::strcmp(wish, "full") == 0)
    return;
  constexpr std::string_view headers_of_programs = "0x10";  // core(5)
  const int fd = ::open("/proc/self/coredump_filter", O_WRONLY | O_CLOEXEC);
  if (fd < 0)
    return;  // a kernel without cores
  static_cast<void>(::write(fd, headers_of_programs.data(), headers_of_programs.size()) < 0);
  ::close(fd);
}

}  // namespace

int main(int argc, char** argv) {
  using namespace millrace::cli;
  if (!keep_standard_descriptors())
    return exit_failed;
  keep_memory_out_of_cores();
  explain_terminations();
  if (const int failed = start_signal_watch(); failed != 0) {
    std::fprintf(stderr,
                 "millrace: it cannot start its first thread: %s; raise the limits of processes (ulimit -u), "
                 "of open files (ulimit -n) and of address space (ulimit -v)\n",
                 std::strerror(failed));
    return exit_failed;
  }
  int status = exit_done;
  const auto app = make_command_line(status);
  try {
    app->parse(argc, argv);
  } catch (const CLI::Success& e) {  // --help, --version
    if (const auto unknown = unknown_command(*app); !unknown.empty()) {
      complain(unknown);
      return exit_wrong;
    }
    return app->exit(e) == 0 ? exit_done : exit_failed;
  } catch (const CLI::ParseError& e) {
    complain(usage_error(*app, e));
    return exit_wrong;
  } catch (const std::exception& e) {
    explain(e);
    return exit_failed;
  }
  return status;
}
