// Tests a node's plan of a topology: its bytes, and the members, edges, lanes and pins that follow from it.
#include "actors/connectors/parquet/sink/parquet_file.hpp"
#include "config/plan/plan_model.hpp"
#include "config/secrets.hpp"
#include "runtime/base/earlier_format.hpp"
#include "runtime/data/carried_file.hpp"
#include "tests/unit/host/host_fixture.hpp"
#include "tests/unit/model/small_models.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

namespace millrace::host::test {
namespace {

using names = std::vector<std::string>;

hosted_plan small_plan() { return {"{}", "00ff", 4, {{"a", "1"}, {"b", ""}}}; }

planned_topology series(const std::string& on_error = "dead_letter") {
  return unfolded(plan_with(topology_text(series_of("x", on_error)), {{"parsed", {"a", "b", "c"}}}));
}

const control::member& member_called(const std::vector<control::member>& all, const std::string& name) {
  const auto found = std::ranges::find(all, name, &control::member::name);
  if (found == all.end())
    FAIL("no member is called " << name);
  return *found;
}

/// Says which actors are pinned to the node "here".
std::map<std::string, bool> pins_of(const planned_topology& p) {
  std::map<std::string, bool> out;
  for (const auto& a : actors_of(p.decided, *p.topology, "here")) {
    INFO(a.name);
    CHECK(a.node == (a.is_pinned ? "here" : ""));
    out[a.name] = a.is_pinned;
  }
  return out;
}

/// One source with a text parser, and a console.
planned_topology of_source(const std::string& source, const std::string& head = {}) {
  return unfolded(plan_with(topology_text(fmt::format(R"("in": {{ "source": {} }},
    "lines": {{ "parser": "text", "from": "in" }}, "out": {{ "sink": "console", "from": "lines" }})",
                                                      source),
                                          "t", head),
                            {{"lines", {"0"}}}));
}
bool is_source_pinned(const std::string& source) { return pins_of(of_source(source)).at("lines/lane0"); }
bool is_sink_pinned(const std::string& sink) {
  const auto p = unfolded(
      plan_with(topology_text(fmt::format(R"("in": {{ "source": "generator", "kind": "clicks", "count": 1 }},
    "lines": {{ "parser": "text", "from": "in" }}, "out": {{ "sink": {}, "from": "lines" }})",
                                          sink)),
                {{"lines", {"0"}}}));
  return pins_of(p).at("out");
}

}  // namespace

TEST_CASE("a plan is read as it was written") {
  CHECK(must(decode_plan(encode_plan(small_plan()))) == small_plan());
  CHECK(must(decode_plan(encode_plan({}))) == hosted_plan{});
}

TEST_CASE("a plan that is cut off or has more behind it is refused") {
  const auto bytes = encode_plan(small_plan());
  for (std::size_t n = 0; n < bytes.size(); ++n) {
    INFO(n << " of " << bytes.size());
    const auto cut = decode_plan(bytes.substr(0, n));
    REQUIRE_FALSE(cut);
    CHECK(cut.error().code == ec::corrupt);
  }
  CHECK(decode_plan(bytes + '\0').error().code == ec::corrupt);
}

TEST_CASE("the plan of a later run has what the runs before have left") {
  auto plan = plan_with(topology_text(series_of("x")), {{"parsed", {"a", "b"}}});
  CHECK(unfolded(plan).decided.run.number == 0);
  deployment::run_record run;
  run.number = 3;
  run.windows["counts"] = {{60'000'000, 7, 0, {}}, {60'000'000, 0, 0, {}}};
  plan.values[std::string(deployment::run_record_name)] = deployment::encode_run(run);
  REQUIRE(must(decode_plan(encode_plan(plan))) == plan);
  const auto p = unfolded(plan);
  CHECK(p.decided.run.number == 3);
  CHECK(p.decided.run.left_of("counts", 0).rows == 7);
  CHECK(p.decided.run.left_of("counts", 1).last_end == 60'000'000);
  REQUIRE(p.decided.layout.shards.size() == 3);
  CHECK(p.decided.layout.shards[0].name == "counts/3/0");
  plan.values[std::string(deployment::run_record_name)] = "?";
  CHECK(unfold(plan, must(load_plan(plan.text, "t"))).error().whose != fault::user);
}

