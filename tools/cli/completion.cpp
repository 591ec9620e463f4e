// millrace completion: a script for the shell.
#include "tools/command_line/completion.hpp"

#include "config/text/reader.hpp"
#include "tools/cli/command_line.hpp"
#include "tools/cli/printing.hpp"

#include <cstdio>
#include <memory>

namespace millrace::cli {
namespace {

struct completion_arguments {
  std::string shell;
  std::string stages;
};

/// Names alone, of a topology that may be half written: what is wrong with it is for `check` to say.
std::string stages_of(const std::string& file) {
  config::report unused;
  const auto root = config::read_json_file(file, unused);
  const auto* const stages = root && root->is_map() ? root->find("stages") : nullptr;
  std::string out;
  if (stages && stages->value.is_map())
    for (const auto& s : stages->value.members)
      out += s.name + "\n";
  return out;
}

int print_completion(const completion_arguments& a) {
  int unused = 0;
  std::string text;
  if (!a.stages.empty()) {
    text = stages_of(a.stages);
  } else {
    const auto all = command_line::describe(*make_command_line(unused));
    text = a.shell == "bash"  ? command_line::bash_completion(all)
           : a.shell == "zsh" ? command_line::zsh_completion(all)
                              : command_line::fish_completion(all);
  }
  return print(std::move(text));
}

}  // namespace

void add_completion(CLI::App& app, int& status) {
  auto* const sub = app.add_subcommand("completion", "Print a script that completes millrace's command line");
  const auto a = std::make_shared<completion_arguments>();
  auto* const shell =
      sub->add_option("SHELL", a->shell, "bash, zsh or fish")->check(CLI::IsMember({"bash", "zsh", "fish"}));
  sub->add_option("--stages", a->stages, "Print the names of a topology's stages: what the scripts ask for")
      ->type_name("FILE")
      ->excludes(shell)
      ->group("");
  sub->footer(
      "Examples:\n"
      "  source <(millrace completion bash)     # this shell; for all, into /etc/bash_completion.d/millrace\n"
      "  millrace completion zsh > ~/.zfunc/_millrace     # a folder of $fpath, before compinit\n"
      "  millrace completion fish > ~/.config/fish/completions/millrace.fish\n\n"
      "The Debian package brings all three. Stages are completed where a topology stands before them on the "
      "line.");
  sub->require_option(1);
  sub->callback([a, &status] { status = print_completion(*a); });
}

}  // namespace millrace::cli
