// The millrace binary: one file a subcommand.
#include "tools/millrace/subcommands.hpp"

#include <CLI/CLI.hpp>

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
  CLI::App app{"millrace: streaming dataflows from one JSON file, exactly once, in one native process",
               "millrace"};
  app.require_subcommand(1);
  app.set_version_flag("--version", std::string(version));
  int status = exit_done;
  add_run(app, status);
  add_check(app, status);
  add_test(app, status);
  add_load(app, status);
  add_table(app, status);
  add_replay(app, status);
  add_reference(app, status);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    const int code = app.exit(e);
    return code == 0 ? exit_done : exit_wrong;
  }
  return status;
}
