// millrace check: every finding about a topology, or the typed plan; with a sample, the rows of each stage as
// well. Contacts nothing.
#include "actors/catalog.hpp"
#include "actors/observe/graph.hpp"
#include "config/plan.hpp"
#include "config/text/report.hpp"
#include "tools/cli/logging.hpp"
#include "tools/cli/printing.hpp"
#include "tools/cli/refuse.hpp"
#include "tools/cli/state_folder.hpp"
#include "tools/cli/subcommands.hpp"
#include "tools/cli/topology_arguments.hpp"
#include "tools/cli/topology_options.hpp"
#include "tools/dry_run/day_or_month.hpp"
#include "tools/dry_run/dry_run.hpp"
#include "tools/dry_run/other_case.hpp"
#include "tools/dry_run/sample_file.hpp"
#include "tools/dry_run/show.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <optional>

namespace millrace::cli {
namespace {

struct check_arguments {
  std::vector<std::string> files;
  std::vector<std::string> overlays;
  std::vector<std::string> sets;
  std::vector<std::string> samples;
  std::string state;
  bool no_end = false;
};

struct sample {
  std::string source;
  std::string file;
};

std::vector<std::string> sources_of(const config::topology& t) {
  std::vector<std::string> names;
  for (const auto& s : t.stages)
    if (s.kind == config::stage_kind::source)
      names.push_back(s.name);
  return names;
}

/// FILE, or STAGE=FILE. A file whose name holds an equals sign is a file where there is one.
expected<sample> parse_sample(const std::string& argument, const std::vector<std::string>& sources) {
  const auto equals = argument.find('=');
  if (equals != std::string::npos) {
    const auto name = argument.substr(0, equals);
    if (std::find(sources.begin(), sources.end(), name) != sources.end())
      return sample{name, argument.substr(equals + 1)};
    if (!std::filesystem::exists(argument))
      return user_error(ec::invalid_argument,
                        fmt::format("--sample {}: no source \"{}\"; expected {}{}", argument, name,
                                    config::one_of(sources), config::did_you_mean(name, sources)));
  }
  if (sources.size() != 1)
    return user_error(ec::invalid_argument,
                      fmt::format("--sample {}: the topology has {} sources; expected STAGE=FILE for each "
                                  "that the sample is of: {}",
                                  argument, sources.size(), config::one_of(sources)));
  return sample{sources.front(), argument};
}

struct sample_rows {
  std::string text;
  bool failed = false;
};

/// Contacts and writes nothing: the sources are the samples, the sinks lists.
expected<sample_rows> run_samples(const config::topology& t, const check_arguments& a) {
  const auto sources = sources_of(t);
  std::vector<dry_run::arrival> arrivals;
  std::vector<std::string> given;
  std::size_t headers = 0;
  for (const auto& argument : a.samples) {
    ASSIGN_OR_RETURN(const auto s, parse_sample(argument, sources));
    if (std::find(given.begin(), given.end(), s.source) != given.end())
      return user_error(ec::invalid_argument,
                        fmt::format("--sample {}: source \"{}\" has a sample already; put both into one file",
                                    argument, s.source));
    given.push_back(s.source);
    ASSIGN_OR_RETURN(auto records, dry_run::read_sample(s.file, t, s.source));
    headers += !records.empty() && dry_run::begins_with_header(t, s.source) ? 1 : 0;
    for (auto& r : records)
      arrivals.push_back({s.source, std::move(r)});
  }
  for (const auto& warnings :
       {dry_run::days_or_months(t, arrivals), dry_run::names_in_other_case(t, arrivals)})
    for (const auto& warning : warnings)
      complain("millrace: warning: " + warning, true);
  ASSIGN_OR_RETURN(auto made, dry_run::dry_run::make(t, {.keep = dry_run::rows_shown}));
  const auto fed = made->feed(arrivals);
  if (fed && !a.no_end)
    RETURN_IF_ERROR(made->end());
  auto text = fmt::format("\nsample: {}", observe::plural(arrivals.size() - headers, "record"));
  text += a.no_end ? ", and no end: windows that later records could change are open\n"
                   : ", then the end of every source\n";
  if (!fed)
    text += "it ends here: " + describe(fed.error()) + "\n";
  return sample_rows{text + dry_run::show(made->rows()), !fed};
}

/// Every finding on stderr; the plan where none is an error.
std::optional<config::topology> load(const topology_arguments& t) {
  auto result = config::load({t.file, t.overlays, t.sets}, connectors());
  for (const auto& f : result.findings)
    complain(config::to_string(f), f.warning);
  return std::move(result.plan);
}

/// Describes the plan, and whether the state in that folder fits it if one is named. No value: it does not,
/// and that was said.
std::optional<std::string> describe_all(const config::topology& plan, const std::string& state) {
  auto text = config::describe_plan(plan);
  if (state.empty())
    return text;
  const auto said = look_at_state(state, plan);
  if (!said) {
    complain("millrace: " + describe(said.error()));
    return std::nullopt;
  }
  return text + "\nstate: " + *said + "\n";
}

/// Checks all of them, also after a mistake in one. `state`: the folder of the only one's, or empty.
int check_all(const std::vector<topology_arguments>& topologies, const std::string& state) {
  int status = exit_done;
  std::string text;
  for (const auto& t : topologies) {
    const auto plan = load(t);
    if (const auto described = plan ? describe_all(*plan, state) : std::nullopt)
      text += (text.empty() ? "" : "\n") + *described;
    else
      status = exit_wrong;
  }
  const auto printed = print(text);
  return status == exit_done ? printed : status;
}

int check(const check_arguments& a) {
  const auto topologies = arguments_by_topology(a.files, a.overlays, a.sets, names_of_topologies::any);
  if (!topologies || (topologies->size() > 1 && (!a.samples.empty() || !a.state.empty())))
    return refuse(topologies ? a.samples.empty() ? "--state is of one topology; expected one file"
                                                 : "--sample is of one topology; expected one file"
                             : describe(topologies.error()));
  if (a.samples.empty())
    return check_all(*topologies, a.state);
  const auto plan = load(topologies->front());
  if (!plan)
    return exit_wrong;
  const auto text = describe_all(*plan, a.state);
  if (!text)
    return exit_wrong;
  const auto rows = run_samples(*plan, a);
  if (!rows)
    return refuse(rows.error());
  const auto printed = print(*text + rows->text);
  return rows->failed ? exit_failed : printed;
}

}  // namespace

void add_check(CLI::App& app, int& status) {
  auto* const sub =
      app.add_subcommand("check", "Find every mistake in topologies, or print their typed plans");
  const auto a = std::make_shared<check_arguments>();
  sub->add_option("TOPOLOGY", a->files, "The topology file; several are checked one by one")->required();
  add_overlay_options_by_name(*sub, a->overlays, a->sets);
  add_secrets_folder(*sub);
  auto* const samples =
      sub->add_option("--sample", a->samples,
                      "Runs these records (a line each, .gz too) through the topology and prints the rows of "
                      "each stage; for each source that has a sample, where there are several")
          ->type_name("[STAGE=]FILE")
          ->expected(1)
          ->take_all();
  sub->add_flag("--no-end", a->no_end, "The sample does not end its sources: the last windows stay open")
      ->needs(samples);
  sub->add_option("--state", a->state,
                  "Also says whether the state in this folder fits the topology as it is now, as run would; "
                  "nothing in it is locked or changed")
      ->type_name("DIR");
  sub->footer(
      "Example:\n"
      "  millrace check topology.json --with embedded.json --set stages.clicks.rate=10/s\n"
      "  millrace check topology.json --state ./state\n"
      "  millrace check topology.json --sample clicks.jsonl\n"
      "  millrace check */topology.json\n\n"
      "Prints the columns of each stage, the guarantee of each sink and the bound of each window's "
      "state, and\n"
      "exits with 0; or prints every finding as FILE:LINE:COLUMN: PATH: ... and exits with 2. Of several\n"
      "topologies each is checked, and the exit status is 2 if any has a mistake.\n"
      "A sample stands in for the sources, on a virtual clock that follows the greatest event time; "
      "nothing is\n"
      "contacted and nothing written.");
  sub->callback([a, &status] { status = check(*a); });
}

}  // namespace millrace::cli
