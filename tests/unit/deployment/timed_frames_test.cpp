// frame_former where a select with unnest has the event time: each element moves the watermark as a record of its own would.
#include "actors/deployment/start_positions.hpp"
#include "actors/stream/lane/frame_former.hpp"
#include "actors/stream/replay/replay_format.hpp"
#include "actors/stream/source/chunk_part.hpp"
#include "actors/stream/source/written_record.hpp"
#include "runtime/data/render.hpp"
#include "tests/support/planned.hpp"

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>

using namespace millrace;
using lines = std::vector<std::string>;

namespace {

constexpr event_micros second = 1'000'000;

std::shared_ptr<const lane::lane_plan> lane_of(const std::string& stages) {
  return lane::lane_plans(test::planned(stages)).front();
}

const std::string downstream = R"json(
    "some": { "transform": "select", "from": "ticks", "where": "n % 4 <> 0", "columns": { "n": "n", "x": "12 / (n % 7)" } },
    "counts": { "window": "tumbling", "size": "5 s", "from": "some", "aggregates": { "n": "count(*)" } },
    "hops": { "window": "sliding", "size": "10 s", "slide": "5 s", "from": "ticks", "aggregates": { "n": "sum(n)" } },
    "all": { "sink": "console", "from": "ticks" },
    "late": { "sink": "console", "from": ["counts.late"] },
    "later": { "sink": "console", "from": "hops.late" },
    "of_counts": { "sink": "console", "from": "counts" },
    "of_hops": { "sink": "console", "from": "hops" })json";

std::shared_ptr<const lane::lane_plan> of_lists() {
  return lane_of(R"json(
    "in": { "source": "kafka", "brokers": "nowhere:1", "topic": "t" },
    "parsed": { "parser": "json", "from": "in", "watermark_delay": "3 s", "max_event_time": "2030-01-01T00:00:00Z",
                "schema": { "id": "bigint", "ticks": [{ "at": { "type": "timestamp", "format": "epoch_s" }, "n": "bigint" }] } },
    "ticks": { "transform": "select", "from": "parsed", "where": "id >= 0", "event_time": "at",
               "columns": { "at": "(unnest(ticks)).at", "n": "(unnest(ticks)).n" } },
    "records": { "window": "global", "from": "parsed", "aggregates": { "first": "first(id)" } },
    "beside": { "sink": "console", "from": "parsed" },
    "of_records": { "sink": "console", "from": "records" },)json" +
                 downstream);
}

std::shared_ptr<const lane::lane_plan> of_elements() {
  return lane_of(R"json(
    "in": { "source": "kafka", "brokers": "nowhere:1", "topic": "t" },
    "parsed": { "parser": "json", "from": "in", "watermark_delay": "3 s", "event_time": "at",
                "schema": { "at": { "type": "timestamp", "format": "epoch_s" }, "n": "bigint" } },
    "ticks": { "transform": "select", "from": "parsed", "where": "true" },)json" +
                 downstream);
}

/// All that leaves a lane, in any frames.
struct content {
  std::map<std::string, lines> rows;  // keyed by sink, in their order
  std::multiset<std::string> letters;
  std::map<std::string, delivery::stage_counts> counts;
  std::map<std::string, std::uint64_t> late;        // keyed by window
  std::map<std::int64_t, event_micros> watermarks;  // after each record at which an add() ended
};

class forming {
public:
  explicit forming(std::shared_ptr<const lane::lane_plan> plan, const std::string& partition = "0",
                   const mark& start = {}, const std::vector<std::size_t>& only = {})
      : plan_(std::move(plan)), parser_(*make_parser(*plan_->parser)), former_(plan_, partition, start, only),
        next_(start.at) {}

