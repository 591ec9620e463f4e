#include "actors/node/stores/dir_chain_store.hpp"
#include "runtime/snapshot/file_names.hpp"
#include "tests/unit/actors/pipeline_fixture.hpp"

#include <catch2/catch.hpp>
#include <fmt/format.h>
#include <spdlog/sinks/base_sink.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <random>

using namespace millrace;
using millrace::test::pipeline_fixture;
using namespace std::chrono_literals;

namespace {

constexpr int records_each = 1500;
constexpr std::int64_t window_seconds = 60;
constexpr auto at_the_latest = 300s;
constexpr int quickly = 1500;  // records a second
constexpr int slowly = 100;    // likewise, of a run that must not end before it is told to

struct input {
  std::string text;
  std::map<std::pair<std::int64_t, std::string>, int> counts;  // keyed by window end (s) and user
  int malformed = 0;
};

/// Two clicks a second, in order; every hundredth line is no JSON.
input make_input(int seed) {
  std::mt19937 random(static_cast<unsigned>(seed));
  input in;
  for (int i = 0; i < records_each; ++i) {
    if (i % 100 == 99) {
      in.text += "{\"userid\": \n";
      ++in.malformed;
      continue;
    }
    const auto user = fmt::format("u{}", random() % 7);
    const auto second = i / 2;
    in.text += fmt::format("{{\"userid\":\"{}\",\"at\":{}}}\n", user, second);
    ++in.counts[{(second / window_seconds + 1) * window_seconds, user}];
  }
  return in;
}

/// `rate`: records a second.
std::string topology(const pipeline_fixture& f, int rate) {
  return fmt::format(R"json({{
    "millrace": 1, "topology": "faults", "snapshot_every": "20 ms", "commit_every": "5 ms",
    "stages": {{
      "clicks": {{ "source": "file", "path": "{0}/in-*.jsonl", "parallel": true, "rate": "{1}/s" }},
      "parsed": {{ "parser": "json", "from": "clicks", "event_time": "at",
                  "schema": {{ "userid": "text", "at": {{ "type": "timestamp", "format": "epoch_s" }} }} }},
      "counts": {{ "window": "tumbling", "size": "60 s", "from": "parsed", "key": ["userid"],
                  "aggregates": {{ "n": "count(*)" }}, "shards": 3 }},
      "rows": {{ "sink": "file", "from": "counts", "path": "{0}/rows.csv", "format": "csv",
                "columns": {{ "e": "extract(epoch from window_end)::bigint", "userid": "userid", "n": "n" }} }},
      "raw": {{ "sink": "file", "from": "parsed", "path": "{0}/raw.jsonl" }}
    }} }})json",
                     f.path(""), rate);
}

/// Writes the topology with this rate, and plans it.
void load(pipeline_fixture& f, int rate, const std::vector<std::string>& overlays = {}) {
  f.write("topology.json", topology(f, rate));
  f.load("topology.json", overlays);
}

/// Writes the two input files, and returns what they hold.
std::pair<input, input> write_inputs(const pipeline_fixture& f, int seed) {
  auto a = make_input(seed);
  auto b = make_input(seed + 100);
  f.write("in-a.jsonl", a.text);
  f.write("in-b.jsonl", b.text);
  return {std::move(a), std::move(b)};
}

void stop_before_its_end(pipeline_fixture& f) {
  f.stop();
  REQUIRE(f.ended_within(at_the_latest));
  CHECK_FALSE(f.end().failure);
  CHECK_FALSE(f.end().finished);
}

/// The two files must give these together.
std::vector<std::string> expected_rows(const input& a, const input& b) {
  auto counts = a.counts;
  for (const auto& [key, n] : b.counts)
    counts[key] += n;
  std::vector<std::string> rows{"e,userid,n"};
  for (const auto& [key, n] : counts)
    rows.push_back(fmt::format("{},{},{}", key.first, key.second, n));
  return rows;
}

/// Starts the pipeline, lets it end by itself, and checks its rows.
void run_to_the_end(pipeline_fixture& f, const input& a, const input& b) {
  load(f, quickly);
  f.start();
  REQUIRE(f.ended_within(at_the_latest));
  CHECK(f.end().finished);
  CHECK(f.lines("rows.csv") == expected_rows(a, b));
}

std::uint64_t restarts(const pipeline_fixture& f) {
  std::uint64_t sum = 0;
  for (const auto& [actor, n] : f.gauges().restarts->all()) {
    CHECK_FALSE(actor.empty());
    sum += n;
  }
  return sum;
}

