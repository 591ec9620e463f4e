#include "tools/console/commands.hpp"

#include "config/report.hpp"
#include "runtime/base/visible_text.hpp"
#include "tools/console/documents.hpp"
#include "tools/console/texts.hpp"
#include "tools/remote/tables.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <sstream>
#include <utility>

namespace millrace::console {
namespace {

namespace asked = api::requests;

enum class about : std::uint8_t { cluster, topology, stage };

struct declared : command {
  about what = about::cluster;
};
constexpr auto all_commands = std::to_array<declared>({
    {{"nodes", "", "nodes, and what they run"}, about::cluster},
    {{"topologies", "", "topologies, and how they stand"}, about::cluster},
    {{"stages", "", "stages and edges of a topology, and who holds the others up"}, about::topology},
    {{"stage", "STAGE", "lanes, shards and the last commits of a stage"}, about::stage},
    {{"lanes", "", "partitions: watermark, time since the last record, lag"}, about::topology},
    {{"shards", "", "windows, keys, state and retained output"}, about::topology},
    {{"sinks", "", "rows and commits"}, about::topology},
    {{"ledger", "", "in = out + filtered + late + dead letters, a stage"}, about::topology},
    {{"explain", "STAGE", "why a stage gives nothing, and what would change that"}, about::stage},
    {{"dead-letters", "", "the dead letters that are kept, a line of JSON each (needs the token)"},
     about::topology},
    {{"pause", "", "a topology reads nothing until it is resumed (needs the token)"}, about::topology},
    {{"resume", "", "a paused topology reads on (needs the token)"}, about::topology},
    {{"restart", "STAGE",
      "new lives of a parser, window or sink, or of one actor such as counts/3 (needs the token)"},
     about::stage},
});
constexpr auto shown_commands = [] {
  std::array<command, all_commands.size()> out;
  std::copy(all_commands.begin(), all_commands.end(), out.begin());
  return out;
}();

std::vector<std::string> words_of(std::string_view line) {
  std::istringstream in{std::string(line)};
  std::vector<std::string> out;
  for (std::string word; in >> word;)
    out.push_back(std::move(word));
  return out;
}

unexpected wrong(std::string why) { return user_error(ec::invalid_argument, std::move(why)); }

/// The topology that was named, or the only one.
expected<std::string> topology_of(const remote::ask_function& ask, const settings& s) {
  if (!s.topology.empty())
    return s.topology;
  const auto all = ask(asked::list{});
  if (!all)
    return unexpected(all.error());
  const auto& t = std::get<api::answers::topologies>(*all).all;
  if (t.size() == 1)
    return t.front().name;
  std::string names;
  for (const auto& one : t)
    names += (names.empty() ? "" : ", ") + visible(one.name);
  if (t.empty())
    return fatal_error(ec::not_found, "no topology is there");
  return wrong(fmt::format("there are several topologies: {}; give one of them by --topology NAME", names));
}

std::string ended(std::string text) {
  if (!text.ends_with('\n'))
    text += '\n';
  return text;
}

/// One question whose answer is a document, as it came or as people read it.
template<class T, class Show>
expected<std::string> ask_document(const remote::ask_function& ask, const api::request& what, bool is_json,
                                   Show&& show) {
  return is_json ? document_text(ask, what).map(ended) : document<T>(ask, what).map(show);
}

/// What ask() says of a stage that is not there, with the one that was meant.
expected<std::string> with_stages(const remote::ask_function& ask, const std::string& topology,
                                  const std::string& stage, expected<std::string> answer) {
  if (answer || answer.error().code != ec::not_found)
    return answer;
  const auto read = document<inside::graph>(ask, asked::graph{topology});
  if (!read)
    return answer;
  std::vector<std::string> names;
  for (const auto& s : read->stages)
    names.push_back(s.name);
  answer.error().message += config::did_you_mean(stage, names);
  return answer;
}

expected<std::string> letters(const remote::ask_function& ask, const std::string& topology) {
  std::string out;
  for (std::optional<std::uint64_t> page = 0; page;) {
    const auto a = ask(asked::dead_letters{topology, *page});
    if (!a)
      return unexpected(a.error());
    const auto& found = std::get<api::answers::dead_letters>(*a);
    for (const auto& letter : found.letters)
      out += letter + '\n';
    page = found.next;
  }
  return out;
}

/// The answer has nothing in it: it was done.
expected<std::string> act(const remote::ask_function& ask, const api::request& what, std::string done,
                          bool is_json) {
  return ask(what).map([&](const api::answer&) { return is_json ? std::string("{}\n") : std::move(done); });
}

expected<std::string> about_cluster(const remote::ask_function& ask, std::string_view name, bool is_json) {
  const auto a = name == "nodes" ? ask(asked::nodes{}) : ask(asked::list{});
  if (!a)
    return unexpected(a.error());
  if (const auto* const n = std::get_if<api::answers::nodes>(&*a))
    return is_json ? api::json_of(*n) + '\n' : remote::table_of(*n);
  const auto& t = std::get<api::answers::topologies>(*a);
  return is_json ? api::json_of(t) + '\n' : remote::table_of(t);
}

expected<std::string> about_topology(const remote::ask_function& ask, std::string_view name,
                                     const std::string& topology, bool is_json) {
  if (name == "stages")
    return ask_document<inside::graph>(ask, asked::graph{topology}, is_json,
                                       [](const auto& g) { return text_of(g); });
  if (name == "ledger")
    return ask_document<inside::whole_ledger>(ask, asked::ledger{topology}, is_json,
                                              [](const auto& l) { return text_of(l); });
  if (name == "dead-letters")
    return letters(ask, topology);
  if (name == "pause")
    return act(ask, asked::pause{topology}, fmt::format("{} is paused; resume has it read on\n", topology),
               is_json);
  if (name == "resume")
    return act(ask, asked::resume{topology}, fmt::format("{} reads on\n", topology), is_json);
  return ask_document<inside::figures>(ask, asked::figures{topology}, is_json, [&](const auto& f) {
    return name == "lanes" ? lanes_text(f) : name == "shards" ? shards_text(f) : sinks_text(f);
  });
}

expected<std::string> about_stage(const remote::ask_function& ask, std::string_view name,
                                  const std::string& topology, const std::string& stage, bool is_json) {
  if (name == "restart")
    return with_stages(
        ask, topology, stage,
        act(ask, asked::restart{topology, stage}, fmt::format("{} lives anew\n", stage), is_json));
  return with_stages(ask, topology, stage,
                     name == "explain"
                         ? ask_document<inside::explanation>(ask, asked::explain{topology, stage}, is_json,
                                                             [](const auto& e) { return text_of(e); })
                         : ask_document<inside::figures>(ask, asked::stage_figures{topology, stage}, is_json,
                                                         [](const auto& f) { return stage_text(f); }));
}

}  // namespace

std::span<const command> commands() { return shown_commands; }

std::string help() {
  std::vector<std::vector<std::string>> rows;
  for (const auto& c : all_commands)
    rows.push_back(
        {fmt::format("{}{}{}", c.name, c.arguments.empty() ? "" : " ", c.arguments), std::string(c.doc)});
  return remote::table({"COMMAND", ""}, rows);
}

expected<std::string> carry_out(const remote::ask_function& ask, std::string_view line, const settings& s) {
  const auto words = words_of(line);
  const auto name = words.empty() ? std::string() : words.front();
  if (name == "help")
    return help();
  const auto* const c = std::ranges::find(all_commands, name, [](const declared& d) { return d.name; });
  if (c == all_commands.end()) {
    std::vector<std::string> known;
    for (const auto& one : all_commands)
      known.emplace_back(one.name);
    return wrong(fmt::format("\"{}\" is no command of the console{}; help lists them", visible(name),
                             config::did_you_mean(name, known)));
  }
  const std::size_t wanted = c->what == about::stage ? 2 : 1;
  if (words.size() != wanted)
    return wrong(fmt::format("expected \"{}{}{}\"", c->name, c->arguments.empty() ? "" : " ", c->arguments));
  if (c->what == about::cluster)
    return about_cluster(ask, name, s.is_json);
  const auto topology = topology_of(ask, s);
  if (!topology)
    return unexpected(topology.error());
  return c->what == about::topology ? about_topology(ask, name, *topology, s.is_json)
                                    : about_stage(ask, name, *topology, words.back(), s.is_json);
}

}  // namespace millrace::console