  /// Forms these records: `piece` of them at a time, a frame after each `cut` of the pieces.
  void add(const lines& records, std::size_t piece, std::size_t cut) {
    std::vector<source::written_record> written;
    for (const auto& r : records)
      written.push_back({.value = r, .timestamp = 0});
    const auto c = source::make_chunk(written, "0", deployment::shape_of(*plan_->source), next_);
    const auto parsed = parser_->parse(c);
    std::size_t pieces = 0;
    for (std::size_t i = 0; i < c.records(); i += piece) {
      const auto last = std::min(i + piece, c.records());
      former_.add(c, parsed, i, last, source::behind(c, last), 0);
      out.watermarks[former_.at().at.minor] = former_.at().watermark;
      for (const auto& l : former_.late())
        out.late[plan_->topology->stages[l.stage].name] += l.count;
      if (++pieces % cut == 0)
        take(former_.cut());
    }
    take(former_.cut());
    next_ = c.to;
  }
  [[nodiscard]] event_micros watermark() const { return former_.at().watermark; }
  [[nodiscard]] std::vector<std::size_t> receivers_of(const std::string& stage) const {
    for (const auto& e : plan_->edges)
      if (e.name == stage)
        return {e.first_receiver};
    FAIL("no edge to " << stage);
    return {};
  }

  content out;

private:
  void take(const std::vector<delivery::lane_frame>& frames) {
    for (const auto& e : plan_->edges) {
      const auto& f = frames[e.first_receiver];
      if (const auto* const batches = std::get_if<std::shared_ptr<const delivery::row_batches>>(&f.content))
        for (const auto& b : **batches)
          for (std::size_t i = 0; i < b.rows; ++i)
            data::append_json_row(out.rows[e.name].emplace_back(), b, i);
      if (const auto* const letters = std::get_if<std::shared_ptr<const delivery::dead_letters>>(&f.content))
        for (const auto& l : **letters)
          out.letters.insert(fmt::format("{} {}: {}", l.stage, l.at.minor, l.error));
      for (const auto& c : f.counts)
        out.counts[c.stage] += c.counts;
    }
  }

  std::shared_ptr<const lane::lane_plan> plan_;
  std::unique_ptr<parser::record_parser> parser_;
  lane::frame_former former_;
  position next_;
};

std::string tick(std::int64_t at, std::int64_t n) { return fmt::format(R"({{"at":{},"n":{}}})", at, n); }
std::string record(std::int64_t id, const lines& ticks) {
  return fmt::format(R"({{"id":{},"ticks":[{}]}})", id, fmt::join(ticks, ","));
}