TEST_CASE("a plan of an earlier version is refused by name") {
  auto bytes = encode_plan(small_plan());
  bytes[0] = '\x2';
  const auto earlier = decode_plan(bytes);
  REQUIRE_FALSE(earlier);
  CHECK(earlier.error().code == ec::unsupported);
  CHECK(earlier.error().message.find(build_of_earlier_formats) != std::string::npos);
}

TEST_CASE("a plan of a later version is told as such, with what to do") {
  auto bytes = encode_plan(small_plan());
  bytes[0] = '\x4';
  const auto later = decode_plan(bytes);
  REQUIRE_FALSE(later);
  CHECK(later.error().code == ec::unsupported);
  CHECK(later.error().message.find("update this node") != std::string::npos);
}

TEST_CASE("a plan that is wrong is refused with the reason and the place in the topology") {
  const auto wrong = load_plan(topology_text(R"("in": { "source": "none of them" })"), "clicks");
  REQUIRE_FALSE(wrong);
  CHECK(wrong.error().code == ec::invalid_argument);
  CHECK(wrong.error().message.find("none of them") != std::string::npos);
  CHECK(wrong.error().message.starts_with("clicks:1:"));
  CHECK(load_plan("{", "clicks").error().code == ec::invalid_argument);
}

TEST_CASE("a node fills in no variable of its environment, and shows none") {
  ::setenv("MILLRACE_T_NODE", "hunter22", 1);
  for (const auto* const variable :
       {"${MILLRACE_T_NODE}", "${MILLRACE_T_NODE:-x}", "${MILLRACE_T_NONE:-x}"}) {
    const auto refused =
        load_plan(topology_text(fmt::format(R"("in": {{ "source": "{}" }})", variable)), "clicks");
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == ec::invalid_argument);
    CHECK_THAT(refused.error().message,
               Catch::StartsWith("clicks:1:") &&
                   Catch::Contains("nodes fill in no variables; expected the value itself, as "
                                   "`millrace apply` fills it in"));
    CHECK_THAT(refused.error().message, !Catch::Contains("hunter22"));
  }
  ::unsetenv("MILLRACE_T_NODE");
}

TEST_CASE("a plan keeps its references to secrets, which are no part of the state's identity") {
  const auto with = [](const std::string& connection) {
    return must(load_plan(topology_text(fmt::format(R"("in": {{ "source": "file", "path": "x" }},
        "rows": {{ "parser": "text", "from": "in" }},
        "out": {{ "sink": "sql", "from": "rows", "table": "t", "connection": "{}" }})",
                                                    connection)),
                          "t"));
  };
  const auto referring = with("postgresql://u:${secret:db}@h/d");
  CHECK(referring->find("out")->options.text("connection") == "postgresql://u:${secret:db}@h/d");
  CHECK(referring->state_fingerprint == with("postgresql://u:${secret:other}@h/d")->state_fingerprint);
  CHECK_THAT(config::check_secrets(*referring, connectors()).error().message,
             Catch::StartsWith("t:3:") && Catch::Contains("stages.out.connection: ${secret:db}: ") &&
                 Catch::Contains("--secrets DIR"));
}

TEST_CASE("a plan carries its models: each node would read a file of its own") {
  const auto bytes = millrace::test::two_trees("5E-1", "[1,7,4]", R"(["a","b"])");
  const own_folder folder;
  const auto file = folder.write("model.json", bytes);
  const auto with = [&](const std::string& model) {
    return load_plan(R"json({ "millrace": 1, "topology": "t", "stages": {
      "in": { "source": "file", "path": "in.csv" },
      "rows": { "parser": "csv", "from": "in", "schema": { "a": "double", "b": "double" } },
      "scored": { "transform": "model", "from": "rows", "model": ")json" +
                         model + R"json(", "column": "p" },
      "out": { "sink": "console", "from": "scored" } } })json",
                     "t");
  };
  const auto refused = with(file);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().message.find("stage \"scored\" names a model's file, and nodes read none") !=
        std::string::npos);
  const auto taken = must(with(millrace::data::carried(bytes)));
  CHECK(config::model_of(*taken->find("scored"))->bytes == bytes);
}

