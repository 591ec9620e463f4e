#include "tools/cli/fresh_start.hpp"

#include "actors/deployment/layout.hpp"

#include <fmt/format.h>

#include <map>
#include <string_view>

namespace millrace::cli {
namespace {

using config::at_fresh_start;

std::string_view words_of(at_fresh_start what) {
  switch (what) {
  case at_fresh_start::adds:
    return "rows that are there stay, and rows that are computed again stand there twice";
  case at_fresh_start::replaces_by_key:
    return "rows that are there stay, and a row that is computed again replaces the one with its key";
  case at_fresh_start::empties_file:
    return "the file is emptied, whoever has written to it";
  case at_fresh_start::removes_own_files:
    return "the files that the state before has written are removed, and no others";
  case at_fresh_start::removes_all_files:
    return "all data files of the table are removed, whoever has written them";
  case at_fresh_start::gives_again:
    break;
  }
  return "rows are given again";
}

bool changes_nothing(at_fresh_start what) {
  return what == at_fresh_start::replaces_by_key || what == at_fresh_start::gives_again;
}

/// Sources whose spool has records that cannot be asked for again.
bool has_spool(const config::stage& source) {
  const auto& traits = config::traits_of(source);
  return source.kind == config::stage_kind::source &&
         ((traits.receives && !source.guarantee.empty()) || traits.is_standard_input);
}

void add_name(std::string& names, std::string_view more) {
  names += names.empty() ? "" : ", ";
  names += more;
}

}  // namespace

fresh_start_notice notice_of_fresh_start(const config::topology& t) {
  std::map<at_fresh_start, std::string> sinks;
  std::string spools;
  for (const auto& s : t.stages)
    if (s.kind == config::stage_kind::sink)
      add_name(sinks[config::sink_traits_of(s).fresh], s.name);
    else if (has_spool(s))
      add_name(spools, s.name);
  if (t.dead_letters && !t.dead_letters->type.empty())
    add_name(sinks[config::sink_traits_of(*t.dead_letters).fresh], deployment::dead_letter_sink);
  fresh_start_notice out{fmt::format("{}: --fresh begins a new state", t.name), !spools.empty()};
  for (const auto& [what, names] : sinks) {
    out.text += fmt::format("; {}: {}", names, words_of(what));
    out.is_warning = out.is_warning || !changes_nothing(what);
  }
  if (!spools.empty())
    out.text += fmt::format("; {}: records that wait in the spool are dropped", spools);
  return out;
}

}  // namespace millrace::cli
