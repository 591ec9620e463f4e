// Answers that `run` and nodes give alike.
#include "actors/observe/answering.hpp"
#include "actors/observe/letter_counts.hpp"
#include "actors/observe/own_answers.hpp"
#include "actors/observe/tap.hpp"
#include "tests/unit/observe/observe_fixture.hpp"

#include <fmt/format.h>

namespace millrace::observe::test {
namespace {

running_topology on_board() {
  running_topology t;
  t.topology = std::make_shared<const config::topology>(planned());
  return t;
}

}  // namespace

TEST_CASE("a tap waits for the topology to begin, and is over with it") {
  auto t = on_board();
  const auto early = tapped_at(t, "counts", "a", "");
  REQUIRE_FALSE(early);
  CHECK(early.error().code == ec::unavailable);
  t.gauges.taps = std::make_shared<stage::taps>(t.topology);
  const auto now = tapped_at(t, "counts", "a", "");
  REQUIRE(now);
  CHECK(now->edge == "counts->sums");
  CHECK_FALSE(now->is_over);
  t.runs = false;
  CHECK(tapped_at(t, "counts", "a", now->next)->is_over);
}

TEST_CASE("a key is looked up at its shard, which lives or is said not to") {
  auto t = on_board();
  const auto unknown = look_up_key(t, "nowhere", "ann");
  REQUIRE_FALSE(unknown);
  CHECK(unknown.error().code == ec::not_found);
  const auto none = look_up_key(t, "counts", "ann");
  REQUIRE_FALSE(none);
  CHECK(none.error().code == ec::unavailable);
  CHECK(none.error().message.starts_with("counts/"));
}

TEST_CASE("a numeric key is found by any spelling of the number, and by all of its digits") {
  const auto keyed = [](const std::string& key) {
    return planned_text(R"json({
      "millrace": 1, "topology": "t",
      "stages": {
        "in": { "source": "generator", "kind": "clicks", "count": 10 },
        "parsed": { "parser": "json", "from": "in", "event_time": "at",
                    "schema": { "price": "numeric(10,2)", "any": "numeric", "at": "timestamp" } },
        "counts": { "window": "tumbling", "size": "5 minutes", "from": "parsed", "key": [)json" +
                        key + R"json(], "aggregates": { "n": "count(*)" } },
        "out": { "sink": "console", "from": "counts" }
      }
    })json");
  };
  const auto one = keyed(R"("price")");
  const auto at = find_key(one, "counts", "1.5");
  REQUIRE(at);
  CHECK(at->shown == R"({"price":1.50})");
  for (const auto* const same : {"1.50", "1.500", "15e-1", "[1.5]", R"("1.5")", R"({"price":"1.50"})"}) {
    const auto found = find_key(one, "counts", same);
    REQUIRE(found);
    CHECK(found->key == at->key);
  }
  CHECK(find_key(one, "counts", "null"));
  for (const auto* const wrong : {"1.005", "123456789", "abc", "true", "NaN"})
    CHECK_FALSE(find_key(one, "counts", wrong));
  const auto two = keyed(R"("price", "any")");
  for (const auto* const text : {R"([2, "12345678901234567890.25"])", "[2, 12345678901234567890.25]"}) {
    const auto long_one = find_key(two, "counts", text);
    REQUIRE(long_one);
    CHECK(long_one->shown == R"({"price":2.00,"any":12345678901234567890.25})");
  }
}

TEST_CASE("a key of bigint or double is found by any spelling of its number, and by no other number") {
  const auto keyed = [](const std::string& type) {
    return planned_text(R"json({
      "millrace": 1, "topology": "t",
      "stages": {
        "in": { "source": "generator", "kind": "clicks", "count": 10 },
        "parsed": { "parser": "json", "from": "in", "event_time": "at",
                    "schema": { "n": ")json" +
                        type + R"json(", "at": "timestamp" } },
        "counts": { "window": "tumbling", "size": "5 minutes", "from": "parsed", "key": ["n"], "aggregates": { "c": "count(*)" } },
        "out": { "sink": "console", "from": "counts" }
      }
    })json");
  };
  const auto whole = keyed("bigint");
  for (const auto* const same : {"5", "5.0", "5e0", "50e-1", "[5.00]"}) {
    const auto found = find_key(whole, "counts", same);
    REQUIRE(found);
    CHECK(found->shown == R"({"n":5})");
  }
  CHECK(find_key(whole, "counts", "9223372036854775807"));
  for (const auto* const wrong : {"5.5", "9223372036854775808", "1e999", "true", R"("5")"})
    CHECK_FALSE(find_key(whole, "counts", wrong));
  const auto real = keyed("double");
  for (const auto* const same : {"2.5", "2.50", "25e-1"}) {
    const auto found = find_key(real, "counts", same);
    REQUIRE(found);
    CHECK(found->shown == R"({"n":2.5})");
  }
  for (const auto* const wrong : {"1e999", "-1e999", "true", R"("2.5")"})
    CHECK_FALSE(find_key(real, "counts", wrong));
}

