#include "tools/command_line/completion.hpp"

#include <fmt/format.h>

namespace millrace::command_line {
namespace {

constexpr std::string_view head = R"(# bash completion for millrace, from `millrace completion bash`
_millrace() {
  local cur=${COMP_WORDS[COMP_CWORD]} prev= command= words= kind= i word skip= seen=0
  COMPREPLY=()
  # "--log-format=json" comes in three words.
  if [[ $cur == "=" ]]; then
    cur= prev=${COMP_WORDS[COMP_CWORD-1]}
  elif ((COMP_CWORD > 1)) && [[ ${COMP_WORDS[COMP_CWORD-1]} == "=" ]]; then
    prev=${COMP_WORDS[COMP_CWORD-2]}
  elif ((COMP_CWORD > 0)); then
    prev=${COMP_WORDS[COMP_CWORD-1]}
  fi
  for ((i = 1; i < COMP_CWORD; ++i)); do
    word=${COMP_WORDS[i]}
    if [[ $word == "=" ]]; then
      skip=1
    elif [[ -n $skip ]]; then
      skip=
    elif [[ -z $command ]] || _millrace_has_commands "$command"; then
      [[ $word == -* ]] || command=${command:+$command }$word
    elif _millrace_takes_value "$command" "$word"; then
      [[ ${COMP_WORDS[i+1]} == "=" ]] || skip=1
    elif [[ $word != -* ]]; then
      ((++seen))
    fi
  done
)";

constexpr std::string_view tail = R"(  case $kind in
    file | folder)
      compopt -o filenames 2>/dev/null
      local action=-f
      [[ $kind == folder ]] && action=-d
      while IFS= read -r word; do COMPREPLY+=("$word"); done < <(compgen $action -- "$cur")
      return ;;
    stage)
      for word in "${COMP_WORDS[@]:1}"; do
        if [[ $word == *.json && -f ${word/#\~/$HOME} ]]; then
          words=$(millrace completion --stages "${word/#\~/$HOME}" 2>/dev/null)
          break
        fi
      done ;;
    nothing) return ;;
  esac
  while IFS= read -r word; do COMPREPLY+=("$word"); done < <(compgen -W "$words" -- "$cur")
}
complete -F _millrace millrace
)";

std::string_view name_of(value_kind k) {
  switch (k) {
  case value_kind::file:
    return "file";
  case value_kind::folder:
    return "folder";
  case value_kind::stage:
    return "stage";
  case value_kind::choice:
    return "choice";
  default:
    return "nothing";
  }
}

std::string joined(const std::vector<std::string>& words, std::string_view between) {
  return fmt::format("{}", fmt::join(words, between));
}

std::string all_options(const command& c) {
  std::string out;
  for (const auto& a : c.arguments)
    if (!a.positional)
      for (const auto& n : a.names)
        out += (out.empty() ? "" : " ") + n;
  return out;
}

std::string of_value(const argument& a) {
  return a.kind == value_kind::choice ? fmt::format("kind=choice words=\"{}\"", joined(a.choices, " "))
                                      : fmt::format("kind={}", name_of(a.kind));
}

/// Sets what the word means that is asked for, within one command.
std::string of_command(const command& c) {
  std::string out = "      case $prev in\n";
  for (const auto& a : c.arguments)
    if (!a.positional && a.kind != value_kind::none)
      out += fmt::format("        {}) {} ;;\n", joined(a.names, " | "), of_value(a));
  out += "      esac\n";
  out += fmt::format("      if [[ -z $kind && $cur == -* ]]; then\n        kind=option words=\"{}\"\n",
                     all_options(c));
  out += "      elif [[ -z $kind ]]; then\n        case $seen in\n";
  int number = 0;
  for (const auto& a : c.arguments)
    if (a.positional) {
      out += fmt::format("          {}) {} ;;\n", a.repeated ? "*" : std::to_string(number), of_value(a));
      ++number;
    }
  return out + "          *) kind=nothing ;;\n        esac\n      fi ;;\n";
}

/// The answers of the script about commands, as cases of `case "$command"`.
struct all_cases {
  std::string words;    // words for the meaning of the word that is asked for
  std::string valued;   // the options that take a value
  std::string parents;  // the commands that have subcommands
};

void add_cases(const command& c, const std::string& called, all_cases& to) {
  if (!c.subcommands.empty()) {
    std::string names;
    for (const auto& s : c.subcommands)
      names += (names.empty() ? "" : " ") + s.name;
    to.words += fmt::format("    \"{}\") words=\"{} {}\" ;;\n", called, names, all_options(c));
    if (!called.empty())
      to.parents += fmt::format("    \"{}\") return 0 ;;\n", called);
    for (const auto& s : c.subcommands)
      add_cases(s, called.empty() ? s.name : called + " " + s.name, to);
    return;
  }
  to.words += fmt::format("    \"{}\")\n{}", called, of_command(c));
  std::string with_value;
  for (const auto& a : c.arguments)
    if (!a.positional && a.kind != value_kind::none)
      with_value += (with_value.empty() ? "" : " | ") + joined(a.names, " | ");
  if (!with_value.empty())
    to.valued += fmt::format("    \"{}\") case $2 in {}) return 0 ;; esac ;;\n", called, with_value);
}

std::string function(std::string_view doc, std::string_view name, std::string_view cases) {
  return fmt::format("# {}\n{}() {{\n  case $1 in\n{}  esac\n  return 1\n}}\n\n", doc, name, cases);
}

}  // namespace

std::string bash_completion(const command& millrace) {
  all_cases all;
  add_cases(millrace, {}, all);
  const auto first_line = head.find('\n') + 1;
  std::string out(head.substr(0, first_line));
  out += function("Whether this option of this command takes a value.", "_millrace_takes_value", all.valued);
  out += function("Whether the next word is a command of this one.", "_millrace_has_commands", all.parents);
  out += head.substr(first_line);
  out += fmt::format("  case $command in\n{}    *) return ;;\n  esac\n", all.words);
  return out.append(tail);
}

}  // namespace millrace::command_line
