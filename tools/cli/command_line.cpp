#include "tools/cli/command_line.hpp"

#include "runtime/base/version.hpp"
#include "tools/cli/remote.hpp"
#include "tools/cli/tls.hpp"
#include "tools/cli/usage.hpp"

namespace millrace::cli {

std::unique_ptr<CLI::App> make_command_line(int& status) {
  auto app = std::make_unique<CLI::App>(
      "millrace: streaming dataflows from one file (JSON or SQL), exactly once, in one native process",
      "millrace");
  app->require_subcommand(1);
  app->set_version_flag("--version", std::string(version), "Print the version and exit");
  add_run(*app, status);
  add_check(*app, status);
  add_convert(*app, status);
  add_console(*app, status);
  add_test(*app, status);
  add_load(*app, status);
  add_table(*app, status);
  add_state(*app, status);
  add_sql(*app, status);
  add_model(*app, status);
  add_replay(*app, status);
  add_node(*app, status);
  add_apply(*app, status);
  add_list(*app, status);
  add_nodes(*app, status);
  add_wait(*app, status);
  add_stop(*app, status);
  add_start(*app, status);
  add_remove(*app, status);
  add_drain(*app, status);
  add_undrain(*app, status);
  add_forget(*app, status);
  add_events(*app, status);
  add_letters(*app, status);
  add_tls(*app, status);
  add_complete(*app, status);
  add_completion(*app, status);
  add_man(*app, status);
  add_reference(*app, status);
  require_local_paths(*app);
  return app;
}

}  // namespace millrace::cli
