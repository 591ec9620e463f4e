// The millrace binary: one file a subcommand.
#include "tools/millrace/command_line.hpp"
#include "tools/millrace/last_words.hpp"
#include "tools/millrace/signal_watch.hpp"
#include "tools/millrace/usage.hpp"

#include <cstdio>
#include <cstring>
#include <malloc.h>

namespace {

/// Batches of some MiB come and go. Given back to the kernel each time, their pages would be faulted in again
/// for the next ones: with a row for each record, a fifth of all CPU time.
void keep_freed_memory() {
  mallopt(M_MMAP_THRESHOLD, 32 << 20);
  mallopt(M_TRIM_THRESHOLD, 64 << 20);
}

}  // namespace

int main(int argc, char** argv) {
  using namespace millrace::cli;
  if (!keep_standard_descriptors())
    return exit_failed;
  explain_terminations();
  if (const int failed = start_signal_watch(); failed != 0) {
    std::fprintf(stderr,
                 "millrace: it cannot start its first thread: %s; raise the limits of processes (ulimit -u), "
                 "of open files (ulimit -n) and of address space (ulimit -v)\n",
                 std::strerror(failed));
    return exit_failed;
  }
  keep_freed_memory();
  int status = exit_done;
  const auto app = make_command_line(status);
  try {
    app->parse(argc, argv);
  } catch (const CLI::Success& e) {  // --help, --version
    return app->exit(e) == 0 ? exit_done : exit_failed;
  } catch (const CLI::ParseError& e) {
    std::fprintf(stderr, "%s\n", usage_error(*app, e).c_str());
    return exit_wrong;
  } catch (const std::exception& e) {
    explain(e);
    return exit_failed;
  }
  return status;
}
