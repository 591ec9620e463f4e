// make_layout(): who runs for a topology, and what each has to do with whom.
#include "actors/catalog.hpp"
#include "actors/deployment/layout.hpp"
#include "config/text/report.hpp"
#include "tests/support/planned.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <filesystem>
#include <random>

using namespace millrace;
using namespace millrace::deployment;
namespace fs = std::filesystem;

namespace {

struct planned {
  std::shared_ptr<const config::topology> topology;
  lane_plans plans;

  [[nodiscard]] layout with(const partitions_of_plans& partitions, std::size_t lanes = 1,
                            std::uint64_t run = 0) const {
    return make_layout(*topology, plans, partitions, run, {lanes});
  }
};

std::optional<planned> plan_of(const fs::path& file) {
  auto loaded = config::load({file.string(), {}, {}}, connectors());
  for (const auto& f : loaded.findings)
    UNSCOPED_INFO(config::to_string(f));
  if (!loaded.plan)
    return std::nullopt;
  auto topology = std::make_shared<const config::topology>(std::move(*loaded.plan));
  return planned{topology, lane::lane_plans(topology)};
}

planned plan_of_stages(const std::string& head, const std::string& stages) {
  auto topology = test::planned(stages, head);
  return {topology, lane::lane_plans(topology)};
}

/// Lines that every layout of these tests has alike.
std::string without_limits(const std::string& text) {
  std::string out;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);)
    out += line.substr(0, std::min(line.find("; keeps "), line.find("; credit "))) + "\n";
  return out;
}

planned series() {
  return plan_of_stages(R"("commit_every": "200 ms", )", R"json(
    "in": { "source": "file", "path": "x", "rate": "30/s" },
    "parsed": { "parser": "json", "from": "in", "schema": { "k": "text", "at": "timestamp" }, "event_time": "at" },
    "counts": { "window": "tumbling", "size": "1 min", "allowed_lateness": "5 s", "shards": 2, "from": "parsed", "key": ["k"],
                "aggregates": { "n": "count(*)" } },
    "hours": { "window": "tumbling", "size": "1 h", "shards": 1, "from": "counts", "aggregates": { "most": "max(n)" } },
    "late": { "sink": "file", "path": "late", "from": "counts.late" },
    "table": { "sink": "console", "from": "hours" },
    "raw": { "sink": "file", "path": "raw", "from": "parsed" })json");
}

}  // namespace

TEST_CASE("a layout names lanes, shards and sinks, what feeds each and who takes what it gives") {
  const auto text = without_limits(
      to_text(series().with({{"parsed", {{"a", {}}, {"b", {0, 7}}, {"c", {2, 0}, true}}}}, 2, 3)));
  CHECK(text == R"(topology t, run 3
lane parsed/lane0: reads a, c; to dead_letters, counts/3/0, counts/3/1, late, raw; rate 15/s
lane parsed/lane1: reads b; to dead_letters, counts/3/0, counts/3/1, late, raw; rate 15/s
shard counts/3/0: window counts; from parsed/a, parsed/b at 0/7; found later parsed/c at 2/0; to hours/3/0, dead_letters; lateness 5 s; snapshots every 1 s
shard counts/3/1: window counts; from parsed/a, parsed/b at 0/7; found later parsed/c at 2/0; to hours/3/0, dead_letters; lateness 5 s; snapshots every 1 s
shard hours/3/0: window hours; upstream counts/3/0, counts/3/1; to table; snapshots every 1 s
sink late: commits every 0.2 s; from parsed/a, parsed/b at 0/7, parsed/c at 2/0
sink table: commits every 0.2 s; upstream hours/3/0; gives up a target that stays away
sink raw: commits every 0.2 s; from parsed/a, parsed/b at 0/7, parsed/c at 2/0
sink dead_letters: commits every 0.2 s; from parsed/a, parsed/b at 0/7, parsed/c at 2/0, refused/late, refused/raw, refused/table; upstream counts/3/0, counts/3/1
)");
}

