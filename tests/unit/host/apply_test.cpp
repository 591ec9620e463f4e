// Tests the decisions when a topology is applied: by reading it and asking its sources, before anything is
// recorded.
#include "actors/deployment/parsed_by.hpp"
#include "tests/unit/host/applied_here.hpp"

#include <algorithm>

namespace millrace::host::test {
namespace {

/// The topology whose parser has one column more.
std::string mended(const applied_here& a) {
  auto stages = series_of(a.input);
  const std::string column = R"("k": "text")";
  stages.replace(stages.find(column), column.size(), column + R"(, "more": "text")");
  return topology_text(stages);
}

std::string fingerprint_in(const hosted_plan& p) {
  return p.values.at(std::string(config::fingerprint_name));
}

}  // namespace

TEST_CASE("a topology is prepared with a state of its own, its lanes, and where its partitions start") {
  const applied_here a;
  const auto record = a.prepared();
  CHECK(record.topology == "t");
  const auto plan = must(decode_plan(record.plan));
  CHECK(plan.text == a.options.text);
  CHECK(plan.lanes == 3);
  CHECK(plan.state_id.size() == 32);
  CHECK(plan.state_id.find_first_not_of("0123456789abcdef") == std::string::npos);
  CHECK(plan.state_id != a.plan().state_id);
  const auto starts = must(deployment::decode_starts(plan.values.at(deployment::starts_name("parsed"))));
  REQUIRE(starts.size() == 1);

  const auto l = unfolded(plan).decided.layout;
  REQUIRE(record.actors.size() == l.lanes.size() + l.shards.size() + l.sinks.size());
  const auto lane = std::ranges::find(record.actors, "parsed/lane0", &cluster::actor_spec::name);
  REQUIRE(lane != record.actors.end());
  CHECK(lane->is_pinned);
  CHECK(lane->node == "here");
}

TEST_CASE(
    "a topology is refused under another name, where its text is wrong, and where its source is not there") {
  applied_here a;
  a.options.topology = "other";
  const auto name = prepare_apply(a.options);
  REQUIRE_FALSE(name);
  CHECK(name.error().code == ec::invalid_argument);
  CHECK(name.error().whose == fault::user);
  CHECK(name.error().message == "the topology is called t, not other");

  const auto text = prepare_apply(a.with_text("{"));
  REQUIRE_FALSE(text);
  CHECK(text.error().code == ec::invalid_argument);

  const auto away = prepare_apply(a.with_text(topology_text(series_of(a.folder / "no such file"))));
  REQUIRE_FALSE(away);
  CHECK(away.error().message.find("no such file") != std::string::npos);
}

TEST_CASE("applied again, a topology keeps its state, its lanes and its start positions") {
  applied_here a;
  a.record();
  const auto before = must(decode_plan(a.options.before->plan));
  a.options.lanes = 16;
  a.options.text = topology_text(series_of(a.input), "t", R"("commit_every": "300 ms",)");
  const auto again = a.plan();
  CHECK(again.text == a.options.text);
  CHECK(again.state_id == before.state_id);
  CHECK(again.lanes == 3);
  CHECK(again.values == before.values);
}

TEST_CASE("applied again, a topology's plan has the partitions that were found since, with their starts") {
  applied_here a;
  a.record();
  auto& before = *a.options.before;
  before.starts[{"parsed", "input/later"}] = {"parsed/later", {{0, 3}, no_watermark}, "parsed/lane1"};
  const auto again = a.plan();
  const auto starts = must(deployment::decode_starts(again.values.at(deployment::starts_name("parsed"))));
  REQUIRE(starts.size() == 2);
  CHECK(starts[1].name == "input/later");
  CHECK(starts[1].start == position{0, 3});
  CHECK(starts[1].found_later);
}

TEST_CASE(
    "a stage with a node runs there; one that is not the cluster's, or has the source's files, is told") {
  applied_here a;
  a.options.nodes = {"here", "there"};
  const auto home = [&](const std::string& actor) {
    const auto record = a.prepared();
    const auto found = std::ranges::find(record.actors, actor, &cluster::actor_spec::name);
    REQUIRE(found != record.actors.end());
    return found->is_pinned ? found->node : "any";
  };
  const auto with_nodes = [&](const std::string& of_source, const std::string& of_sink) {
    auto stages = series_of(a.input);
    const auto put = [&](const std::string& behind, const std::string& node) {
      const auto at = stages.find(behind);
      REQUIRE(at != std::string::npos);
      if (!node.empty())
        stages.insert(at + behind.size(), R"(, "node": ")" + node + '"');
    };
    put(R"("source": "file")", of_source);
    put(R"("sink": "file")", of_sink);
    return topology_text(stages);
  };
  a.options.text = with_nodes("", "there");
  CHECK(home("raw") == "there");
  CHECK(home("table") == "here");
  CHECK(home("parsed/lane0") == "here");
  CHECK(home("counts/0/0") == "any");

  auto o = a.with_text(with_nodes("", "nowhere"));
  o.nodes = a.options.nodes;
  const auto nowhere = prepare_apply(o);
  REQUIRE_FALSE(nowhere);
  CHECK(nowhere.error().message == "raw: the cluster has no node \"nowhere\"; it has here, there");
  o.text = with_nodes("there", "");
  const auto away = prepare_apply(o);
  REQUIRE_FALSE(away);
  CHECK(away.error().message ==
        "in: its files are on node there, and node here was asked; ask that one (--connect)");
}

TEST_CASE("the plan of a topology that was stopped or has failed starts it again") {
  using cluster::topology_status;
  applied_here a;
  a.record();
  cluster::control_state state;
  auto& t = state.topologies["t"] = *a.options.before;
  for (const auto status : {topology_status::stopped, topology_status::failed}) {
    t.status = status;
    CHECK(must(text_to_start(state, "t")) == a.options.text);
  }
  const auto refusal = [&](topology_status status) {
    t.status = status;
    return text_to_start(state, "t").error().message;
  };
  CHECK(refusal(topology_status::running) == "the topology t runs already");
  CHECK(refusal(topology_status::stopping) == "the topology t is stopping; start it once it has stopped");
  CHECK(refusal(topology_status::finished) ==
        "the topology t has ended; `millrace apply` takes what its files have got since");
  CHECK(text_to_start(state, "u").error().code == ec::not_found);
}

TEST_CASE("applied again at another node, what lies on a disk stays where it is") {
  applied_here a;
  const auto first = a.prepared();
  a.options.before = cluster::topology_state{first.plan, 1};
  for (const auto& spec : first.actors)
    a.options.before->actors[spec.name].spec = spec;
  a.options.node = "there";
  const auto files = prepare_apply(a.options);
  REQUIRE_FALSE(files);
  CHECK(files.error().message ==
        "in: its files are on node here, and node there was asked; ask that one (--connect)");
  // Its files were forgotten with their node; the sink's were not.
  for (auto& [name, actor] : a.options.before->actors)
    if (actor.spec.kind == cluster::actor_kind::lane)
      actor.spec.node.clear();
  for (const auto& spec : a.prepared().actors)
    if (spec.is_pinned)
      CHECK(spec.node == (spec.kind == cluster::actor_kind::lane ? "there" : "here"));
}

TEST_CASE("a topology that does not fit the state of the one before is refused, and what to do is said") {
  applied_here a;
  a.record();
  auto stages = series_of(a.input);
  const std::string size = R"("size": "1 min")";
  stages.replace(stages.find(size), size.size(), R"("size": "2 min")");
  a.options.text = topology_text(stages);
  const auto refused = prepare_apply(a.options);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == ec::mismatch);
  CHECK(refused.error().message.find("counts") != std::string::npos);
  CHECK(refused.error().message.find("or begin anew with `millrace apply FILE --fresh`") !=
        std::string::npos);
}

