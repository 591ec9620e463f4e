// millrace apply, list, nodes, wait, stop, start, remove, drain, undrain, forget, letters: what a cluster is asked for over a node's API.
#include "tools/cli/remote.hpp"

#include "actors/catalog.hpp"
#include "actors/observe/history.hpp"
#include "config/text/report.hpp"
#include "runtime/base/visible_text.hpp"
#include "tools/cli/connect_options.hpp"
#include "tools/cli/fresh_start.hpp"
#include "tools/cli/logging.hpp"
#include "tools/cli/printing.hpp"
#include "tools/cli/report_file.hpp"
#include "tools/cli/subcommands.hpp"
#include "tools/cli/topology_options.hpp"
#include "tools/remote/asking.hpp"
#include "tools/remote/resolved.hpp"
#include "tools/remote/tables.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <memory>
#include <set>
#include <thread>

namespace millrace::cli {
namespace {

using remote::ask_function;

struct remote_arguments {
  remote::connect_arguments connect;
  std::string name;  // a topology's or a node's
  std::string report;
  std::string since;
  config::load_request topology;
  bool is_plan_only = false;
  bool fresh = false;
  bool adopt = false;
  bool waits = false;  // apply and start: until all actors run
  bool json = false;
  bool fails = false;  // list: where a topology has failed or is degraded
};

/// The user's faults are those that show before anything is contacted; a node's answers are never taken for
/// them.
int fail(std::string_view command, const error& e) {
  complain(fmt::format("millrace {}: {}", command, describe(e)));
  return e.whose == fault::user ? exit_wrong : exit_failed;
}

remote::wait_teller teller_of(std::string_view command) {
  return [command](const std::string& what) {
    complain(fmt::format("millrace {}: waiting for {}", command, visible(what)), true);
  };
}

struct machine_time final : steady_time {
  [[nodiscard]] clock::time_point now() const override { return clock::now(); }
};

void pause_a_second() { std::this_thread::sleep_for(std::chrono::seconds(1)); }

int tell_failure(std::string_view command, const api::answers::topology& t) {
  complain(fmt::format("millrace {}: {} has failed: {}", command, visible(t.name), visible(t.reason)));
  return exit_failed;
}

/// Returns once all its actors run; a failure before is one of the command.
int see_it_run(std::string_view command, const std::string& name, const ask_function& ask) {
  const auto now = remote::wait_until_it_runs(ask, name, pause_a_second, machine_time(), teller_of(command));
  if (!now)
    return fail(command, now.error());
  if (now->state == api::topology_state::failed)
    return tell_failure(command, *now);
  return print(fmt::format("{} {}\n", visible(name),
                           now->state == api::topology_state::running ? "runs" : to_string(now->state)));
}

/// Contacts somebody only when all that can be found wrong before has been.
int apply_topology(const remote_arguments& a) {
  if (const auto fit = check_fresh_and_adopt(a.fresh, a.adopt); !fit)
    return fail("apply", fit.error());
  const auto loaded = config::load(a.topology, connectors());
  for (const auto& f : loaded.findings)
    complain(config::to_string(f), f.warning);
  if (!loaded.plan)
    return exit_wrong;
  if (a.is_plan_only)
    return print(config::describe_plan(*loaded.plan));
  auto text = remote::resolved_text(a.topology, connectors(), *loaded.plan);
  if (!text)
    return fail("apply", text.error());
  const auto& name = loaded.plan->name;
  const auto ask = asker_for(a.connect);
  if (a.fresh)
    if (const auto notice = notice_of_fresh_start(*loaded.plan); notice.is_warning)
      complain("millrace apply: " + notice.text, true);
  const auto* const state = a.fresh ? "fresh" : a.adopt ? "adopt" : "";
  const auto done =
      remote::ask_until_applied(ask, api::requests::apply{name, std::move(*text), state}, teller_of("apply"));
  if (!done)
    return fail("apply", done.error());
  const int status = print(fmt::format("{} is applied; its plan is number {}\n", name, done->generation));
  return status == exit_done && a.waits ? see_it_run("apply", name, ask) : status;
}

int list_topologies(const remote_arguments& a) {
  const auto all = asker_for(a.connect)(api::requests::list{});
  if (!all)
    return fail("list", all.error());
  const auto& t = std::get<api::answers::topologies>(*all);
  const bool is_wrong = std::ranges::any_of(
      t.all, [](const auto& one) { return is_degraded(one) || one.state == api::topology_state::failed; });
  const int status = print(a.json ? api::json_of(t) + "\n" : remote::table_of(t));
  return status == exit_done && a.fails && is_wrong ? exit_failed : status;
}

int list_nodes(const remote_arguments& a) {
  const auto all = asker_for(a.connect)(api::requests::nodes{});
  if (!all)
    return fail("nodes", all.error());
  const auto& n = std::get<api::answers::nodes>(*all);
  return print(a.json ? api::json_of(n) + "\n" : remote::table_of(n));
}

/// Keeps the events of the last `since` that are of this topology; empty: of all.
std::vector<observe::event> chosen(std::vector<observe::event> all, const std::string& topology,
                                   std::optional<micros> since) {
  const auto from = since ? system_clock().now() - since->count() : no_watermark;
  std::erase_if(
      all, [&](const auto& e) { return e.at.at < from || (!topology.empty() && e.topology != topology); });
  return all;
}

int print_events(const remote_arguments& a) {
  std::optional<micros> since;
  if (!a.since.empty()) {
    const auto read = parse_duration(a.since);
    if (!read)
      return fail("events", user_error(ec::invalid_argument, "--since: " + read.error().message).value());
    since = *read;
  }
  const auto answer = asker_for(a.connect)(api::requests::history{});
  if (!answer)
    return fail("events", answer.error());
  auto all = api::read_json<observe::history>(std::get<api::answers::document>(*answer).json);
  if (!all)
    return fail("events",
                fatal_error(ec::corrupt, "this version of millrace does not know such an answer").value());
  const auto shown = chosen(std::move(all->events), a.name, since);
  return print(a.json ? observe::lines_of(shown) : remote::table_of(shown));
}

/// Prints how the topology has ended, and returns the exit status that `run` would have for it.
int see_its_end(std::string_view command, const remote_arguments& a, const ask_function& ask) {
  const auto end = remote::wait_for_end(ask, a.name, pause_a_second, machine_time());
  if (!end)
    return fail(command, end.error());
  if (end->state != api::topology_state::failed)
    return print(fmt::format("{} {}\n", visible(end->name), to_string(end->state)));
  return tell_failure(command, *end);
}

/// Leaves the exit status as it is where there is no report, as `run` does.
void write_report_of(const remote_arguments& a, const ask_function& ask) {
  const auto report = ask(api::requests::report{a.name});
  auto text = report ? std::get<api::answers::document>(*report).json : std::string();
  if (report && !text.ends_with('\n'))
    text += '\n';
  const auto written = report ? write_reports(a.report, {text}, false) : unexpected(report.error());
  if (!written)
    complain(fmt::format("millrace wait: --report {}: {}", a.report, describe(written.error())));
}

int wait_for_topology(const remote_arguments& a) {
  if (!a.report.empty())
    if (const auto place = check_report_place("--report", a.report, true); !place)
      return fail("wait", place.error());
  const auto ask = asker_for(a.connect);
  // An error of the first request is told at once; a later one may pass.
  if (const auto there = ask(api::requests::status{}); !there)
    return fail("wait", there.error());
  const int status = see_its_end("wait", a, ask);
  if (!a.report.empty())
    write_report_of(a, ask);
  return status;
}

int stop_topology(const remote_arguments& a) {
  const auto ask = asker_for(a.connect);
  if (const auto asked = remote::ask_by_name(ask, api::requests::stop{a.name}); !asked)
    return fail("stop", asked.error());
  return see_its_end("stop", a, ask);
}

int start_topology(const remote_arguments& a) {
  const auto ask = asker_for(a.connect);
  const auto done = remote::ask_until_applied(ask, api::requests::start{a.name}, teller_of("start"));
  if (!done)
    return fail("start", done.error());
  const int status =
      print(fmt::format("{} is started; its plan is number {}\n", visible(a.name), done->generation));
  return status == exit_done && a.waits ? see_it_run("start", a.name, ask) : status;
}

int remove_topology(const remote_arguments& a) {
  if (const auto asked = remote::ask_by_name(asker_for(a.connect), api::requests::remove{a.name}); !asked)
    return fail("remove", asked.error());
  return print(fmt::format("{} is removed; what the store has of it goes by itself\n", visible(a.name)));
}

int drain_node(const remote_arguments& a) {
  const auto asked = remote::ask_by_name(asker_for(a.connect), api::requests::drain{a.name});
  if (!asked)
    return fail("drain", asked.error());
  const auto& stays = std::get<api::answers::drains>(*asked).stays;
  const auto name = visible(a.name);
  if (stays.empty())
    return print(fmt::format(
        "{} hands over what it runs, one actor after the other; millrace nodes shows when it is drained\n",
        name));
  auto text = fmt::format("{0} hands over what it runs except these, which stay and wait for it when it "
                          "ends; millrace undrain {0} undoes the drain:\n",
                          name);
  std::set<std::string> releases;  // many have the same
  for (const auto& s : stays) {
    text += fmt::format("  {}: {}\n", visible(s.actor), visible(s.why));
    releases.insert(visible(s.release));
  }
  for (const auto& r : releases)
    text += r + "\n";
  return print(text);
}

int undrain_node(const remote_arguments& a) {
  if (const auto asked = remote::ask_by_name(asker_for(a.connect), api::requests::undrain{a.name}); !asked)
    return fail("undrain", asked.error());
  return print(fmt::format("{} gets work again\n", visible(a.name)));
}

int forget_node(const remote_arguments& a) {
  const auto asked = remote::ask_by_name(asker_for(a.connect), api::requests::forget{a.name});
  if (!asked)
    return fail("forget", asked.error());
  const auto& lost = std::get<api::answers::forgotten>(*asked).lost;
  auto text =
      fmt::format("{} is forgotten; {}\n", visible(a.name),
                  lost.empty() ? "nothing was only on its disk" : "what these had only on its disk is lost:");
  for (const auto& actor : lost)
    text += "  " + visible(actor) + "\n";
  return print(text);
}

/// One line each, oldest first.
int print_letters(const remote_arguments& a) {
  const auto ask = asker_for(a.connect);
  remote::pages_of_letters pages;
  for (std::optional<std::uint64_t> page = 0; page;) {
    const auto answer = remote::ask_by_name(ask, api::requests::dead_letters{a.name, *page});
    if (!answer)
      return fail("letters", answer.error());
    const auto& found = std::get<api::answers::dead_letters>(*answer);
    std::string lines;
    for (const auto& letter : found.letters)
      lines += letter + '\n';
    if (const int status = print(lines); status != exit_done)
      return status;
    const auto next = pages.next(*page, found);
    if (!next)
      return fail("letters", next.error());
    page = *next;
  }
  return exit_done;
}

struct declared {
  CLI::App* command;
  std::shared_ptr<remote_arguments> arguments;
};

/// A subcommand that does what `run` says, with the options of all that ask a node.
declared add_asking(CLI::App& app, int& status, const char* name, const char* doc,
                    int (*run)(const remote_arguments&)) {
  auto* const sub = app.add_subcommand(name, doc);
  const auto a = std::make_shared<remote_arguments>();
  add_connect_options(*sub, a->connect);
  sub->callback([a, &status, run] { status = run(*a); });
  return {sub, a};
}

}  // namespace

void add_apply(CLI::App& app, int& status) {
  const auto [sub, a] = add_asking(
      app, status, "apply", "Run a topology on a cluster, or change the one that runs", apply_topology);
  sub->add_option("TOPOLOGY", a->topology.file, "The topology file")->required();
  add_overlay_options(*sub, a->topology);
  add_secrets_folder(*sub);
  sub->add_flag("--fresh", a->fresh,
                "Start over with a new state: the running topology is stopped and its state removed; a "
                "warning says which rows of targets are removed, or may be there twice");
  sub->add_flag("--adopt", a->adopt, "Sinks continue from what they committed under another state");
  sub->add_flag("--plan", a->is_plan_only, "Print the typed plan, and contact nothing");
  sub->add_flag("--wait", a->waits,
                "Return once all its actors run; with exit status 1 and the reason if it fails before");
  sub->footer("Example:\n"
              "  millrace apply topology.json --set stages.clicks.brokers=kafka-2:9092\n\n"
              "Overlays, values and environment variables are filled in here; the nodes get one text, with "
              "secrets that came from the environment. Paths in it are paths on the nodes.");
}

void add_list(CLI::App& app, int& status) {
  const auto [sub, a] =
      add_asking(app, status, "list", "Show the topologies of a cluster or a run", list_topologies);
  sub->add_flag("--json", a->json, "Print a list of {topology, title, state, reason, troubles}");
  sub->add_flag("--fail", a->fails, "Exit status 1 if a topology has failed or is degraded");
  sub->footer("Example:\n"
              "  millrace list --connect http://127.0.0.1:7070 --fail\n\n"
              "A state is running, drained, ended, stopped or failed. A running topology with troubles shows "
              "as degraded; its reason names them, with since when and where.");
}

void add_nodes(CLI::App& app, int& status) {
  const auto [sub, a] = add_asking(app, status, "nodes",
                                   "Show the nodes of a cluster or a run, and the actors there", list_nodes);
  sub->add_flag("--json", a->json, "Print a list of {name, session, coordinator, state, actors}");
  sub->footer("Example:\n"
              "  millrace nodes --connect https://node1.example.com:7070 --tls /etc/millrace/tls\n\n"
              "A state is up, silent, draining, drained, flapping or left: its process has ended in order.");
}

void add_wait(CLI::App& app, int& status) {
  const auto [sub, a] = add_asking(app, status, "wait", "Wait until a topology is over", wait_for_topology);
  sub->add_option("NAME", a->name, "The topology")->required();
  sub->add_option("--report", a->report, "Write the ledger to this file at the end, as run does")
      ->type_name("FILE");
  sub->footer("Example:\n"
              "  millrace wait active_users --report report.json\n\n"
              "Ends with the status that millrace run would have: 0 when the topology has ended or was "
              "stopped, 1 when it has failed. Another node may take over meanwhile.");
}

void add_stop(CLI::App& app, int& status) {
  const auto [sub, a] =
      add_asking(app, status, "stop", "End a topology in order; its state stays", stop_topology);
  sub->add_option("NAME", a->name, "The topology")->required();
  sub->footer(
      "Example:\n"
      "  millrace stop active_users\n\n"
      "It first commits and stores its state, and the command waits for that. Applied again, it continues.");
}

void add_start(CLI::App& app, int& status) {
  const auto [sub, a] = add_asking(app, status, "start",
                                   "Start a topology again that was stopped or has failed", start_topology);
  sub->add_option("NAME", a->name, "The topology")->required();
  sub->add_flag("--wait", a->waits,
                "Return once all its actors run; with exit status 1 and the reason if it fails before");
  sub->footer("Example:\n"
              "  millrace start active_users\n\n"
              "The cluster has its plan, so no file is needed; its state is kept. A topology that has ended "
              "is applied again instead: it then reads what is new in its files.");
}

void add_remove(CLI::App& app, int& status) {
  const auto [sub, a] =
      add_asking(app, status, "remove", "Remove a topology that is over, with its state and its dead letters",
                 remove_topology);
  sub->add_option("NAME", a->name, "The topology")->required();
  sub->footer("Example:\n"
              "  millrace stop active_users && millrace remove active_users\n\n"
              "A topology that runs is refused. What its sinks have written stays; applied again, the "
              "topology begins at the start of its sources. millrace apply --fresh does both at once.");
}

void add_drain(CLI::App& app, int& status) {
  const auto [sub, a] =
      add_asking(app, status, "drain", "Have a node hand over what it runs to other nodes", drain_node);
  sub->add_option("NODE", a->name, "The node")->required();
  sub->footer(
      "Example:\n"
      "  millrace drain b --connect http://127.0.0.1:7070\n\n"
      "It returns at once, and says what stays because it is pinned to the node; millrace nodes shows when "
      "the node is drained and may be ended. A node that leads hands the lead to another one.");
}

void add_undrain(CLI::App& app, int& status) {
  const auto [sub, a] =
      add_asking(app, status, "undrain", "Undo a drain: the node gets work again", undrain_node);
  sub->add_option("NODE", a->name, "The node")->required();
  sub->footer("Example:\n"
              "  millrace undrain b --connect http://127.0.0.1:7070\n\n"
              "What it handed over comes back as the load requires. A node that is started again gets work "
              "without this command.");
}

void add_forget(CLI::App& app, int& status) {
  const auto [sub, a] =
      add_asking(app, status, "forget",
                 "Remove a node that does not come back, with what is only on its disk", forget_node);
  sub->add_option("NODE", a->name, "The node")->required();
  sub->footer("Example:\n"
              "  millrace forget b --connect http://127.0.0.1:7070\n\n"
              "What was pinned to it may then run elsewhere; what only it had is lost, and is printed.");
}

void add_events(CLI::App& app, int& status) {
  const auto [sub, a] =
      add_asking(app, status, "events", "Print what has happened in a cluster or a run", print_events);
  sub->add_option("TOPOLOGY", a->name, "Only events of this topology");
  sub->add_option("--since", a->since, "Only events that are not older than this, such as 1h")
      ->type_name("DURATION");
  sub->add_flag("--json", a->json, "Print each event as a line of JSON");
  sub->footer(
      "Example:\n"
      "  millrace events --since 1h\n\n"
      "Oldest first: nodes that join, leave or die; which one leads; where actors run; topologies that are "
      "applied or stopped, fail, or become degraded or healthy; restarts; and at which node somebody asked "
      "for it. The store keeps the newest thousand. The command needs the token, as letters does.");
}

void add_letters(CLI::App& app, int& status) {
  const auto [sub, a] =
      add_asking(app, status, "letters", "Print the dead letters that a topology has", print_letters);
  sub->add_option("NAME", a->name, "The topology")->required();
  sub->footer("Example:\n"
              "  millrace letters active_users > dead_letters.jsonl\n\n"
              "Each is a line of JSON, oldest first, from the cluster's store or from the dead_letters.jsonl "
              "of a run. The command shows records, so it needs the node's token. Where the topology sends "
              "dead letters to a sink, look there.");
}

}  // namespace millrace::cli
