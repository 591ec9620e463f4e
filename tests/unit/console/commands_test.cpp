#include "actors/observe/graph.hpp"
#include "actors/observe/tap.hpp"
#include "tools/console/commands.hpp"
#include "tools/console/texts.hpp"

#include <catch2/catch.hpp>

using namespace millrace;
using namespace millrace::console;
using Catch::Contains;

namespace {

/// One topology, `t`, with two stages, of which `counts` is known to the rest.
expected<api::answer> cluster(const api::request& r) {
  using namespace api::requests;
  if (std::holds_alternative<list>(r))
    return api::answers::topologies{{{"t", api::topology_state::running, {}}}};
  if (const auto* const e = std::get_if<explain>(&r)) {
    if (e->stage != "counts")
      return fatal_error(ec::not_found, "topology t has no stage " + e->stage);
    return api::answers::document{observe::json_of(
        observe::explanation{"counts",
                             "window",
                             true,
                             "counts waits.",
                             {},
                             {},
                             {{"quiet_partition", "in", "partition 0 is quiet", 7.0, "a record"}},
                             {}})};
  }
  if (std::holds_alternative<graph>(r)) {
    observe::graph g{"t",
                     {},
                     {{"counts", "out", 2'000'000}},
                     observe::culprit{"out", "out has yet to commit 2.0 MB"},
                     {"b"}};
    g.stages.resize(2);
    g.stages[0].name = "counts";
    g.stages[1].name = "out";
    return api::answers::document{observe::json_of(g)};
  }
  if (const auto* const l = std::get_if<api::requests::newest_letters>(&r))
    return api::answers::dead_letters{{l->page == 0 ? R"({"id":"2"})" : R"({"id":"1"})"},
                                      l->page == 0 ? std::optional<std::uint64_t>(7) : std::nullopt};
  if (std::holds_alternative<api::requests::pause>(r) || std::holds_alternative<resume>(r))
    return api::answers::accepted{};
  if (const auto* const again = std::get_if<restart>(&r)) {
    if (again->stage != "counts/3")
      return fatal_error(ec::not_found, "topology t has no actor " + again->stage);
    return api::answers::accepted{};
  }
  if (const auto* const s = std::get_if<key_state>(&r)) {
    observe::key_state found;
    found.stage = s->stage;
    found.key = {R"({"user":")" + s->key + "\"}"};
    found.shard = "counts/1";
    found.node = "a";
    found.windows = {{{R"({"user":"ann","n":2})"}, true, {}}, {{R"({"user":"ann","n":1})"}, false, {}}};
    found.summary = "2 open windows have records of this key";
    return api::answers::document{observe::json_of(found)};
  }
  if (const auto* const w = std::get_if<tap>(&r))
    return api::answers::document{observe::json_of(
        observe::tapped{w->edge,
                        {{"a", {}, {R"({"n":1})"}}, {"a", {}, {w->after.empty() ? "{}" : R"({"n":2})"}}},
                        2,
                        "a:2",
                        !w->after.empty(),
                        {}})};
  if (const auto* const asked = std::get_if<trace>(&r)) {
    observe::trace found;
    found.stage = asked->stage;
    found.steps = {
        {"parsed", "parser", "in", "parsed", "it is a row", {}, {}, 1, api::json_object{R"({"n":1})"}, {}},
        {"large", "transform", "parsed", "filtered", "`where` takes it out: n > 3", "n > 3", {}, 0, {}, {}}};
    found.summary = asked->record;
    return api::answers::document{observe::json_of(found)};
  }
  if (const auto* const again = std::get_if<api::requests::replay>(&r)) {
    if (again->into != "parsed")
      return user_error(ec::invalid_argument, "into x: topology 't' has no such stage");
    // The first pass has not taken all of them.
    static int asked = 0;
    return ++asked % 2 == 1 ? api::answers::replayed{false, 5, 2, 1, 0, {}, {}, false}
                            : api::answers::replayed{true, 5, 1, 3, 0, {{"of rows", 1}}, {}, true};
  }
  return fatal_error(ec::internal, "not asked in this test");
}

std::string said(const std::string& line, bool is_json = false) {
  const auto answer = carry_out(cluster, line, {{}, is_json});
  INFO((answer ? std::string() : answer.error().message));
  REQUIRE(answer);
  return answer->text;
}
error refused(const std::string& line) {
  const auto answer = carry_out(cluster, line, {});
  REQUIRE_FALSE(answer);
  return answer.error();
}

}  // namespace

TEST_CASE("an explanation is a sentence, causes and remedies; or JSON, a line") {
  CHECK(said("explain counts") == "counts waits.\n- partition 0 is quiet (quiet_partition)\n  a record\n");
  const auto json = said(" explain  counts ", true);
  CHECK_THAT(json, Contains(R"("causes":[{"code":"quiet_partition")") && Catch::EndsWith("}\n"));
}

TEST_CASE("stages are a table, with who holds them up and who is missing") {
  CHECK_THAT(said("stages"), Contains("counts  out  2.0 MB") &&
                                 Contains("held up by out: out has yet to commit 2.0 MB") &&
                                 Contains("without b, which did not answer"));
}

TEST_CASE("an action says what was done; or JSON") {
  CHECK(said("pause") == "t is paused until it is resumed\n");
  CHECK(said("resume", true) == "{}\n");
  CHECK(said("restart counts/3") == "counts/3 restarts\n");
  CHECK(refused("restart count").message == "topology t has no actor count; did you mean \"counts\"?");
  CHECK(refused("restart").code == ec::invalid_argument);
}

