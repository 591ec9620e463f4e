#include "tools/command_line/completion.hpp"

#include <fmt/format.h>

namespace millrace::command_line {
namespace {

constexpr std::string_view tail = R"zsh(_millrace_stages() {
  local word
  local -a stages
  for word in ${words[2,-1]}; do
    if [[ $word == *.json && -f ${~word} ]]; then
      stages=(${(f)"$(millrace completion --stages ${~word} 2>/dev/null)"})
      break
    fi
  done
  compadd -a stages
}

if [[ $funcstack[1] == _millrace ]]; then
  _millrace "$@"
else
  compdef _millrace millrace
fi
)zsh";

/// Escapes a text for '...[...]', where quotes and brackets have a meaning.
std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\'')
      out += "'\\''";
    else if (c == '[' || c == ']' || c == ':' || c == '\\')
      out += fmt::format("\\{}", c);
    else
      out += c;
  }
  return out;
}

std::string action_of(const argument& a) {
  switch (a.kind) {
  case value_kind::file:
    return "_files";
  case value_kind::folder:
    return "_files -/";
  case value_kind::stage:
    return "_millrace_stages";
  case value_kind::choice:
    return fmt::format("({})", fmt::join(a.choices, " "));
  default:
    return " ";
  }
}

std::string value_of(const argument& a) {
  return fmt::format(":{}:{}", escaped(a.value.empty() ? "value" : a.value), action_of(a));
}

std::string specs_of(const command& c) {
  std::string out;
  int number = 0;
  for (const auto& a : c.arguments) {
    if (a.positional) {
      out += fmt::format(" \\\n        '{}{}'", a.repeated ? "*" : std::to_string(++number), value_of(a));
      continue;
    }
    for (const auto& n : a.names)
      out += fmt::format(" \\\n        '{}{}{}[{}]{}'", a.repeated ? "*" : "", n,
                         a.kind == value_kind::none ? ""
                         : n.starts_with("--")      ? "="
                                                    : "+",
                         escaped(a.doc), a.kind == value_kind::none ? "" : value_of(a));
  }
  return out;
}

/// Makes a function for a command that has subcommands, after those for its subcommands that have some.
std::string function_of(const command& c, const std::string& name) {
  std::string out;
  for (const auto& s : c.subcommands)
    if (!s.subcommands.empty())
      out += function_of(s, name + "_" + s.name);
  out += fmt::format("{}() {{\n  local context state state_descr line\n  typeset -A opt_args\n"
                     "  local -a commands=(\n",
                     name);
  for (const auto& s : c.subcommands)
    out += fmt::format("    '{}:{}'\n", s.name, escaped(s.doc));
  out += fmt::format("  )\n  _arguments -C{} '1: :->command' '*:: :->arguments'\n", specs_of(c));
  out +=
      "  case $state in\n    command) _describe -t commands 'millrace command' commands ;;\n    arguments)\n"
      "      case $line[1] in\n";
  for (const auto& s : c.subcommands)
    out += s.subcommands.empty() ? fmt::format("      {})\n        _arguments{} ;;\n", s.name, specs_of(s))
                                 : fmt::format("      {}) {}_{} ;;\n", s.name, name, s.name);
  return out + "      esac ;;\n  esac\n}\n\n";
}

}  // namespace

std::string zsh_completion(const command& millrace) {
  return "#compdef millrace\n# zsh completion for millrace, from `millrace completion zsh`\n" +
         function_of(millrace, "_millrace") + std::string(tail);
}

}  // namespace millrace::command_line
