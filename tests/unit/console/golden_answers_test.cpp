// Compares the answer of each command of `millrace console`, for people and for scripts, with tests/golden/console/answers.txt.
// With MILLRACE_WRITE_GOLDEN=1 in the environment the file is written anew, to be read before it is committed.
#include "actors/observe/answering.hpp"
#include "actors/observe/history.hpp"
#include "tests/support/golden_file.hpp"
#include "tests/unit/observe/observe_fixture.hpp"
#include "tools/console/commands.hpp"

#include <catch2/catch.hpp>

#include <set>
#include <sstream>
#include <string>

using namespace millrace;

namespace {

constexpr auto file = "tests/golden/console/answers.txt";

constexpr auto report = R"json({ "topology": "t", "ended": false, "stages": {
  "in": { "in": 1000, "out": 1000 }, "parsed": { "in": 1000, "out": 990, "filtered": 4, "dead_letters": 6 },
  "counts": { "in": 990, "out": 980, "late": 7, "in_flight": 1 } } })json";

/// Answers of the topology of observe_fixture.hpp, whose second window waits for records; rows, and what changes something, as one
/// that has some.
expected<api::answer> cluster_answer(const config::topology& t, const observe::figures& f,
                                     const api::request& r) {
  using namespace api::requests;
  if (std::holds_alternative<list>(r))
    return api::answers::topologies{
        {{"t", api::topology_state::running, {}},
         {"old", api::topology_state::failed, "counts/0 cannot read its snapshots"}}};
  if (std::holds_alternative<nodes>(r))
    return api::answers::nodes{{{"a", 3, true, api::node_state::up, {"t/counts/0", "t/parsed/lane0"}},
                                {"b", 1, false, api::node_state::silent, {}}}};
  if (const auto* const s = std::get_if<key_state>(&r)) {
    observe::key_state found;
    found.stage = s->stage;
    found.key = {R"({"user":")" + s->key + "\"}"};
    found.shard = "counts/0";
    found.node = "a";
    found.windows = {{{R"({"user":"ann","n":2})"}, true, {}}};
    found.summary = "1 open window has records of this key";
    return api::answers::document{observe::json_of(found)};
  }
  if (const auto* const w = std::get_if<tap>(&r))
    return api::answers::document{
        observe::json_of(observe::tapped{w->edge, {{"a", {}, {R"({"user":"ann"})"}}}, 1, "a:1", true, {}})};
  if (const auto* const asked = std::get_if<trace>(&r)) {
    observe::trace found;
    found.stage = asked->stage;
    found.steps = {{"parsed", "parser", "in", "dead_letter", "it is not JSON", {}, {}, 0, {}, {}}};
    found.summary = "the record is a dead letter of parsed";
    return api::answers::document{observe::json_of(found)};
  }
  if (std::holds_alternative<newest_letters>(r))
    return api::answers::dead_letters{{R"({"id":"1","stage":"parsed","error":"it is not JSON"})"}, {}};
  if (std::holds_alternative<history>(r))
    return api::answers::document{observe::json_of(observe::history{
        {observe::event_of({cluster::event_kind::lead, cluster::weight::normal, "node a leads", {}, "a"}, 0),
         observe::event_of({cluster::event_kind::stop,
                            cluster::weight::normal,
                            "topology t is asked to stop",
                            "t",
                            {},
                            {},
                            "b"},
                           1'500'000)}})};
  if (std::holds_alternative<api::requests::replay>(r))
    return api::answers::replayed{true, 5, 3, 2, 0, {}, {}, true};
  if (std::holds_alternative<api::requests::pause>(r) || std::holds_alternative<resume>(r) ||
      std::holds_alternative<restart>(r))
    return api::answers::accepted{};
  if (std::holds_alternative<ledger>(r))
    return observe::report_answer(api::requests::ledger{}, report);
  return observe::answer_of(r, t, f);
}

}  // namespace

TEST_CASE("each command answers as the golden file has it, for people and as JSON") {
  const auto plan = observe::test::planned();
  const auto figures = observe::test::running();
  const remote::ask_function ask = [&](const api::request& r) { return cluster_answer(plan, figures, r); };
  const std::vector<std::string> lines{"nodes",
                                       "topologies",
                                       "events",
                                       "stages",
                                       "stage counts",
                                       "stage in",
                                       "stage out",
                                       "lanes",
                                       "shards",
                                       "sinks",
                                       "ledger",
                                       "explain counts",
                                       "explain in",
                                       "explain hourly",
                                       "explain counts ann",
                                       "explain nobody",
                                       "state counts ann",
                                       "tap parsed->counts --sample 1",
                                       "trace parsed {",
                                       "dead-letters",
                                       "replay in",
                                       "pause",
                                       "resume",
                                       "restart counts"};
  std::ostringstream found;
  std::set<std::string> used;
  for (const auto& line : lines) {
    used.insert(line.substr(0, line.find(' ')));
    for (const bool is_json : {false, true}) {
      const auto answer = console::carry_out(ask, line, {"t", is_json});
      found << "$ " << line << (is_json ? "   (as JSON)" : "") << "\n"
            << (answer ? answer->text : "refused: " + answer.error().message + "\n") << "\n";
    }
  }
  for (const auto& c : console::commands())
    CHECK(used.contains(std::string(c.name)));
  millrace::test::check_golden(file, found.str());
}