/// Lets random children fail: of a slow run, which is then stopped, and of one that goes on to its end.
void fail_at_random(pipeline_fixture& f, int seed, const std::vector<std::string>& overlays = {}) {
  std::mt19937 random(static_cast<unsigned>(seed));
  const auto moment = [&] { return std::chrono::milliseconds(5 + random() % 40); };
  load(f, slowly, overlays);
  f.start();
  const auto children = f.children();
  const auto fail_one = [&] { f.fail(children[random() % children.size()]); };
  while (restarts(f) < 20) {
    fail_one();
    REQUIRE_FALSE(f.ended_within(moment()));
  }
  stop_before_its_end(f);

  load(f, quickly, overlays);
  f.start();
  for (int looks = 0; !f.ended_within(moment()); ++looks) {
    if (looks == 4000)
      FAIL("it does not end:\n" + f.where_it_stands());
    if (looks < 40)
      fail_one();
  }
  CHECK_FALSE(f.end().failure);
  CHECK(f.end().finished);
}

bool ledger_is_equal(const pipeline_fixture& f) {
  const auto flow = f.gauges().flow->all();
  return !flow.empty() && std::all_of(flow.begin(), flow.end(), [](const auto& stage) {
    const auto& c = stage.second;
    return stage.first.find('.') != std::string::npos || c.in == c.out + c.filtered + c.late + c.dead;
  });
}

}  // namespace

TEST_CASE("a lane, shard or sink that fails is restarted alone, and no row is lost or doubled") {
  const int seed = GENERATE(1, 2, 3);
  CAPTURE(seed);
  pipeline_fixture f("millrace-faults");
  const auto [a, b] = write_inputs(f, seed);
  fail_at_random(f, seed);
  REQUIRE(f.children().size() == 2 + 3 + 3);  // a lane a file: there are two threads
  CHECK(f.lines("rows.csv") == expected_rows(a, b));
  CHECK(f.lines("raw.jsonl").size() ==
        2UL * records_each - static_cast<std::size_t>(a.malformed + b.malformed));
  CHECK(f.lines("state/dead_letters.jsonl").size() == static_cast<std::size_t>(a.malformed + b.malformed));
  CHECK(ledger_is_equal(f));
}

TEST_CASE("what goes through each stage is counted once where nothing fails, beside commits and snapshots") {
  pipeline_fixture f("millrace-flow");
  const auto [a, b] = write_inputs(f, 7);
  load(f, 1'000'000);
  f.start();
  REQUIRE(f.ended_within(at_the_latest));
  const auto flow = f.gauges().flow->all();
  const auto dead = static_cast<std::uint64_t>(a.malformed + b.malformed);
  CHECK(flow.at("parsed") == delivery::stage_counts{2 * records_each, 2 * records_each - dead, 0, 0, dead});
  CHECK(flow.at("counts").in == 2 * records_each - dead);
  CHECK(flow.at("raw").in == 2 * records_each - dead);
  CHECK(ledger_is_equal(f));
  CHECK(f.gauges().restarts->all().empty());
  const auto all_of = [](const auto& histogram) {
    std::uint64_t n = 0;
    for (std::size_t i = 0; i <= histogram.bounds.size(); ++i)
      n += histogram.count(i);
    return n;
  };
  for (const auto* name : {"rows", "raw"}) {
    const auto& g = *f.gauges().sinks.at(name);
    CHECK(all_of(g.commit_times) == g.row_commits);
    CHECK(g.bytes > 0);
  }
  for (const auto& [_, g] : f.gauges().shards) {
    CHECK(all_of(g->snapshot_times) > 0);
    CHECK(g->snapshot_at > 0);
    CHECK(g->snapshot_bytes > 0);
  }
  std::uint64_t bytes = 0;
  for (const auto& [_, g] : f.gauges().lanes)
    bytes += g->chunk_bytes;
  CHECK(bytes == a.text.size() + b.text.size());
}

TEST_CASE("shards of windows in series fail alone, and the downstream window gets every row once") {
  const int seed = GENERATE(4, 5, 6);
  CAPTURE(seed);
  pipeline_fixture f("millrace-series");
  const auto [a, b] = write_inputs(f, seed);
  f.write("series.json", fmt::format(R"json({{ "stages": {{
      "fives": {{ "window": "tumbling", "size": "300 s", "from": "counts", "key": ["userid"],
                 "aggregates": {{ "n": "sum(n)" }}, "shards": 2 }},
      "five_rows": {{ "sink": "file", "from": "fives", "path": "{0}/fives.csv", "format": "csv", "order_by": "userid",
                "columns": {{ "e": "extract(epoch from window_end)::bigint", "userid": "userid", "n": "n" }} }}
    }} }})json",
                                     f.path("")));
  fail_at_random(f, seed, {"series.json"});
  REQUIRE(f.children().size() == 2 + 3 + 2 + 4);
  CHECK(f.lines("rows.csv") == expected_rows(a, b));
  std::map<std::pair<std::int64_t, std::string>, int> fives;
  for (const auto* in : {&a, &b})
    for (const auto& [at, n] : in->counts)
      fives[{(at.first + 299) / 300 * 300, at.second}] += n;
  std::vector<std::string> rows{"e,userid,n"};
  for (const auto& [at, n] : fives)
    rows.push_back(fmt::format("{},{},{}", at.first, at.second, n));
  CHECK(f.lines("fives.csv") == rows);
}

