// The millrace binary: one file a subcommand.
#include "tools/millrace/command_line.hpp"

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
  keep_freed_memory();
  int status = exit_done;
  const auto app = make_command_line(status);
  try {
    app->parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    const int code = app->exit(e);
    return code == 0 ? exit_done : exit_wrong;
  }
  return status;
}
