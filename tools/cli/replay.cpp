// millrace replay: dead letters' records go back into a topology, each once.
#include "actors/catalog.hpp"
#include "actors/node/host/replay_in_folder.hpp"
#include "actors/replay/letter.hpp"
#include "runtime/base/time.hpp"
#include "tools/cli/last_command.hpp"
#include "tools/cli/logging.hpp"
#include "tools/cli/printing.hpp"
#include "tools/cli/refuse.hpp"
#include "tools/cli/state_folder.hpp"
#include "tools/cli/subcommands.hpp"
#include "tools/cli/topology_options.hpp"

#include <fmt/format.h>

#include <cstdio>
#include <filesystem>
#include <memory>

namespace millrace::cli {
namespace {

struct replay_arguments {
  config::load_request topology;
  host::folder_request request;
  std::string start_timeout = "30 s";
};

void tell(const replay::outcome& o, const replay_arguments& a) {
  const auto& r = a.request;
  if (o.letters == 0 && !o.cut_off && o.refused.empty()) {
    print(fmt::format("{}: it holds no dead letters; nothing is replayed\n", r.letters));
    return;
  }
  auto text = fmt::format(
      "{}: {} dead letter{}: {} {} \"{}\"{}\n", r.letters, o.letters, o.letters == 1 ? "" : "s", o.replayed,
      r.dry_run         ? "would go into"
      : o.replayed == 1 ? "goes into"
                        : "go into",
      r.into,
      o.before == 0 ? "" : fmt::format(", {} {} replayed before", o.before, o.before == 1 ? "was" : "were"));
  for (const auto& [why, count] : o.elsewhere)
    text += fmt::format("  left, {}: {}\n", count, why);
  if (o.replayed != 0 && !r.dry_run) {
    const auto* const into = r.topology->find(r.into);
    const auto& source = into->kind == config::stage_kind::parser ? into->from.front().stage : into->name;
    const bool bounded = config::traits_of(*r.topology->find(source)).bounded;
    text +=
        fmt::format("  {} takes them in\n", bounded ? "the next run with this state"
                                                    : "a run on this state within 10 s, else the next one");
  }
  print(std::move(text));
  if (o.cut_off)
    complain(
        fmt::format(
            "{}: the last line is not complete and is left out; once it is written, replay the file again",
            r.letters),
        true);
  for (const auto& [why, count] : o.refused)
    complain(fmt::format("{}: {} not replayed: {}", r.letters, count, why));
}

/// A state without the file that is asked for: none of its records has failed.
bool has_no_letters(const std::string& letters) {
  const std::filesystem::path file(letters);
  std::error_code failed;
  return file.filename() == "dead_letters.jsonl" && replay::files_of_letters(letters).front() == letters &&
         !std::filesystem::exists(file, failed) && !failed &&
         is_state_folder(std::filesystem::absolute(file).parent_path().string());
}

/// Completes the arguments: the state is the one that the file lies in, the topology the one that was last
/// run there.
expected<void> fill_in(replay_arguments& a) {
  const auto files = replay::files_of_letters(a.request.letters);
  if (std::error_code failed; !std::filesystem::exists(files.front(), failed))
    return user_error(ec::not_found, fmt::format("{}: cannot be read: {}", a.request.letters,
                                                 failed ? failed.message() : "No such file or directory"));
  if (a.request.state.empty()) {
    const auto beside = std::filesystem::absolute(a.request.letters).parent_path().string();
    if (is_state_folder(beside))
      a.request.state = beside;
  }
  if (!a.topology.file.empty())
    return {};
  if (a.request.state.empty())
    return user_error(
        ec::invalid_argument,
        fmt::format(
            "{} lies in no state folder; give --topology FILE, or the --state of the run that wrote it",
            a.request.letters));
  ASSIGN_OR_RETURN(auto last, last_command(a.request.state));
  a.topology.file = std::move(last.file);
  a.topology.overlays.insert(a.topology.overlays.begin(), last.overlays.begin(), last.overlays.end());
  a.topology.sets.insert(a.topology.sets.begin(), last.sets.begin(), last.sets.end());
  return {};
}

/// Says what `run` will say of the topology as it is now: records that it does not take are not given to it.
expected<void> say_fit(const std::string& folder, const config::topology& t) {
  const auto there = host::run_folder::look(folder);
  if (!there)
    return {};  // told with the remedy by what follows
  const auto found = host::look_at_run(**there, t.name);
  if (!found)
    return {};
  ASSIGN_OR_RETURN(const auto fit, check_fit(**there, *found, t));
  if (const auto notes = fit ? config::fits_with_notes(*fit) : std::string(); !notes.empty())
    complain(fmt::format("millrace: {}", notes), true);
  return {};
}

int replay_now(replay_arguments& a) {
  set_up_logging(spdlog::level::warn, "text");
  if (has_no_letters(a.request.letters)) {
    return print(fmt::format("{}: there is no such file, because no record of this state has become a dead "
                             "letter; nothing is replayed\n",
                             a.request.letters));
  }
  if (const auto known = fill_in(a); !known)
    return refuse(known.error());
  auto loaded = config::load(a.topology, connectors());
  for (const auto& f : loaded.findings)
    complain(config::to_string(f), f.warning);
  if (!loaded.plan || !has_its_secrets(*loaded.plan))
    return exit_wrong;
  const auto timeout = parse_duration(a.start_timeout);
  if (!timeout)
    return refuse("--start-timeout: " + describe(timeout.error()));
  a.request.topology = std::make_shared<const config::topology>(std::move(*loaded.plan));
  a.request.start_timeout = std::chrono::duration_cast<std::chrono::milliseconds>(*timeout);
  if (a.request.state.empty()) {
    auto folder = default_state_folder(a.request.topology->name);
    if (!folder)
      return refuse(folder.error());
    a.request.state = std::move(*folder);
  }
  if (const auto fits = say_fit(a.request.state, *a.request.topology); !fits)
    return refuse(fits.error());
  a.request.into_is_called = "--into";
  const auto done = host::replay_in_folder(a.request);
  if (!done)
    return refuse_by_fault(done.error());
  tell(*done, a);
  if (done->refused.empty())
    return exit_done;
  return done->replayed + done->before == 0 ? exit_wrong : exit_failed;
}

}  // namespace

void add_replay(CLI::App& app, int& status) {
  auto* const c =
      app.add_subcommand("replay", "Send the records of dead letters through a topology again, each once");
  const auto a = std::make_shared<replay_arguments>();
  c->add_option("DEAD_LETTERS", a->request.letters,
                "File of dead letters, a JSON object a line; dead_letters.jsonl stands for its parts, too")
      ->type_name("FILE")
      ->required();
  c->add_option("--into", a->request.into,
                "Source or parser at which the records enter; from there they go on only to the stage that "
                "they failed at")
      ->type_name("STAGE")
      ->required();
  c->add_option("--topology", a->topology.file,
                "The corrected topology (default: the file that the state was last run with, as it is now)")
      ->type_name("TOPOLOGY");
  add_overlay_options(*c, a->topology);
  add_secrets_folder(*c);
  c->add_option(
       "--state", a->request.state,
       "Folder of the state (default: the folder of DEAD_LETTERS if it is one, else by topology under "
       "XDG_STATE_HOME)")
      ->type_name("DIR");
  c->add_flag("--older", a->request.older, "Also dead letters that were written before the state began");
  c->add_flag("--dry-run", a->request.dry_run, "Only print what would be replayed");
  c->add_option("--start-timeout", a->start_timeout,
                "How long to wait for a server that the command has to ask")
      ->type_name("DURATION")
      ->capture_default_str();
  c->footer(
      "Example:\n"
      "  millrace replay state/dead_letters.jsonl --into parsed\n"
      "  millrace replay state/dead_letters-000001.jsonl --into parsed\n"
      "  millrace replay mended.jsonl --into parsed --topology topology.json --state state\n\n"
      "The records are kept in the state folder, and a run on it takes them in: one that is under way, if "
      "its\n"
      "source has no end, else the next. A dead letter that was replayed before is skipped. Exit status: 0 "
      "all\n"
      "dead letters of stages downstream of STAGE were replayed, 1 some were not or something failed, 2 "
      "nothing was done.");
  c->callback([a, &status] { status = replay_now(*a); });
}

}  // namespace millrace::cli