TEST_CASE("the state of a key is its windows, and explain with a key says why the window waits as well") {
  const std::string state =
      "2 open windows have records of this key\n{\"user\":\"ann b\"}: counts/1 on a\n"
      "- {\"user\":\"ann\",\"n\":2}\n- {\"user\":\"ann\",\"n\":1} (having turns it down)\n";
  CHECK(said("state counts ann b") == state);
  CHECK(said("explain counts  ann b ") ==
        state + "\ncounts waits.\n- partition 0 is quiet (quiet_partition)\n  a record\n");
  CHECK_THAT(said("explain counts ann", true), Catch::StartsWith(R"({"state":{"stage":"counts")") &&
                                                   Contains(R"(},"explanation":{"stage":"counts")"));
}

TEST_CASE("a tap gives rows, a line each, until there are enough") {
  CHECK(said("tap parsed -> counts --sample 3") == "{\"n\":1}\n{}\n{\"n\":1}\n");
  CHECK(said("tap counts --sample 1", true) == "{\"node\":\"a\",\"at\":null,\"row\":{\"n\":1}}\n");
}

TEST_CASE("a trace is a line for each stage, with the row that goes on") {
  CHECK(said(R"(trace in --partition 3 --header "a, b" {"n": 1})") ==
        "in -> parsed: it is a row (parsed)\n  {\"n\":1}\nparsed -> large: `where` takes it out: n > 3 "
        "(filtered)\n");
  CHECK_THAT(said(R"(trace in --header "a, b" --partition 3 {"n": 1} x)", true),
             Contains(R"({\"header\":\"a, b\",\"partition\":\"3\",\"record\":\"{\\\"n\\\": 1} x\"})"));
}

TEST_CASE("a replay is asked for until all letters have gone in, which are counted over all passes") {
  CHECK(said("replay parsed") ==
        "3 dead letters go into parsed, 1 was replayed before; the topology takes them in as it "
        "runs\n  not replayed, 1: of rows\n");
  CHECK_THAT(said("replay parsed", true), Contains(R"("replayed":3,"before":1)") && Catch::EndsWith("}\n"));
  CHECK(refused("replay x").code == ec::invalid_argument);
  CHECK(refused("replay").code == ec::invalid_argument);
}

TEST_CASE("dead letters are the newest, as many as are shown, with a word where there are more") {
  const auto few = carry_out(cluster, "dead-letters", {});
  REQUIRE(few);
  CHECK(few->text == "{\"id\":\"2\"}\n{\"id\":\"1\"}\n");
  CHECK(few->remark.empty());
  const auto pages_of = [](std::size_t letters, std::size_t bytes) {
    return [=, asked = std::make_shared<int>(0)](const api::request&) -> expected<api::answer> {
      // The pages have no end.
      return api::answers::dead_letters{std::vector<std::string>(letters, std::string(bytes, '1')),
                                        static_cast<std::uint64_t>(++*asked)};
    };
  };
  for (const auto& [letters, bytes, shown] :
       {std::tuple{70U, 1U, 200U}, std::tuple{200U, 1U, 200U}, std::tuple{1U, 1U << 20U, 4U}}) {
    const auto many = carry_out(pages_of(letters, bytes), "dead-letters", {"t", false});
    REQUIRE(many);
    CHECK(many->text.size() == shown * (bytes + 1U));
    CHECK(many->remark == "there are more; `millrace letters t` prints all, the oldest first");
  }
}

TEST_CASE("a stage that is not there is the cluster's word, with the one that was meant") {
  const auto no = refused("explain count");
  CHECK(no.code == ec::not_found);
  CHECK(no.whose != fault::user);  // exit status 1
  CHECK_THAT(no.message, Contains("no stage count") && Contains("did you mean \"counts\"?"));
}

TEST_CASE("a line that is not a command is the user's fault, and asks nobody") {
  for (const auto* wrong :
       {"", "explian counts", "explain", "stage a b", "nodes x", "trace in", "tap", "\x1b[2J"}) {
    const auto no = refused(wrong);
    CHECK(no.whose == fault::user);
    CHECK_THAT(no.message, !Contains("\x1b"));
  }
  CHECK_THAT(refused("explian counts").message, Contains("did you mean \"explain\"?"));
  CHECK_THAT(refused("explain").message, Contains("expected \"explain STAGE [KEY]\""));
  CHECK_THAT(refused("trace in --partition 3").message, Contains("there is no record"));
  CHECK(refused(R"(trace in --partition 3 --partition 4 {"n": 1})")
            .message.ends_with("--partition is given twice"));
  CHECK_THAT(refused(R"(trace in --header "a,b c)").message,
             Contains("--header takes a word, or a JSON string"));
  CHECK_THAT(refused("tap counts --sample 0").message, Contains("--sample takes a number"));
  CHECK_THAT(refused("tap --sample 3").message, Contains("expected \"tap EDGE [--sample N]\""));
}

TEST_CASE("every command stands in the help") {
  for (const auto& c : commands())
    CHECK_THAT(said("help"), Contains(std::string(c.name)));
}

TEST_CASE("of several topologies one has to be named") {
  const auto ask = [](const api::request&) -> expected<api::answer> {
    return api::answers::topologies{{{"t", {}, {}}, {"u", {}, {}}}};
  };
  const auto no = carry_out(ask, "ledger", {});
  REQUIRE_FALSE(no);
  CHECK_THAT(no.error().message, Contains("t, u") && Contains("--topology NAME"));
}