TEST_CASE("a node asks no registry for the columns of a plan, which `apply` has asked for") {
  const auto refused = load_plan(R"json({ "millrace": 1, "topology": "t", "stages": {
      "in": { "source": "kafka", "brokers": "localhost:9092", "topic": "t" },
      "rows": { "parser": "avro", "from": "in", "subject": "t-value", "registry": "http://127.0.0.1:1" },
      "out": { "sink": "console", "from": "rows" } } })json",
                                 "t");
  REQUIRE_FALSE(refused);
  CHECK_THAT(refused.error().message,
             Catch::Contains("stages.rows.subject: nodes ask no registry for columns; expected "
                             "the schema itself as \"schema_file\""));
}

TEST_CASE("a node whose tzdata is another one than the plan's tells so, where windows or parsers go by it") {
  const auto with = [](const std::string& zone, const std::string& of_column = "") {
    return must(load_plan(R"json({ "millrace": 1, "topology": "t", "stages": {
      "in": { "source": "file", "path": "in.csv" },
      "rows": { "parser": "csv", "from": "in", "event_time": "t", "schema": { "t": { "type": "timestamp")json" +
                              of_column + R"json( } } },
      "days": { "window": "tumbling", "size": "1 day", "from": "rows", )json" +
                              zone + R"json( "aggregates": { "n": "count(*)" } },
      "out": { "sink": "console", "from": "days" } } })json",
                          "t"));
  };
  const auto local = with(R"("zone": "Europe/Berlin",)");
  const auto plain = with("");
  hosted_plan p;
  CHECK(other_zones(p.values, *local).empty());  // an older version did not keep it
  keep_zones(p, *local);
  REQUIRE(p.values.size() == 1);
  CHECK(other_zones(p.values, *local).empty());
  p.values.begin()->second = "1999z";
  CHECK(other_zones(p.values, *plain).empty());
  CHECK(other_zones(p.values, *local).find("its plan was made with tzdata 1999z, and this node has ") !=
        std::string::npos);
  const auto parsed = with("", R"(, "zone": "Europe/Berlin")");
  CHECK(other_zones(p.values, *parsed).find("tzdata 1999z") != std::string::npos);
  keep_zones(p, *parsed);
  CHECK(other_zones(p.values, *parsed).empty());
  keep_zones(p, *plain);
  CHECK(p.values.empty());
}

TEST_CASE("each node unfolds the same layout from the same plan") {
  const auto text = topology_text(series_of("x"));
  const auto one = unfolded(plan_with(text, {{"parsed", {"a", "b", "c"}}}));
  const auto other = unfolded(plan_with(text, {{"parsed", {"a", "b", "c"}}}));
  CHECK(one.decided.layout == other.decided.layout);
  CHECK(one.decided.layout.lanes.size() == 2);
  CHECK(one.state_id == "0123456789abcdef0123456789abcdef");
  CHECK(one.values.contains(deployment::starts_name("parsed")));
  CHECK_FALSE(one.decided.layout == unfolded(plan_with(text, {{"parsed", {"a", "b"}}}, 1)).decided.layout);
}

TEST_CASE("partitions that an earlier run has read to their end are not read again") {
  auto p = plan_with(topology_text(series_of("x")), {});
  p.values[deployment::starts_name("parsed")] =
      deployment::encode_starts({{"a", {}, false, true}, {"b", {0, 7}}});
  const auto found = unfolded(p).decided.partitions.at("parsed");
  REQUIRE(found.size() == 1);
  CHECK(found[0].name == "b");
  CHECK(found[0].start == position{0, 7});
}

