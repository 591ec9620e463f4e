#include "tools/command_line/completion.hpp"

#include <fmt/format.h>

namespace millrace::command_line {
namespace {

constexpr std::string_view head = R"(# fish completion for millrace, from `millrace completion fish`
function __millrace_stages
    for word in (commandline -opc)
        if string match -q -- '*.json' $word; and test -f $word
            millrace completion --stages $word 2>/dev/null
            return
        end
    end
end

complete -c millrace -f
)";

std::string in_quotes(std::string_view text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'' || c == '\\')
      out += '\\';
    out += c;
  }
  return out + "'";
}

std::string values_of(const argument& a) {
  switch (a.kind) {
  case value_kind::none:
    return "";
  case value_kind::file:
    return " -r -F";
  case value_kind::folder:
    return " -x -a '(__fish_complete_directories)'";
  case value_kind::stage:
    return " -x -a '(__millrace_stages)'";
  case value_kind::choice:
    return fmt::format(" -x -a {}", in_quotes(fmt::format("{}", fmt::join(a.choices, " "))));
  default:
    return " -x";
  }
}

void add_arguments(const command& c, const std::string& condition, std::string& out) {
  for (const auto& a : c.arguments) {
    if (a.positional) {
      if (a.kind == value_kind::file)
        out += fmt::format("complete -c millrace {} -F\n", condition);
      else if (a.kind == value_kind::stage || a.kind == value_kind::choice)
        out += fmt::format("complete -c millrace {}{}\n", condition, values_of(a));
      continue;
    }
    out += fmt::format("complete -c millrace {}", condition);
    for (const auto& n : a.names)
      out += n.starts_with("--") ? " -l " + n.substr(2) : " -s " + n.substr(1);
    out += fmt::format("{} -d {}\n", values_of(a), in_quotes(a.doc));
  }
}

}  // namespace

std::string fish_completion(const command& millrace) {
  std::string out(head);
  add_arguments(millrace, "-n __fish_use_subcommand", out);
  for (const auto& c : millrace.subcommands)
    out +=
        fmt::format("complete -c millrace -n __fish_use_subcommand -a {} -d {}\n", c.name, in_quotes(c.doc));
  for (const auto& c : millrace.subcommands)
    add_arguments(c, fmt::format("-n '__fish_seen_subcommand_from {}'", c.name), out);
  return out;
}

}  // namespace millrace::command_line
