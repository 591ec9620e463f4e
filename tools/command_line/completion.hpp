// Completions of a command line, made from a description, and the scripts by which shells ask for them. Pure. A script
// passes the line to `millrace __complete SHELL`, whose answer is a line with a kind, then a line for each word offered.
#pragma once

#include "tools/command_line/description.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace millrace::command_line {

struct completion {
  std::string word;
  std::string doc{};
};

struct completions {
  value_kind kind = value_kind::none;  // file, folder: the shell looks for them; stage: the caller does
  std::string option;                  // "--state=", where the value comes in the same word
  std::string begun;                   // what there is of the word, or of the value
  std::vector<completion> offered;
};

/// `line`: the words behind the program's name, up to the cursor; the last one is asked for. `shell`: bash cuts
/// "--state=x" into three words, and shows options without a dash where a command is to come.
[[nodiscard]] completions complete(const command& millrace, std::string_view shell,
                                   const std::vector<std::string>& line);

/// The answer in the form that the shell's script expects.
[[nodiscard]] std::string answer(const completions& c, std::string_view shell);

/// bash: a function _millrace for `complete -F`; needs bash 4 and nothing beside it. zsh: a file _millrace for a folder of
/// $fpath; may be sourced, too. fish: a file millrace.fish for a folder of $fish_complete_path.
[[nodiscard]] std::string_view completion_script(std::string_view shell);

}  // namespace millrace::command_line