TEST_CASE(
    "a topology that begins anew takes nothing of the state before but the nodes of what lies on a disk") {
  applied_here a;
  a.record_stopped();
  a.options.before->generation = 4;
  const auto before = must(decode_plan(a.options.before->plan));
  a.options.before->starts[{"parsed", "input/later"}] = {
      "parsed/later", {{0, 3}, no_watermark}, "parsed/lane1"};
  auto stages = series_of(a.input);
  stages.replace(stages.find("1 min"), 5, "2 min");
  a.options.text = topology_text(stages);
  a.options.begins_anew = true;
  a.options.lanes = 2;
  const auto record = a.prepared();
  CHECK(record.begins_anew);
  CHECK(record.generation == 4);
  const auto plan = must(decode_plan(record.plan));
  CHECK(plan.state_id != before.state_id);
  CHECK(plan.lanes == 2);
  CHECK(plan.values.contains(std::string(begins_anew_name)));
  CHECK(must(deployment::decode_starts(plan.values.at(deployment::starts_name("parsed")))).size() == 1);
  a.options.node = "there";
  CHECK_FALSE(prepare_apply(a.options));  // its files are here
  a.options.node = "here";
  // It stays so for the next plan of that state; and a plan that nobody can read is replaced as well.
  a.record();
  a.options.begins_anew = false;
  CHECK(a.plan().values.contains(std::string(begins_anew_name)));
  CHECK_FALSE(a.prepared().begins_anew);
  a.options.before->plan = "";
  a.options.begins_anew = true;
  CHECK(must(stops_first(*a.options.before, a.prepared())));
}

