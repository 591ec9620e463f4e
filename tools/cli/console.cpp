// millrace console: what runs, seen from the terminal, over the API of a node or of `run --http`.
#include "tools/cli/connect_options.hpp"
#include "tools/cli/live_console.hpp"
#include "tools/cli/logging.hpp"
#include "tools/cli/printing.hpp"
#include "tools/cli/subcommands.hpp"
#include "tools/console/commands.hpp"

#include <fmt/format.h>

#include <cstdio>
#include <memory>

namespace millrace::cli {
namespace {

struct console_arguments {
  remote::connect_arguments connect;
  std::string line;
  bool has_line = false;
  console::settings settings;
};

int fail(const error& e) {
  complain("millrace console: " + describe(e));
  return e.whose == fault::user ? exit_wrong : exit_failed;
}

int carry_out(const console_arguments& a) {
  if (!a.has_line) {
    const auto shown = show_live(quiet_asker_for(a.connect), a.settings.topology);
    return shown ? exit_done : fail(shown.error());
  }
  const auto answer = console::carry_out(asker_for(a.connect), a.line, a.settings);
  if (!answer)
    return fail(answer.error());
  const int status = print(answer->text);
  if (status == exit_done && !answer->remark.empty())
    complain("millrace console: " + answer->remark);
  return status;
}

}  // namespace

void add_console(CLI::App& app, int& status) {
  auto* const sub = app.add_subcommand("console", "Show what runs, and what it waits for");
  const auto a = std::make_shared<console_arguments>();
  add_connect_options(*sub, a->connect);
  auto* const line =
      sub->add_option("-e", a->line,
                      "Run this command, print its answer and end; without it a live screen is shown")
          ->type_name("COMMAND");
  sub->add_flag("--json", a->settings.is_json, "Print the answer as JSON")->needs(line);
  sub->add_option("--topology", a->settings.topology, "The topology to ask about, where there are several")
      ->type_name("NAME");
  sub->footer("Example:\n"
              "  millrace console --connect http://127.0.0.1:9100\n"
              "  millrace console --connect http://127.0.0.1:9100 -e stages\n"
              "  millrace console --connect http://127.0.0.1:9100 -e 'explain counts' --json\n\n" +
              console::help() + "\nThe status is 1 where there is no such stage, topology or node.");
  sub->callback([a, line, &status] {
    a->has_line = line->count() != 0;
    status = carry_out(*a);
  });
}

}  // namespace millrace::cli