TEST_CASE("a plan without the start positions of a parser, or with damaged ones, is corrupt") {
  auto p = plan_with(topology_text(series_of("x")), {});
  const auto topology = must(load_plan(p.text, "t"));
  const auto missing = unfold(p, topology);
  REQUIRE_FALSE(missing);
  CHECK(missing.error().code == ec::corrupt);
  CHECK(missing.error().message.find("parsed") != std::string::npos);
  p.values[deployment::starts_name("parsed")] = "\x5";
  CHECK_FALSE(unfold(p, topology));
}

TEST_CASE("a director hears of members what a supervisor of one process would have") {
  const auto all = members_of(series().decided.layout);
  CHECK(all.size() == 8);  // three sinks, three shards, two lanes
  using control::member_kind;
  const auto& lane = member_called(all, "parsed/lane0");
  CHECK(lane.kind == member_kind::lane);
  CHECK(lane.parser == "parsed");
  CHECK(lane.receivers == names{"dead_letters", "counts/0/0", "counts/0/1", "raw"});
  CHECK(lane.partitions == 2);
  CHECK(member_called(all, "parsed/lane1").partitions == 1);
  CHECK_FALSE(lane.limits_drift);
  const auto& shard = member_called(all, "hours/0/0");
  CHECK(shard.kind == member_kind::shard);
  CHECK(shard.log == "hours/0/0");
  CHECK(shard.upstream == std::vector<log_id>{"counts/0/0", "counts/0/1"});
  const auto& sink = member_called(all, "table");
  CHECK(sink.kind == member_kind::sink);
  CHECK(sink.upstream == std::vector<log_id>{"hours/0/0"});
  CHECK_FALSE(sink.takes_dead_letters);
  CHECK(member_called(all, "dead_letters").takes_dead_letters);
}

TEST_CASE("lanes limit drift where their parser asks for it and there are others to wait for") {
  auto l = series().decided.layout;
  for (auto& x : l.lanes)
    x.max_drift = micros(1);
  CHECK(member_called(members_of(l), "parsed/lane0").limits_drift);
  l.lanes.pop_back();
  CHECK_FALSE(member_called(members_of(l), "parsed/lane0").limits_drift);
}

TEST_CASE("placement hears of each actor its kind, its group, and whether a node's disk holds it") {
  const auto p = series();
  const auto specs = actors_of(p.decided, *p.topology, "here");
  const auto called = [&](const std::string& name) {
    const auto found = std::ranges::find(specs, name, &cluster::actor_spec::name);
    REQUIRE(found != specs.end());
    return *found;
  };
  using cluster::actor_kind;
  CHECK(specs.size() == 8);
  CHECK(called("parsed/lane1") ==
        cluster::actor_spec{"parsed/lane1", actor_kind::lane, "parsed", true, "here"});
  CHECK(called("counts/0/1") == cluster::actor_spec{"counts/0/1", actor_kind::shard, "counts", false, ""});
  CHECK(called("table") == cluster::actor_spec{"table", actor_kind::sink, "table", true, "here"});
}

TEST_CASE("a lane is pinned where its source is a file, and free where a server is asked") {
  CHECK(is_source_pinned(R"("file", "path": "x")"));
  CHECK_FALSE(is_source_pinned(R"("kafka", "brokers": "nowhere:1", "topic": "rows")"));
  CHECK_FALSE(is_source_pinned(R"("generator", "kind": "clicks", "count": 1)"));
}