TEST_CASE("sinks adopt for as long as the plan stays that says so") {
  applied_here a;
  CHECK_FALSE(a.plan().values.contains(std::string(adopts_name)));
  a.options.adopts = true;
  a.record();
  CHECK(must(decode_plan(a.options.before->plan)).values.contains(std::string(adopts_name)));
  CHECK_FALSE(must(stops_first(*a.options.before, a.prepared())));
  a.options.adopts = false;
  CHECK_FALSE(a.plan().values.contains(std::string(adopts_name)));
}

TEST_CASE("a topology that runs stops in order before a mended parser, and for no other change") {
  applied_here a;
  a.record();
  const auto before = must(decode_plan(a.options.before->plan));
  CHECK_FALSE(must(stops_first(*a.options.before, must(prepare_apply(a.options)))));
  a.options.text = mended(a);
  CHECK(must(stops_first(*a.options.before, must(prepare_apply(a.options)))));
  a.options.before->status = cluster::topology_status::stopped;
  CHECK_FALSE(must(stops_first(*a.options.before, must(prepare_apply(a.options)))));
  const auto now = a.plan();
  CHECK(fingerprint_in(now) != fingerprint_in(before));
}

TEST_CASE("a state that was copied from a run goes on, with as many lanes as the cluster has") {
  applied_here a;
  a.record_stopped();
  auto plan = must(decode_plan(a.options.before->plan));
  const auto old = fingerprint_in(plan);
  plan.text.clear();
  plan.lanes = 0;
  a.options.before->plan = encode_plan(plan);
  CHECK(a.plan().lanes == 3);
  a.options.text = mended(a);
  CHECK(a.plan().lanes == 3);
  // Its lane has not begun by the mended parser, and its partition goes to no other one before.
  a.kept->all[deployment::parsed_by_name("parsed/lane0")] = "topology older\n";
  CHECK(a.plan().lanes == 1);
  a.kept->all[deployment::parsed_by_name("parsed/lane0")] = old;
  CHECK(a.plan().lanes == 3);
  auto stages = series_of(a.input);
  stages.replace(stages.find("1 min"), 5, "2 min");
  a.options.text = topology_text(stages);
  CHECK(prepare_apply(a.options).error().code == ec::mismatch);
}

TEST_CASE("a lane that gets partitions of others has parsed by the topology by which they have") {
  applied_here a;
  const auto more = a.folder.write("more.json", R"({"k": "b", "at": "2020-01-01T00:00:00Z"})"
                                                "\n");
  auto stages = series_of((a.folder.path() / "*.json").string());
  stages.replace(stages.find(R"("path": )"), 0, R"("parallel": true, )");
  a.options.text = topology_text(stages);
  a.options.lanes = 1;
  a.record_stopped();
  const auto old = fingerprint_in(must(decode_plan(a.options.before->plan)));
  a.options.lanes = 2;
  CHECK(a.plan().lanes == 1);
  CHECK(a.kept->all.empty());
  a.options.is_alone = true;
  CHECK(a.plan().lanes == 2);
  CHECK(a.kept->all == decltype(a.kept->all){{deployment::parsed_by_name("parsed/lane1"), old}});
}

TEST_CASE("another tzdata than the plan before was made with is other parsing") {
  applied_here a;
  auto stages = series_of(a.input);
  const std::string column = R"("at": "timestamp")";
  stages.replace(stages.find(column), column.size(),
                 R"("at": { "type": "timestamp", "zone": "Asia/Tokyo" })");
  a.options.text = topology_text(stages);
  a.record();
  auto plan = must(decode_plan(a.options.before->plan));
  auto& made_by = plan.values.at(std::string(config::fingerprint_name));
  const auto at = made_by.find("tzdata ");
  REQUIRE(at != std::string::npos);
  made_by.replace(at, made_by.find('\n', at) - at, "tzdata 1999z");
  a.options.before->plan = encode_plan(plan);
  CHECK(must(stops_first(*a.options.before, must(prepare_apply(a.options)))));
}

TEST_CASE("an earlier plan that this version reads no more does not stand in the way; a damaged one does") {
  applied_here a;
  a.options.before = cluster::topology_state{encode_plan(plan_with("{}", {}, 5)), 1};
  CHECK(a.plan().lanes == 5);
  a.options.before->plan = "";
  CHECK(prepare_apply(a.options).error().code == ec::corrupt);
}

}  // namespace millrace::host::test