/// Records of up to four elements, some out of order; and each element as a record.
struct made {
  lines records;
  lines elements;
};
made make_records(std::uint32_t seed, std::size_t records, bool with_bad) {
  std::mt19937 random(seed);
  made out;
  std::int64_t now = 1000;
  std::int64_t n = 0;
  for (std::size_t i = 0; i < records; ++i) {
    lines ticks;
    for (auto count = random() % 5; count > 0; --count) {
      now += random() % 3;
      // No row may fail downstream of the select: of the elements' own records one alone would be a dead
      // letter.
      n += n % 7 == 6 && !with_bad ? 2 : 1;
      ticks.push_back(tick(now - (random() % 3 == 0 ? static_cast<std::int64_t>(random() % 20) : 0), n));
    }
    out.elements.insert(out.elements.end(), ticks.begin(), ticks.end());
    if (with_bad && random() % 6 == 0)
      ticks.push_back(random() % 2 == 0 ? R"({"at":null,"n":1})" : tick(4'000'000'000, 1));
    out.records.push_back(with_bad && random() % 9 == 0 ? "{" : record(static_cast<std::int64_t>(i), ticks));
  }
  return out;
}

}  // namespace

TEST_CASE("elements with times of their own are judged and move the watermark as records of their own do") {
  for (std::uint32_t seed = 0; seed < 20; ++seed) {
    const auto [records, elements] = make_records(seed, 60, false);
    forming one(of_lists()), two(of_elements());
    one.add(records, 7, 2);
    two.add(elements, 11, 1);
    CHECK(one.watermark() == two.watermark());
    CHECK(one.out.rows.at("late") == two.out.rows.at("late"));
    CHECK(one.out.rows.at("later") == two.out.rows.at("later"));
    CHECK(one.out.rows.at("all") == two.out.rows.at("all"));
    CHECK(one.out.late == two.out.late);
    for (const auto* const stage : {"some", "counts", "hops", "all", "late"})
      CHECK(one.out.counts.at(stage) == two.out.counts.at(stage));
  }
}

TEST_CASE("what is formed is the same wherever pieces and frames end, and for a reader that catches up") {
  const auto plan = of_lists();
  const auto records = make_records(3, 80, true).records;
  forming whole(plan);
  whole.add(records, records.size(), 1);
  REQUIRE(whole.out.letters.size() > 5);
  REQUIRE(whole.out.rows.at("late").size() > 5);
  for (const auto& [piece, cut] : {std::pair(1U, 1U), {1U, 5U}, {3U, 1U}, {10U, 2U}}) {
    forming other(plan);
    other.add(records, piece, cut);
    CHECK(other.out.rows == whole.out.rows);
    CHECK(other.out.letters == whole.out.letters);
    CHECK(other.out.counts == whole.out.counts);
    CHECK(other.out.late == whole.out.late);
    CHECK(other.watermark() == whole.watermark());
  }
  // It begins in the middle, with the watermark there; for one receiver alone, which no row of the select reaches.
  forming live(plan);
  live.add(records, 1, 1);
  constexpr std::int64_t middle = 37;
  const mark there{{0, middle}, live.out.watermarks.at(middle)};
  for (const auto* const stage : {"beside", "late", "counts", "dead_letters"}) {
    forming reader(plan, "0", there, live.receivers_of(stage));
    reader.add({records.begin() + middle, records.end()}, 2, 3);
    CHECK(reader.watermark() == live.watermark());
    for (const auto& [at, watermark] : reader.out.watermarks)
      CHECK(watermark == live.out.watermarks.at(at));
    if (live.out.rows.contains(stage)) {
      const auto& had = live.out.rows.at(stage);
      const auto& got = reader.out.rows.at(stage);
      REQUIRE(got.size() < had.size());
      CHECK(lines(had.end() - static_cast<std::ptrdiff_t>(got.size()), had.end()) == got);
    }
  }
}

TEST_CASE("filtered records, empty lists and records without a time to trust move no watermark") {
  forming f(of_lists());
  f.add({record(1, {tick(1000, 1), tick(1010, 2), tick(1005, 3)}), record(-1, {tick(2000, 1)}), record(2, {}),
         "{", record(3, {tick(2000, 4), R"({"at":null,"n":1})"}),
         record(4, {tick(2000, 5), tick(4'000'000'000, 6)}), record(5, {tick(1011, 8), tick(1003, 9)})},
        1, 1);
  const std::map<std::int64_t, event_micros> expected{
      {1, 1007 * second}, {2, 1007 * second}, {3, 1007 * second}, {4, 1007 * second},
      {5, 1007 * second}, {6, 1007 * second}, {7, 1008 * second}};
  CHECK(f.out.watermarks == expected);
  CHECK(f.out.rows.at("late") == lines{R"({"n":9,"x":6})"});
  CHECK(f.out.letters ==
        std::multiset<std::string>{
            "parsed 3: not JSON at byte 1: the record ends too early",
            "ticks 4: no event time in column \"at\": it is null or missing",
            "ticks 5: the event time 2096-10-02T07:06:40Z in column \"at\" is later than max_event_time, "
            "2030-01-01T00:00:00Z"});
  CHECK(f.out.counts.at("ticks") == delivery::stage_counts{.in = 6, .out = 2, .filtered = 2, .dead = 2});
}

TEST_CASE("a replayed record of the select, or of a stage downstream of it, has its elements' times") {
  const auto plan = of_lists();
  const auto records = lines{record(1, {tick(1000, 1), tick(1020, 2), tick(1001, 3)})};
  for (const auto* const stage : {"parsed", "ticks", "some", "counts"}) {
    forming replayed(plan, replay::partition_name(stage, 1));
    replayed.add(records, 1, 1);
    CHECK(replayed.watermark() == 1017 * second);
    CHECK(replayed.out.late.at("counts") == 1);
  }
  forming beside(plan, replay::partition_name("beside", 1));
  beside.add(records, 1, 1);
  CHECK(beside.out.rows.at("beside").size() == 1);
  CHECK(beside.out.late.empty());
}
