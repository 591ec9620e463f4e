// A topology that has ended is applied again: the plan of its next run, or why there is none.
#include "runtime/delivery/shard.hpp"
#include "runtime/window/shard_windows.hpp"
#include "tests/unit/delivery/frames.hpp"
#include "tests/unit/host/applied_here.hpp"

#include <algorithm>
#include <fstream>
#include <optional>

namespace millrace::host::test {
namespace {

/// A base as a shard of the window leaves it in the run. `last_end`: of the windows that it has fired; none: it has not come
/// to the end.
snapshot::snapshots::chain snapshots_of(const std::string& window, std::uint64_t run,
                                        std::optional<event_micros> last_end) {
  const auto topology = must(load_plan(topology_text(series_of("x")), "t"));
  const auto& definition = std::get<config::window_plan>(topology->find(window)->plan).definition;
  delivery::shard_core::setup s;
  s.log = window + "/" + std::to_string(run) + "/0";
  s.life = 1;
  s.run = run;
  s.logs = {{"a", {{}, no_watermark}}};
  s.earlier.last_end = last_end.value_or(no_watermark);
  s.earlier.rows = 5;
  delivery::shard_core core(std::move(s), window::make_shard_windows(definition));
  if (last_end)
    (void)core.take(delivery::test::frame("a", core.ask("a", 1)->stamp, 0, 1, end_of_time));
  snapshot::snapshots::chain out;
  out.base = core.capture_all();
  return out;
}

/// It has read its file to the end, and all its shards have fired up to some mark.
struct ended_here : applied_here {
  ended_here() {
    record();
    end(0);
    options.snapshots_of = [this](const std::string& shard) {
      asked.push_back(shard);
      return expected<snapshot::snapshots::chain>(left.at(shard));
    };
  }
  /// The plan that the cluster has has ended.
  void end(std::uint64_t run) {
    options.before->status = cluster::topology_status::finished;
    kept->all = must(decode_plan(options.before->plan)).values;
    options.kept = kept;
    left = {{"counts/0", snapshots_of("counts", run, 60'000'000)},
            {"counts/1", snapshots_of("counts", run, 120'000'000)},
            {"hours/0", snapshots_of("hours", run, 3'600'000'000)}};
  }
  void more() const {
    std::ofstream(input, std::ios::app) << R"({"k": "b", "at": "2020-01-01T00:00:05Z"})"
                                        << "\n";
  }
  [[nodiscard]] error refusal() const {
    const auto refused = prepare_apply(options);
    REQUIRE_FALSE(refused);
    return refused.error();
  }
  std::map<std::string, snapshot::snapshots::chain> left;
  std::vector<std::string> asked;
};

std::vector<deployment::started_partition> starts_in(const hosted_plan& p) {
  return must(deployment::decode_starts(p.values.at(deployment::starts_name("parsed"))));
}

}  // namespace

TEST_CASE(
    "one that has ended is applied again as it was while there is nothing new, and no snapshot is read") {
  const ended_here e;
  CHECK(e.prepared().plan == e.options.before->plan);
  CHECK(e.asked.empty());
}

TEST_CASE("where an ended one has more to read, the plan is that of its next run") {
  ended_here e;
  const auto before = must(decode_plan(e.options.before->plan));
  e.more();
  const auto record = e.prepared();
  CHECK(record.generation == 1);  // the generation that it goes on from
  const auto plan = must(decode_plan(record.plan));
  CHECK(plan.state_id == before.state_id);
  CHECK(plan.values.at(deployment::identity_name("in")) != before.values.at(deployment::identity_name("in")));
  const auto run = must(run_of(plan));
  CHECK(run.number == 1);
  for (std::uint32_t n = 0; n < 2; ++n) {
    CHECK(run.left_of("counts", n).last_end == 120'000'000);
    CHECK(run.left_of("counts", n).rows == 5);
  }
  CHECK(run.left_of("hours", 0).last_end == 3'600'000'000);
  const auto starts = starts_in(plan);
  REQUIRE(starts.size() == 1);
  CHECK_FALSE(starts[0].over);
  CHECK(starts[0].start > starts_in(before)[0].start);
  CHECK(std::ranges::count(record.actors, "counts/1/0", &cluster::actor_spec::name) == 1);
  CHECK(std::ranges::count(record.actors, "counts/0/0", &cluster::actor_spec::name) == 0);

  // The topology is applied again with its own plan while that run goes on, also if its files grow meanwhile.
  e.options.before = cluster::topology_state{record.plan, 2};
  CHECK(e.prepared().plan == record.plan);

  e.end(1);
  CHECK(e.prepared().plan == record.plan);
  e.more();
  const auto third = e.plan();
  CHECK(must(run_of(third)).number == 2);
  CHECK(starts_in(third)[0].start > starts[0].start);
}

TEST_CASE("what the lanes have learned of their files counts, not what the plan had of them") {
  ended_here e;
  e.more();
  const auto by_plan = e.plan();
  e.kept->all[deployment::identity_name("in")] = by_plan.values.at(deployment::identity_name("in"));
  e.more();
  CHECK(starts_in(e.plan())[0].start > starts_in(by_plan)[0].start);
}

TEST_CASE("a partition that an earlier run has found is no part of the next one") {
  ended_here e;
  auto plan = must(decode_plan(e.options.before->plan));
  auto starts = starts_in(plan);
  starts.push_back({"input/later", {0, 3}, true});
  plan.values[deployment::starts_name("parsed")] = deployment::encode_starts(starts);
  e.options.before->plan = encode_plan(plan);
  e.options.before->starts[{"parsed", "input/later"}] = {
      "parsed/later", {{0, 3}, no_watermark}, "parsed/lane0"};
  e.end(0);
  e.more();
  const auto next = starts_in(e.plan());
  REQUIRE(next.size() == 2);
  CHECK_FALSE(next[0].over);
  CHECK(next[1].over);
  const auto p = unfolded(e.plan());
  CHECK(p.decided.partitions.at("parsed").size() == 1);
}

TEST_CASE(
    "a partition that was found at the very end is read by the present run before the next one begins") {
  ended_here e;
  e.options.before->starts[{"parsed", "input/later"}] = {
      "parsed/later", {{0, 3}, no_watermark}, "parsed/lane0"};
  const auto plan = e.plan();
  CHECK(must(run_of(plan)).number == 0);
  CHECK(starts_in(plan).size() == 2);
  e.more();  // its files have to be as they were
  CHECK(e.refusal().code == ec::mismatch);
  CHECK(e.asked.empty());
}

TEST_CASE("what an ended one cannot take is refused, with the reason and the way of a cluster") {
  ended_here e;
  SECTION("a shard that says nothing of what it has fired") {
    e.left["counts/1"] = {};
    e.more();
    CHECK(e.refusal().message.find("no snapshot says which windows shard 1 has fired") != std::string::npos);
    CHECK(e.refusal().message.find("begin anew with `millrace apply FILE --fresh`") != std::string::npos);
    CHECK(e.refusal().stage == "counts");
  }
  SECTION("a shard that has not come to the end") {
    e.left["counts/0"] = snapshots_of("counts", 0, std::nullopt);
    e.more();
    CHECK(e.refusal().message.find("shard 0") != std::string::npos);
  }
  SECTION("snapshots that cannot be read") {
    e.options.snapshots_of = [](const std::string&) -> expected<snapshot::snapshots::chain> {
      return outside_error(ec::unavailable, "the store is away");
    };
    e.more();
    CHECK(e.refusal().message == "the store is away");
  }
  SECTION("a file that is other than it was") {
    std::ofstream(e.input) << R"({"k": "c", "at": "2021-01-01T00:00:00Z"})"
                           << "\n\n\n";
    CHECK(e.refusal().code == ec::mismatch);
    CHECK(e.refusal().message.find("`millrace apply FILE --fresh`") != std::string::npos);
  }
}

}  // namespace millrace::host::test
