// The commands of `millrace console`: what a line asks, and its answer as people and scripts read it. Each is one
// question to the API, but for the name of the topology, which may be left out where there is one.
#pragma once

#include "runtime/base/error.hpp"
#include "tools/remote/asking.hpp"

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::console {

struct command {
  std::string_view name;
  std::string_view arguments;  // written as the help shows them
  std::string_view doc;
};
/// All of them, in the order of the help.
[[nodiscard]] std::span<const command> commands();
[[nodiscard]] std::string help();

struct settings {
  std::string topology;  // empty: the only one
  bool is_json = false;
};

struct answered {
  std::string text;    // whole lines
  std::string remark;  // a remark for people about the text, such as that there is more; empty: none
};

/// Carries out one line, such as "explain counts"; blocks. User errors (nothing was
/// asked): no such command, too few or too many words. ec::not_found: the cluster has no such thing.
[[nodiscard]] expected<answered> carry_out(const remote::ask_function& ask, std::string_view line,
                                           const settings& s);

}  // namespace millrace::console