TEST_CASE("shards share what their stage may keep, and a plan's lanes its rate") {
  const auto l = series().with({{"parsed", {{"a", {}}}}});
  const auto& counts = l.shards[0];
  const auto& hours = l.shards[2];
  CHECK(counts.limits.retain == hours.limits.retain / 2);
  CHECK(counts.limits.memory == hours.limits.memory / 2);
  REQUIRE(l.lanes.size() == 1);
  CHECK(l.lanes[0].rate == 30.0);
  CHECK(l.lanes[0].credit == layout_bounds{}.lane_credit);
}

TEST_CASE("there are no more lanes than partitions of the source; replayed records make none") {
  const auto p = series();
  CHECK(p.with({{"parsed", {{"a", {}}, {"b", {}}}}}, 16).lanes.size() == 2);
  CHECK(p.with({{"parsed", {{"a", {}}, {"b", {}}}}}, 0).lanes.size() == 1);
  CHECK(p.with({{"parsed", {}}}, 16).lanes.size() == 1);
}

TEST_CASE("the same in gives the same out, and what differs is not equal") {
  const auto p = series();
  const partitions_of_plans partitions{{"parsed", {{"a", {}}}}};
  CHECK(p.with(partitions) == p.with(partitions));
  CHECK_FALSE(p.with(partitions) == p.with(partitions, 1, 1));
  CHECK_FALSE(p.with(partitions) == p.with({{"parsed", {{"a", {0, 1}}}}}));
}

TEST_CASE("a core is set up as its shard is laid out") {
  const auto p = series();
  const auto l = p.with({{"parsed", {{"a", {0, 7}}, {"c", {2, 0}, true}}}}, 1, 4);
  const auto s = setup_of(l, l.shards[1]);
  CHECK(s.log == "counts/4/1");
  CHECK(s.logs == std::map<log_id, mark>{{"parsed/a", {{0, 7}}}});
  CHECK(s.found == std::map<log_id, mark>{{"parsed/c", {{2, 0}}}});
  CHECK(s.receivers == std::vector<std::string>{"hours/4/0", "dead_letters"});
  CHECK(s.allowed_lateness == micros(5'000'000));
  CHECK(s.run == 4);
  CHECK(setup_of(l, l.shards[2]).upstream == std::vector<log_id>{"counts/4/0", "counts/4/1"});
}

TEST_CASE("every layout of the golden topologies comes back from its bytes") {
  ::setenv("IN", "/nowhere", 1);
  ::setenv("OUT", "/nowhere", 1);
  std::size_t tried = 0;
  for (const auto& entry : fs::directory_iterator("tests/golden/run")) {
    if (!fs::exists(entry.path() / "topology.json"))
      continue;
    ::setenv("CASE", entry.path().c_str(), 1);
    const auto p = plan_of(entry.path() / "topology.json");
    if (!p)
      continue;
    INFO(entry.path());
    partitions_of_plans partitions;
    for (const auto& plan : p->plans)
      partitions[plan->name] = {{"0", {}}, {"1", {5, -1}, true}};
    const auto l = p->with(partitions, 2, 1);
    const auto back = decode_layout(encode_layout(l));
    REQUIRE(back);
    CHECK(*back == l);
    CHECK(to_text(*back) == to_text(l));
    CHECK(encode_layout(*back) == encode_layout(l));
    ++tried;
  }
  CHECK(tried >= 50);
}

TEST_CASE("bytes that are no layout are refused, whatever they are") {
  const auto bytes = encode_layout(series().with({{"parsed", {{"a", {}}, {"b", {0, 7}}}}}, 2));
  for (std::size_t n = 0; n < bytes.size(); ++n)
    CHECK_FALSE(decode_layout(std::string_view(bytes).substr(0, n)));
  CHECK_FALSE(decode_layout(bytes + '\0'));
  std::mt19937 random(1);
  for (int i = 0; i < 20'000; ++i) {
    auto damaged = bytes;
    for (int flips = 0; flips < 1 + i % 3; ++flips)
      damaged[random() % damaged.size()] = static_cast<char>(random());
    // Bytes that are still a layout have a form, and that form is their own.
    if (const auto l = decode_layout(damaged))
      CHECK(decode_layout(encode_layout(*l)) == *l);
  }
}
