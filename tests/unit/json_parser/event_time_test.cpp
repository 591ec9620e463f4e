#include "tests/unit/json_parser/parser_fixture.hpp"

using namespace millrace;
using namespace millrace::parser;
using Catch::Matchers::Contains;
using data::type_id;

namespace {

parser_options timed() {
  auto o = options_of({{"ts", type_id::timestamp, {}, false}, {"v", type_id::text}});
  o.event_time = 0;
  return o;
}

std::vector<std::string> errors_of(const parser_options& o, const source::chunk& c) {
  std::vector<std::string> out;
  for (const auto& d : make_json_parser(o)->parse(c).dead)
    out.push_back(d.error);
  return out;
}

}  // namespace

TEST_CASE("a record without event time is a dead letter, where one is declared") {
  const auto c = chunk_of({R"({"v":1})", R"({"ts":null})", R"({"ts":"2021-04-24"})"});
  CHECK(errors_of(timed(), c) ==
        std::vector<std::string>(2, "no event time in column \"ts\": it is null or missing"));
  auto without = timed();
  without.event_time.reset();
  CHECK(errors_of(without, c).empty());
}

TEST_CASE("the event time's column is built even if nobody else uses it") {
  const auto p = make_json_parser(timed())->parse(chunk_of({R"({"ts":"2021-04-24"})"}));
  REQUIRE(p.rows.columns[0] != nullptr);
  CHECK(p.rows.columns[0]->ints()[0] == 1'619'222'400'000'000);
}

TEST_CASE("an event time further ahead of the source's timestamp than future_skew is a dead letter") {
  auto c = chunk_of({R"({"ts":"2021-04-24T20:55:00Z"})", R"({"ts":"2021-04-24T20:55:00.000001Z"})",
                     R"({"ts":"9999-12-31T23:59:59.999999Z"})", R"({"ts":"0001-01-01"})",
                     R"({"ts":"9999-12-31"})"},
                    false);
  c.timestamps = std::vector<event_micros>(5, 1'619'294'100'000'000);  // 19:55
  c.timestamps[4] = -1;                                                // the producer gave none
  c.timestamp_types.assign(5, 0);
  const auto p = make_json_parser(timed())->parse(c);
  CHECK(p.records == std::vector<std::uint32_t>{0, 3, 4});
  REQUIRE(p.dead.size() == 2);
  CHECK(p.dead[0].error ==
        "the event time 2021-04-24T20:55:00.000001Z in column \"ts\" is more than 1 hour (future_skew) "
        "later than the source's timestamp, 2021-04-24T19:55:00Z; a parser with a longer \"future_skew\", or "
        "\"off\", takes such times");
}

TEST_CASE("without a stored timestamp future_skew says nothing") {
  CHECK(errors_of(timed(), chunk_of({R"({"ts":"9999-12-31"})"})).empty());
}

TEST_CASE("an event time later than max_event_time is a dead letter") {
  auto o = timed();
  o.max_event_time = 1'619'294'100'000'000;
  const auto p = make_json_parser(o)->parse(
      chunk_of({R"({"ts":"2021-04-24T19:55:00Z"})", R"({"ts":"2021-04-24T19:55:00.000001Z"})"}));
  CHECK(p.records == std::vector<std::uint32_t>{0});
  CHECK_THAT(p.dead.at(0).error, Contains("later than max_event_time, 2021-04-24T19:55:00Z"));
}

TEST_CASE("the source's own timestamp can be the event time") {
  auto o = options_of({{"v", type_id::text}}, {"_timestamp"});
  o.event_time = 1;
  o.used[1] = false;
  auto c = chunk_of({R"({"v":1})", R"({"v":2})"}, false);
  c.timestamps = {1'619'294'100'000'000, -1};
  c.timestamp_types = {0, 0};
  const auto p = make_json_parser(o)->parse(c);
  CHECK(rows_of(p) == std::vector<std::string>{R"("1" "2021-04-24T19:55:00Z")"});
  CHECK_THAT(p.dead.at(0).error, Contains("no event time in column \"_timestamp\""));
  CHECK(errors_of(o, chunk_of({R"({"v":1})"})).size() == 1);
}
