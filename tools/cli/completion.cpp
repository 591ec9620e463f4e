// millrace completion: a script for the shell. millrace __complete: what that script asks; hidden.
#include "tools/command_line/completion.hpp"

#include "actors/catalog.hpp"
#include "config/sql/read_sql.hpp"
#include "tools/cli/command_line.hpp"
#include "tools/cli/printing.hpp"

#include <cstdlib>
#include <filesystem>
#include <memory>

namespace millrace::cli {
namespace {

/// Names alone, of the first topology on the line, which may be half written: what is wrong with it is for `check` to say.
void offer_stages(const std::vector<std::string>& line, command_line::completions& to) {
  for (auto file : line) {
    if (const char* const home = std::getenv("HOME"); home != nullptr && file.starts_with("~/"))
      file.replace(0, 1, home);
    std::error_code ignored;
    if ((!file.ends_with(".json") && !config::is_sql_file(file)) ||
        !std::filesystem::is_regular_file(file, ignored))
      continue;
    config::report unused;
    const auto root = config::read_topology_file(file, connectors(), unused);
    const auto* const stages = root && root->is_map() ? root->find("stages") : nullptr;
    if (stages != nullptr && stages->value.is_map())
      for (const auto& s : stages->value.members)
        to.offered.push_back({s.name});
    return;
  }
}

/// `asked`: the shell, then the words of the line.
int print_completions(const std::vector<std::string>& asked) {
  if (asked.empty())
    return exit_wrong;
  int unused = 0;
  const std::vector<std::string> line(asked.begin() + 1, asked.end());
  auto found = complete(command_line::describe(*make_command_line(unused)), asked[0], line);
  if (found.kind == command_line::value_kind::stage)
    offer_stages(line, found);
  return print(answer(found, asked[0]));
}

}  // namespace

void add_complete(CLI::App& app, int& status) {
  auto* const sub =
      app.add_subcommand("__complete", "Print the completions of a line, for the scripts of shells");
  sub->group("");  // hidden in --help of millrace
  sub->set_help_flag();
  sub->prefix_command();
  sub->callback([sub, &status] { status = print_completions(sub->remaining()); });
}

void add_completion(CLI::App& app, int& status) {
  auto* const sub = app.add_subcommand("completion", "Print a script that completes millrace's command line");
  const auto shell = std::make_shared<std::string>();
  sub->add_option("SHELL", *shell, "bash, zsh or fish")
      ->check(CLI::IsMember({"bash", "zsh", "fish"}))
      ->required();
  sub->footer(
      "Examples:\n"
      "  source <(millrace completion bash)     # this shell; for all, into /etc/bash_completion.d/millrace\n"
      "  millrace completion zsh > ~/.zfunc/_millrace     # a folder of $fpath, before compinit\n"
      "  millrace completion fish > ~/.config/fish/completions/millrace.fish\n\n"
      "The Debian package brings all three. Stages are completed where a topology stands before them on the "
      "line.");
  sub->callback([shell, &status] { status = print(std::string(command_line::completion_script(*shell))); });
}

}  // namespace millrace::cli
