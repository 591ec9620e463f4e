// millrace man: the man pages, into a folder.
#include "actors/catalog.hpp"
#include "runtime/base/version.hpp"
#include "tools/cli/command_line.hpp"
#include "tools/cli/logging.hpp"
#include "tools/command_line/man_page.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <memory>

namespace millrace::cli {
namespace {

int write_pages(const std::string& folder) {
  int unused = 0;
  const auto pages =
      command_line::man_pages(command_line::describe(*make_command_line(unused)), version, connectors());
  for (const auto& [name, text] : pages) {
    const auto path = folder + "/" + name;
    std::ofstream out(path, std::ios::binary | std::ios::trunc);
    out << text;
    out.close();
    if (!out) {
      complain(fmt::format("millrace: {} cannot be written: {}; expected a folder that can be written to",
                           path, std::strerror(errno)));
      return exit_wrong;
    }
  }
  return exit_done;
}

}  // namespace

void add_man(CLI::App& app, int& status) {
  auto* const sub = app.add_subcommand("man", "Write the man pages into a folder");
  const auto folder = std::make_shared<std::string>();
  sub->add_option("FOLDER", *folder, "The folder, which must be there")->required();
  sub->footer("Example:\n"
              "  millrace man . && man ./millrace-run.1\n\n"
              "They say what --help says, millrace-topology.5 every stage and option. The Debian package "
              "brings them.");
  sub->callback([folder, &status] { status = write_pages(*folder); });
}

}  // namespace millrace::cli