TEST_CASE(
    "what receives begins on the node that was asked, and may go elsewhere unless two parsers read it") {
  const std::string api = R"("http_server", "listen": "127.0.0.1:8099", "routes": { "/": {} })";
  const auto spec_of = [](const planned_topology& p, const std::string& name) {
    const auto all = actors_of(p.decided, *p.topology, "here", {});
    const auto found = std::ranges::find(all, name, &cluster::actor_spec::name);
    REQUIRE(found != all.end());
    return *found;
  };
  CHECK(spec_of(of_source(api + R"(, "node": "b")"), "lines/lane0") ==
        cluster::actor_spec{"lines/lane0", cluster::actor_kind::lane, "lines", true, "b"});
  const auto alone = spec_of(of_source(api), "lines/lane0");
  CHECK_FALSE(alone.is_pinned);
  CHECK(alone.node == "here");
  const auto twice = unfolded(plan_with(
      topology_text(
          R"("in": { "source": )" + api +
          R"( }, "lines": { "parser": "text", "from": "in" }, "again": { "parser": "text", "from": "in" },
                        "out": { "sink": "console", "from": "lines" }, "more": { "sink": "console", "from": "again" })"),
      {{"lines", {"spool"}}, {"again", {"spool"}}}));
  CHECK(spec_of(twice, "lines/lane0").is_pinned);
  CHECK(spec_of(twice, "again/lane0").is_pinned);
}

TEST_CASE("a sink is pinned where its target lies on a node's disk or is its terminal") {
  CHECK(is_sink_pinned(R"("file", "path": "x")"));
  CHECK(is_sink_pinned(R"("console")"));
  if (sink::load_parquet()) {
    CHECK(is_sink_pinned(R"("parquet", "path": "x")"));
    CHECK_FALSE(is_sink_pinned(R"("parquet", "connection": "webhdfs://localhost:1", "path": "/x")"));
    // A sink with a node stages its rows there.
    CHECK(
        is_sink_pinned(R"("parquet", "connection": "webhdfs://localhost:1", "path": "/x", "node": "here")"));
  }
  CHECK(is_sink_pinned(R"("sql", "connection": "sqlite3:///tmp/x", "table": "t")"));
  CHECK_FALSE(is_sink_pinned(R"("sql", "connection": "postgresql://localhost/x", "table": "t")"));
  CHECK_FALSE(is_sink_pinned(R"("kafka", "brokers": "nowhere:1", "topic": "rows")"));
}

TEST_CASE("dead letters are pinned with their sink; without one they are in the store, and free") {
  const auto pinned = [](const std::string& head) {
    return pins_of(of_source(R"("kafka", "brokers": "nowhere:1", "topic": "rows")", head)).at("dead_letters");
  };
  CHECK_FALSE(pinned(""));
  CHECK(pinned(R"("dead_letters": { "sink": "file", "path": "x" },)"));
  CHECK_FALSE(pinned(R"("dead_letters": { "sink": "kafka", "brokers": "nowhere:1", "topic": "bad" },)"));
}

TEST_CASE("edges are all pairs of actors that frames, output or refused rows go between") {
  const auto all = edges_of(series().decided.layout);
  const std::vector<link::edge_name> expected{
      {"parsed/lane0", "dead_letters"}, {"parsed/lane0", "counts/0/0"},   {"parsed/lane0", "counts/0/1"},
      {"parsed/lane0", "raw"},          {"parsed/lane1", "dead_letters"}, {"parsed/lane1", "counts/0/0"},
      {"parsed/lane1", "counts/0/1"},   {"parsed/lane1", "raw"},          {"counts/0/0", "hours/0/0"},
      {"counts/0/0", "dead_letters"},   {"counts/0/1", "hours/0/0"},      {"counts/0/1", "dead_letters"},
      {"hours/0/0", "table"},           {"table", "dead_letters"},        {"raw", "dead_letters"}};
  CHECK(all == expected);
}

TEST_CASE("lanes are told whether a record that fails ends the run") {
  CHECK(lanes_of(series()) == std::map<std::string, bool>{{"parsed/lane0", false}, {"parsed/lane1", false}});
  CHECK(lanes_of(series("fail")) ==
        std::map<std::string, bool>{{"parsed/lane0", true}, {"parsed/lane1", true}});
}

TEST_CASE("a partition's log is named by its plan") {
  const auto p = series();
  CHECK(log_of(p.decided, "parsed", "a") == p.decided.plans[0]->log("a"));
  CHECK(log_of(p.decided, "nobody", "a") == "nobody/a");
}

}  // namespace millrace::host::test