TEST_CASE("a stopped pipeline goes on where it was") {
  pipeline_fixture f("millrace-stops");
  const auto [a, b] = write_inputs(f, 7);
  load(f, slowly);
  for (int life = 0; life < 4; ++life) {
    const auto before = f.lines("raw.jsonl").size();
    f.start();
    while (f.lines("raw.jsonl").size() <= before)
      REQUIRE_FALSE(f.ended_within(20ms));
    stop_before_its_end(f);
  }
  run_to_the_end(f, a, b);
}

TEST_CASE("while one shard is down for good, the others' rows still come") {
  pipeline_fixture f("millrace-alone");
  const auto a = make_input(9);
  f.write("in-a.jsonl", a.text);
  f.write("in-b.jsonl", "");
  // Slow enough that records are left when rows have come five times, on any machine.
  load(f, 20);
  f.start();
  // The stateless path is fed by the same lane: it must not wait for the shard, which fails until others'
  // rows have come five times.
  std::size_t before = 0;
  for (int growing = 0; growing < 5;) {
    f.fail("counts/0/1");
    REQUIRE_FALSE(f.ended_within(60ms));
    const auto now = f.lines("raw.jsonl").size();
    growing += now > before;
    before = now;
  }
  stop_before_its_end(f);
  run_to_the_end(f, a, {});
}

TEST_CASE("a shard whose chain another process holds ends the run, and does not take it back") {
  pipeline_fixture f("millrace-fenced");
  f.write("in-a.jsonl", make_input(9).text);
  f.write("in-b.jsonl", "");
  load(f, 20);
  f.start();
  while (f.lines("raw.jsonl").empty())
    REQUIRE_FALSE(f.ended_within(20ms));
  // Its life is one of 1 to 8: of those that begin at the start. The next one of this process would be 9.
  node::dir_chain_store store(snapshot::posix_file_system(), f.path("state"));
  const auto other = store.open({f.topology().name, "counts/1"}, {8, 1});
  REQUIRE(other);
  REQUIRE((*other)->read());
  REQUIRE(f.ended_within(at_the_latest));
  REQUIRE(f.end().failure);
  CHECK(f.end().failure->code == ec::fenced);
  CHECK(f.end().failure->stage == "counts/0/1");
  CHECK_FALSE(f.end().finished);
  CHECK((*other)->append("the other process goes on", false));
}

namespace {

/// Counts log lines that hold a text, as long as it lives.
class counted_lines {
public:
  explicit counted_lines(std::string text) : before_(spdlog::default_logger()) {
    counting_ = std::make_shared<counting>(std::move(text));
    spdlog::set_default_logger(std::make_shared<spdlog::logger>("counted", counting_));
  }
  ~counted_lines() { spdlog::set_default_logger(before_); }
  [[nodiscard]] int count() const { return counting_->count; }

private:
  struct counting final : spdlog::sinks::base_sink<std::mutex> {
    explicit counting(std::string t) : text(std::move(t)) {}
    void sink_it_(const spdlog::details::log_msg& m) override {
      count += std::string_view(m.payload.data(), m.payload.size()).find(text) != std::string_view::npos;
    }
    void flush_() override {}
    std::string text;
    std::atomic<int> count{0};
  };
  std::shared_ptr<spdlog::logger> before_;
  std::shared_ptr<counting> counting_;
};

}  // namespace

TEST_CASE("receivers that fall behind one after the other are told of once") {
  pipeline_fixture f("millrace-behind");
  const auto [a, b] = write_inputs(f, 7);
  load(f, quickly);
  const counted_lines behind("receivers are behind");
  const auto began = std::chrono::steady_clock::now();
  f.start();
  int failed = 0;
  while (!f.ended_within(50ms))
    if (failed < 12)
      f.fail("counts/" + std::to_string(failed++ % 3));
  CHECK(f.end().finished);
  CHECK(f.lines("rows.csv") == expected_rows(a, b));
  // The log tells of each of the two logs once, and again where it took more than ten seconds until the next
  // one fell behind.
  CHECK(behind.count() <= 2 * (1 + (std::chrono::steady_clock::now() - began) / 10s));
}
