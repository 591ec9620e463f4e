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

# The words so far that are no options.
function __millrace_words
    for word in (commandline -opc)[2..]
        string match -q -- '-*' $word; or echo $word
    end
end

# Whether they begin with these.
function __millrace_at
    set -l given (__millrace_words)
    set -l many (count $argv)
    test (count $given) -ge $many; and test "$given[1..$many]" = "$argv"
end

# Whether they are these, and a command is to follow.
function __millrace_in
    set -l given (__millrace_words)
    test "$given" = "$argv"
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
      else if (a.kind == value_kind::folder || a.kind == value_kind::stage || a.kind == value_kind::choice)
        out += fmt::format("complete -c millrace {}{}\n", condition, values_of(a));
      continue;
    }
    out += fmt::format("complete -c millrace {}", condition);
    for (const auto& n : a.names)
      out += n.starts_with("--") ? " -l " + n.substr(2) : " -s " + n.substr(1);
    out += fmt::format("{} -d {}\n", values_of(a), in_quotes(a.doc));
  }
}

/// `called`: the words in front of its own, " tls node".
void add_command(const command& c, const std::string& called, std::string& out) {
  const auto condition = c.subcommands.empty() ? fmt::format("-n '__millrace_at{}'", called)
                         : called.empty()      ? "-n __fish_use_subcommand"
                                               : fmt::format("-n '__millrace_in{}'", called);
  add_arguments(c, condition, out);
  for (const auto& s : c.subcommands)
    out += fmt::format("complete -c millrace {} -a {} -d {}\n", condition, s.name, in_quotes(s.doc));
  for (const auto& s : c.subcommands)
    add_command(s, called + " " + s.name, out);
}

}  // namespace

std::string fish_completion(const command& millrace) {
  std::string out(head);
  add_command(millrace, {}, out);
  return out;
}

}  // namespace millrace::command_line
