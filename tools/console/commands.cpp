#include "tools/console/commands.hpp"

#include "actors/observe/history.hpp"
#include "actors/observe/tap.hpp"
#include "config/text/report.hpp"
#include "runtime/base/visible_text.hpp"
#include "runtime/data/json_value.hpp"
#include "tools/console/documents.hpp"
#include "tools/console/letters.hpp"
#include "tools/console/texts.hpp"
#include "tools/remote/tables.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <optional>
#include <sstream>
#include <thread>
#include <utility>

namespace millrace::console {
namespace {

namespace asked = api::requests;

/// Bounds of a tap.
constexpr std::size_t most_sampled = 10'000;
constexpr std::chrono::seconds sampled_for{30};
constexpr std::chrono::milliseconds between_looks{250};
/// A server waits 20 s for a pass of a replay before it answers that it is under way: ten minutes.
constexpr int most_idle_answers = 30;

enum class about : std::uint8_t { cluster, topology, stage, key, edge, record };

struct declared : command {
  about what = about::cluster;
};
constexpr auto all_commands = std::to_array<declared>({
    {{"nodes", "", "nodes and what they run"}, about::cluster},
    {{"topologies", "", "topologies and their states"}, about::cluster},
    {{"events", "", "what has happened in the cluster or run, oldest first (needs the token)"},
     about::cluster},
    {{"stages", "", "stages and edges of a topology, and the stage that holds the others up"},
     about::topology},
    {{"stage", "STAGE", "lanes, shards and the last commits of a stage"}, about::stage},
    {{"lanes", "", "partitions: watermark, time since the last record, lag"}, about::topology},
    {{"shards", "", "windows, keys, state and retained output"}, about::topology},
    {{"sinks", "", "rows and commits"}, about::topology},
    {{"ledger", "", "in = out + filtered + late + dead letters, for each stage"}, about::topology},
    {{"explain", "STAGE [KEY]",
      "why a stage gives no rows, and what would change that; with a key: what it has of the key (needs the "
      "token)"},
     about::key},
    {{"state", "STAGE [KEY]",
      "a key's open windows and their aggregates; KEY is a value, or JSON of several columns (needs the "
      "token)"},
     about::key},
    {{"tap", "EDGE [--sample N]",
      "rows as they pass on an edge such as 'parsed->counts', the first N (10) of 30 s (needs the token)"},
     about::edge},
    {{"trace", "STAGE [--partition P] [--header LINE] RECORD",
      "what happens to a record of a source or parser: filtered, late, a dead letter, or in which windows it "
      "counts; for records that are not text, such as Avro, --base64 BYTES instead of RECORD; LINE and P may "
      "be JSON strings (needs the token)"},
     about::record},
    {{"dead-letters", "",
      "the newest dead letters, a line of JSON each, the newest first: at most 200, and at most about 4 MB "
      "(needs the token); \"millrace letters NAME\" prints all"},
     about::topology},
    {{"replay", "STAGE",
      "replays the records of all dead letters at a source or parser, each once (needs the token)"},
     about::stage},
    {{"pause", "", "pauses a topology: it reads nothing until it is resumed (needs the token)"},
     about::topology},
    {{"resume", "", "resumes a paused topology (needs the token)"}, about::topology},
    {{"restart", "STAGE",
      "restarts a parser, window or sink, or one actor such as counts/3 (needs the token)"},
     about::stage},
});
/// Counts the words that a command takes at least beside its name.
constexpr std::size_t words_behind(about what) {
  return what == about::record                                               ? 2
         : what == about::stage || what == about::key || what == about::edge ? 1
                                                                             : 0;
}

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

/// Returns the text after this many words, without the blanks around it.
std::string_view behind_words(std::string_view line, std::size_t words) {
  constexpr std::string_view blanks = " \t\r\n";
  const auto skip = [&](std::size_t n) { line.remove_prefix(std::min(n, line.size())); };
  skip(line.find_first_not_of(blanks));
  for (; words != 0; --words) {
    skip(line.find_first_of(blanks));
    skip(line.find_first_not_of(blanks));
  }
  while (!line.empty() && blanks.find(line.back()) != std::string_view::npos)
    line.remove_suffix(1);
  return line;
}

unexpected wrong(std::string why) { return user_error(ec::invalid_argument, std::move(why)); }

/// The topology that was named, or the only one.
expected<std::string> topology_of(const remote::ask_function& ask, const settings& s) {
  if (!s.topology.empty())
    return s.topology;
  ASSIGN_OR_RETURN(const auto all, ask(asked::list{}));
  const auto& t = std::get<api::answers::topologies>(all).all;
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

std::string_view without_end(std::string_view text) {
  return text.substr(0, text.find_last_not_of('\n') + 1);
}

/// One question whose answer is a document, as it came or as people read it.
template<class T, class Show>
expected<std::string> ask_document(const remote::ask_function& ask, const api::request& what, bool is_json,
                                   Show&& show) {
  return is_json ? document_text(ask, what).map(ended) : document<T>(ask, what).map(show);
}

/// Adds the stage that was meant to an answer that the stage is not there.
expected<std::string> with_stages(const remote::ask_function& ask, const std::string& topology,
                                  const std::string& stage, expected<std::string> answer) {
  if (answer || answer.error().code != ec::not_found)
    return answer;
  const auto read = document<observe::graph>(ask, asked::graph{topology});
  if (!read)
    return answer;
  std::vector<std::string> names;
  for (const auto& s : read->stages)
    names.push_back(s.name);
  if (std::ranges::find(names, stage) != names.end())  // it is there, and something else is not
    return answer;
  answer.error().message += config::did_you_mean(stage, names);
  return answer;
}

expected<answered> letters(const remote::ask_function& ask, const std::string& topology) {
  return ask_newest_letters(ask, topology).map([&](const newest_letters& newest) {
    answered out;
    for (const auto& letter : newest.all)
      out.text += letter + '\n';
    if (newest.has_more)
      out.remark = more_letters(topology);
    return out;
  });
}

/// The answer has nothing in it: it was done.
expected<std::string> act(const remote::ask_function& ask, const api::request& what, std::string done,
                          bool is_json) {
  return ask(what).map([&](const api::answer&) { return is_json ? std::string("{}\n") : std::move(done); });
}

expected<std::string> about_cluster(const remote::ask_function& ask, std::string_view name, bool is_json) {
  if (name == "events")
    return ask_document<observe::history>(ask, asked::history{}, is_json,
                                          [](const auto& h) { return remote::table_of(h.events); });
  ASSIGN_OR_RETURN(const auto a, name == "nodes" ? ask(asked::nodes{}) : ask(asked::list{}));
  if (const auto* const n = std::get_if<api::answers::nodes>(&a))
    return is_json ? api::json_of(*n) + '\n' : remote::table_of(*n);
  const auto& t = std::get<api::answers::topologies>(a);
  return is_json ? api::json_of(t) + '\n' : remote::table_of(t);
}

expected<std::string> about_topology(const remote::ask_function& ask, std::string_view name,
                                     const std::string& topology, bool is_json) {
  if (name == "stages")
    return ask_document<observe::graph>(ask, asked::graph{topology}, is_json,
                                        [](const auto& g) { return text_of(g); });
  if (name == "ledger")
    return ask_document<observe::whole_ledger>(ask, asked::ledger{topology}, is_json,
                                               [](const auto& l) { return text_of(l); });
  if (name == "pause")
    return act(ask, asked::pause{topology}, fmt::format("{} is paused until it is resumed\n", topology),
               is_json);
  if (name == "resume")
    return act(ask, asked::resume{topology}, fmt::format("{} is resumed\n", topology), is_json);
  return ask_document<observe::figures>(ask, asked::figures{topology}, is_json, [&](const auto& f) {
    return name == "lanes" ? lanes_text(f) : name == "shards" ? shards_text(f) : sinks_text(f);
  });
}

/// Asks until all have gone in; a pass takes so many letters.
expected<std::string> replay(const remote::ask_function& ask, const std::string& topology,
                             const std::string& into, bool is_json) {
  api::answers::replayed all;
  for (int idle = 0; !all.is_over;) {
    ASSIGN_OR_RETURN(const auto a, ask(asked::replay{topology, into, {}}));
    const auto earlier = all.went_in;
    all = std::get<api::answers::replayed>(a);
    all.before -= std::min(earlier, all.before);
    idle = all.went_in == 0 ? idle + 1 : 0;
    all.went_in += earlier;
    if (!all.is_over && idle == most_idle_answers)
      return outside_error(
          ec::unavailable,
          fmt::format("the replay of {} makes no progress, after {} dead letters; expected the address of "
                      "a node's API, and that what takes the records in runs; the same command goes on "
                      "with it",
                      topology, all.went_in));
  }
  return is_json ? api::json_of(all) + '\n' : text_of(all, into);
}

expected<std::string> about_stage(const remote::ask_function& ask, std::string_view name,
                                  const std::string& topology, const std::string& stage, bool is_json) {
  if (name == "replay")
    return replay(ask, topology, stage, is_json);
  if (name == "restart")
    return with_stages(
        ask, topology, stage,
        act(ask, asked::restart{topology, stage}, fmt::format("{} restarts\n", stage), is_json));
  return with_stages(ask, topology, stage,
                     ask_document<observe::figures>(ask, asked::stage_figures{topology, stage}, is_json,
                                                    [](const auto& f) { return stage_text(f); }));
}

expected<std::string> state_of_key(const remote::ask_function& ask, const std::string& topology,
                                   const std::string& stage, std::string_view key, bool is_json) {
  return ask_document<observe::key_state>(ask, asked::key_state{topology, stage, std::string(key)}, is_json,
                                          [](const auto& s) { return text_of(s); });
}

expected<std::string> explained(const remote::ask_function& ask, const std::string& topology,
                                const std::string& stage, bool is_json) {
  return ask_document<observe::explanation>(ask, asked::explain{topology, stage}, is_json,
                                            [](const auto& e) { return text_of(e); });
}

/// Says what a window has of a key, and why the window gives nothing.
expected<std::string> explained_with_key(const remote::ask_function& ask, const std::string& topology,
                                         const std::string& stage, std::string_view key, bool is_json) {
  const auto state = state_of_key(ask, topology, stage, key, is_json);
  const auto why = state ? explained(ask, topology, stage, is_json) : state;
  if (!why)
    return why;
  if (!is_json)
    return *state + '\n' + *why;
  return fmt::format("{{\"state\":{},\"explanation\":{}}}\n", without_end(*state), without_end(*why));
}

expected<std::string> about_key(const remote::ask_function& ask, std::string_view name,
                                const std::string& topology, const std::string& stage, std::string_view key,
                                bool is_json) {
  return with_stages(ask, topology, stage,
                     name == "state" ? state_of_key(ask, topology, stage, key, is_json)
                     : key.empty()   ? explained(ask, topology, stage, is_json)
                                     : explained_with_key(ask, topology, stage, key, is_json));
}

struct tap_arguments {
  std::string edge;
  std::size_t sample = 10;
};

/// "EDGE", "EDGE --sample N" or "--sample N EDGE".
expected<tap_arguments> read_tap(std::string_view text) {
  tap_arguments out;
  const auto words = words_of(text);
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (words[i] != "--sample") {
      out.edge += words[i];
      continue;
    }
    const auto number = ++i < words.size() ? words[i] : std::string();
    const auto* const end = number.data() + number.size();
    if (const auto [rest, failed] = std::from_chars(number.data(), end, out.sample);
        failed != std::errc() || rest != end || out.sample == 0 || out.sample > most_sampled)
      return wrong(fmt::format("--sample takes a number from 1 to {}", most_sampled));
  }
  if (out.edge.empty())
    return wrong("expected \"tap EDGE [--sample N]\"");
  return out;
}

/// Asks again and again, until there are enough rows or their time is over.
expected<std::string> tap(const remote::ask_function& ask, const std::string& topology, std::string_view text,
                          const settings& s) {
  ASSIGN_OR_RETURN(const auto a, read_tap(text));
  const auto until = std::chrono::steady_clock::now() + sampled_for;
  std::string out;
  std::string after;
  for (std::size_t shown = 0; shown < a.sample;) {
    ASSIGN_OR_RETURN(const auto now, document<observe::tapped>(ask, asked::tap{topology, a.edge, after}));
    for (const auto& r : now.rows)
      if (shown < a.sample) {
        out += (s.is_json ? api::json_of(r) : visible(r.row.text)) + '\n';
        ++shown;
      }
    if (now.is_over || std::chrono::steady_clock::now() >= until)
      break;
    after = now.next;
    if (shown < a.sample)
      std::this_thread::sleep_for(between_looks);
  }
  return out;
}

/// Takes the first word of `text`, or the first JSON string.
std::optional<std::string> take_value(std::string_view& text) {
  if (!text.starts_with('"')) {
    const auto end = std::min(text.find(' '), text.size());
    std::string word(text.substr(0, end));
    text = behind_words(text, 1);
    return word.empty() ? std::nullopt : std::optional(std::move(word));
  }
  boost::json::stream_parser p;
  boost::json::error_code failed;
  const auto used = p.write_some(text.data(), text.size(), failed);
  if (failed || !p.done())
    return std::nullopt;
  text = behind_words(text.substr(used), 0);
  return std::string(p.release().as_string());
}

/// "STAGE [--partition P] [--header LINE] RECORD|--base64 BYTES" without its STAGE.
expected<std::string> read_record(std::string_view text) {
  boost::json::object out;
  const auto option_of = [](std::string_view t) -> std::string_view {
    for (const std::string_view option : {"partition", "header", "base64"})
      if (t.starts_with(fmt::format("--{} ", option)))
        return option;
    return {};
  };
  for (auto option = option_of(text); !option.empty(); option = option_of(text)) {
    if (out.contains(option))
      return wrong(fmt::format("--{} is given twice", option));
    text = behind_words(text, 1);
    auto value = take_value(text);
    if (!value)
      return wrong(fmt::format("--{} takes a word, or a JSON string", option));
    out[option] = std::move(*value);
  }
  if (text.empty() != out.contains("base64"))
    return wrong(fmt::format("there {}; expected \"trace STAGE [--partition P] [--header LINE] RECORD\", or "
                             "\"--base64 BYTES\" in the place of RECORD",
                             text.empty() ? "is no record" : "is a record behind --base64"));
  if (!text.empty())
    out["record"] = text;
  return data::json_text(out);
}

expected<std::string> traced(const remote::ask_function& ask, const std::string& topology,
                             const std::string& stage, std::string_view text, bool is_json) {
  auto record = read_record(text);
  if (!record)
    return record;
  return with_stages(ask, topology, stage,
                     ask_document<observe::trace>(ask, asked::trace{topology, stage, std::move(*record)},
                                                  is_json, [](const auto& t) { return text_of(t); }));
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

expected<answered> carry_out(const remote::ask_function& ask, std::string_view line, const settings& s) {
  const auto words = words_of(line);
  const auto name = words.empty() ? std::string() : words.front();
  if (name == "help")
    return answered{help(), {}};
  const auto* const c = std::ranges::find(all_commands, name, [](const declared& d) { return d.name; });
  if (c == all_commands.end()) {
    std::vector<std::string> known;
    for (const auto& one : all_commands)
      known.emplace_back(one.name);
    return wrong(fmt::format("\"{}\" is not a command of the console{}; help lists them", visible(name),
                             config::did_you_mean(name, known)));
  }
  const auto wanted = 1 + words_behind(c->what);
  const bool takes_more = c->what == about::key || c->what == about::edge || c->what == about::record;
  if (words.size() < wanted || (words.size() > wanted && !takes_more))
    return wrong(fmt::format("expected \"{}{}{}\"", c->name, c->arguments.empty() ? "" : " ", c->arguments));
  const auto alone = [](expected<std::string> text) {
    return std::move(text).map([](std::string&& t) { return answered{std::move(t), {}}; });
  };
  if (c->what == about::cluster)
    return alone(about_cluster(ask, name, s.is_json));
  ASSIGN_OR_RETURN(const auto topology, topology_of(ask, s));
  if (name == "dead-letters")
    return letters(ask, topology);
  if (c->what == about::topology)
    return alone(about_topology(ask, name, topology, s.is_json));
  if (c->what == about::edge)
    return alone(tap(ask, topology, behind_words(line, 1), s));
  if (c->what == about::record)
    return alone(traced(ask, topology, words[1], behind_words(line, 2), s.is_json));
  return alone(c->what == about::stage
                   ? about_stage(ask, name, topology, words[1], s.is_json)
                   : about_key(ask, name, topology, words[1], behind_words(line, wanted), s.is_json));
}

}  // namespace millrace::console
