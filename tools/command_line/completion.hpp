// Completion scripts, made from a description. Pure. The names of stages are asked of `millrace completion
// --stages FILE` when they are needed, for the first topology on the line.
#pragma once

#include "tools/command_line/description.hpp"

namespace millrace::command_line {

/// A function _millrace for `complete -F`; needs bash 4 and nothing beside it.
[[nodiscard]] std::string bash_completion(const command& millrace);
/// A file _millrace for a folder of $fpath; may be sourced, too.
[[nodiscard]] std::string zsh_completion(const command& millrace);
/// A file millrace.fish for a folder of $fish_complete_path.
[[nodiscard]] std::string fish_completion(const command& millrace);

}  // namespace millrace::command_line