TEST_CASE("an answer shows the digits of a row's numbers, and who reads it has them") {
  const std::string row = R"({"n":12345678901234567890.5,"m":1.50,"d":0.1,"e":1e+300,"i":-7,"t":"1.50"})";
  tapped answer;
  answer.edge = "a->b";
  answer.rows = {{"x", {}, {row}}};
  const auto text = api::json_of(answer);
  CHECK(text.find(row) != std::string::npos);
  const auto read = api::read_json<tapped>(text);
  REQUIRE(read);
  CHECK(read->rows.front().row.text == row);
  CHECK_FALSE(
      api::read_json<tapped>(R"({"edge":1.50,"rows":[],"passed":0,"next":"","over":false,"missing":[]})"));
}

TEST_CASE("the state of a key says where its shard runs, and has its times") {
  const auto t = planned();
  const auto at = find_key(t, "counts", "ann");
  REQUIRE(at);
  const auto answer = key_answer(t, "counts", *at, {{}, 7'000'000, 5'000'000}, "a");
  const auto state = api::read_json<key_state>(std::get<api::answers::document>(answer).json);
  REQUIRE(state);
  CHECK(state->node == "a");
  CHECK(state->watermark.at == 7'000'000);
  CHECK(state->fired.at == 5'000'000);
}

TEST_CASE(
    "dead letters are asked for by page, the oldest or the newest first, or counted from the newest on") {
  const auto page_of = [](const std::string& stage) {
    return [stage](std::uint64_t page) -> expected<api::answers::dead_letters> {
      return api::answers::dead_letters{
          {fmt::format(R"({{"id":"{}","time":"","stage":"{}","error":"e"}})", page, stage)}, {}};
    };
  };
  const auto answer_to = [&](const api::request& r) {
    REQUIRE(asks_for_letters(r) != nullptr);
    CHECK(*asks_for_letters(r) == "t");
    const auto a = letters_answer(r, page_of("old"), page_of("new"));
    REQUIRE(a);
    return *a;
  };
  namespace asked = api::requests;
  const auto letter_of = [](const api::answer& a) { return std::get<api::answers::dead_letters>(a).letters; };
  CHECK(letter_of(answer_to(asked::dead_letters{"t", 3})) == page_of("old")(3)->letters);
  CHECK(letter_of(answer_to(asked::newest_letters{"t", 4})) == page_of("new")(4)->letters);
  const auto counted = answer_to(asked::letter_counts{"t"});
  const auto counts = api::read_json<letter_counts>(std::get<api::answers::document>(counted).json);
  REQUIRE(counts);
  REQUIRE(counts->by_error.size() == 1);
  CHECK(counts->by_error[0].stage == "new");
  CHECK(asks_for_letters(asked::report{"t"}) == nullptr);
}

TEST_CASE("a report is given as it is, and its ledger where it is one") {
  const std::string report = R"({ "topology": "t", "ended": true, "stages": {} })";
  const auto whole = report_answer(api::requests::report{"t"}, report);
  REQUIRE(whole);
  CHECK(std::get<api::answers::document>(*whole).json == report);
  CHECK(report_answer(api::requests::ledger{"t"}, report));
  CHECK_FALSE(report_answer(api::requests::ledger{"t"}, "no report"));
}

TEST_CASE("a topology is over when it has ended, was stopped or has failed") {
  using s = api::topology_state;
  for (const auto state : {s::ended, s::stopped, s::failed})
    CHECK(is_over({"t", state, {}}));
  for (const auto state : {s::running, s::drained})
    CHECK_FALSE(is_over({"t", state, {}}));
}

}  // namespace millrace::observe::test
