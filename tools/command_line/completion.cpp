#include "tools/command_line/completion.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace millrace::command_line {
namespace {

constexpr std::string_view bash_script = R"(# bash completion for millrace, from `millrace completion bash`
_millrace() {
  local cur=${COMP_WORDS[COMP_CWORD]} answer action=-f
  mapfile -t answer < <("${COMP_WORDS[0]/#\~/$HOME}" __complete bash "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
  case ${answer[0]} in
    file | folder)
      compopt -o filenames 2>/dev/null
      [[ $cur == "=" ]] && cur=
      [[ ${answer[0]} == folder ]] && action=-d
      mapfile -t COMPREPLY < <(compgen $action -- "$cur") ;;
    *) COMPREPLY=("${answer[@]:1}") ;;
  esac
}
complete -F _millrace millrace
)";

constexpr std::string_view zsh_script = R"zsh(#compdef millrace
# zsh completion for millrace, from `millrace completion zsh`
_millrace() {
  local -a answer
  answer=("${(@f)$(${~words[1]} __complete zsh "${(@Q)words[2,CURRENT]}" 2>/dev/null)}")
  local kind=$answer[1]
  shift answer
  compset -P '-*='
  case $kind in
    file) _files ;;
    folder) _files -/ ;;
    *) _describe 'millrace' answer ;;
  esac
}

if [[ $funcstack[1] == _millrace ]]; then
  _millrace "$@"
else
  compdef _millrace millrace
fi
)zsh";

constexpr std::string_view fish_script = R"(# fish completion for millrace, from `millrace completion fish`
function __millrace
    set -l words (commandline -opc)
    set -l word (commandline -ct)
    $words[1] __complete fish $words[2..] "$word" 2>/dev/null
end

function __millrace_is_file
    test (__millrace)[1] = file
end

function __millrace_words
    set -l answer (__millrace)
    if test "$answer[1]" = folder
        set -l option (commandline -ct | string match -r '^-[^=]*=')
        set -l begun (commandline -ct | string replace -r '^-[^=]*=' '')
        __fish_complete_directories "$begun" | string replace -r '^' -- "$option"
    else
        string join \n -- $answer[2..]
    end
end

complete -c millrace -f -a '(__millrace_words)'
complete -c millrace -n __millrace_is_file -F
)";

/// The words as zsh and fish give them: "--state", "=", "x" are one.
std::vector<std::string> whole_words(const std::vector<std::string>& line) {
  std::vector<std::string> out;
  bool goes_on = false;
  for (const auto& word : line) {
    const bool is_mark = word == "=" && !out.empty();
    if (is_mark || goes_on)
      out.back() += word;
    else
      out.push_back(word);
    goes_on = is_mark;
  }
  return out;
}

const argument* option_of(const command& c, std::string_view word) {
  const auto name = word.substr(0, word.find('='));
  const auto at = std::ranges::find_if(c.arguments, [&](const argument& a) {
    return !a.positional && std::ranges::find(a.names, name) != a.names.end();
  });
  return at != c.arguments.end() && at->kind != value_kind::none ? &*at : nullptr;
}

const argument* positional_of(const command& c, std::size_t number) {
  for (const auto& a : c.arguments)
    if (a.positional && (a.repeated || number-- == 0))
      return &a;
  return nullptr;
}

void offer_options(const command& c, completions& to) {
  for (const auto& a : c.arguments)
    if (!a.positional)
      for (const auto& n : a.names)
        to.offered.push_back({n, a.doc});
}

}  // namespace

completions complete(const command& millrace, std::string_view shell, const std::vector<std::string>& line) {
  completions out;
  const auto words = whole_words(line);
  const auto* c = &millrace;
  const argument* asked = nullptr;  // the option whose value the next word is
  std::size_t seen = 0;
  for (std::size_t i = 0; i + 1 < words.size(); ++i) {
    const auto& w = words[i];
    if (std::exchange(asked, nullptr) != nullptr)
      continue;
    if (w.starts_with('-')) {
      asked = w.find('=') == std::string::npos ? option_of(*c, w) : nullptr;
    } else if (c->subcommands.empty()) {
      ++seen;
    } else {
      const auto next = std::ranges::find(c->subcommands, w, &command::name);
      if (next == c->subcommands.end())
        return out;
      c = &*next;
    }
  }
  out.begun = words.empty() ? "" : words.back();
  const auto mark = out.begun.find('=');
  if (asked == nullptr && out.begun.starts_with('-') && mark != std::string::npos) {
    asked = option_of(*c, out.begun);
    out.option = out.begun.substr(0, mark + 1);
    out.begun.erase(0, mark + 1);
  } else if (asked == nullptr && out.begun.starts_with('-')) {
    offer_options(*c, out);
  } else if (asked == nullptr) {
    for (const auto& s : c->subcommands)
      out.offered.push_back({s.name, s.doc});
    if (shell == "bash" && !c->subcommands.empty())
      offer_options(*c, out);
    asked = positional_of(*c, seen);
  }
  if (asked != nullptr) {
    out.kind = asked->kind;
    for (const auto& choice : asked->choices)
      out.offered.push_back({choice});
  }
  return out;
}

std::string answer(const completions& c, std::string_view shell) {
  std::string out = c.kind == value_kind::file     ? "file\n"
                    : c.kind == value_kind::folder ? "folder\n"
                                                   : "words\n";
  // zsh and fish judge themselves what fits, but fish looks for it in what is said of an option, too.
  const bool by_beginning = shell == "bash" || (shell == "fish" && c.begun.starts_with('-'));
  for (const auto& o : c.offered) {
    if (by_beginning && !o.word.starts_with(c.begun))
      continue;
    if (shell == "zsh") {
      for (const char byte : o.word)
        out += byte == ':' ? std::string("\\:") : std::string(1, byte);
      out += o.doc.empty() ? "\n" : fmt::format(":{}\n", o.doc);
    } else if (shell == "fish") {
      out += fmt::format("{}{}\t{}\n", c.option, o.word, o.doc);
    } else {
      out += o.word + "\n";
    }
  }
  return out;
}

std::string_view completion_script(std::string_view shell) {
  return shell == "bash" ? bash_script : shell == "zsh" ? zsh_script : fish_script;
}

}  // namespace millrace::command_line
