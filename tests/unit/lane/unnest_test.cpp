// run_step() where the columns of a select hold unnest(...).
#include "actors/stream/stage/unnest.hpp"
#include "runtime/data/render.hpp"
#include "runtime/expression/bind/unnest.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <limits>
#include <optional>

using namespace millrace;
using data::type;
using data::type_id;

namespace {

/// id bigint, tags [text], numbers [text], _raw text; lists as they are given, nothing for null.
struct record {
  std::int64_t id;
  std::optional<std::vector<std::string>> tags;
  std::string raw = "raw";
};

data::schema_ptr columns_of_records() {
  return std::make_shared<data::schema>(std::vector<data::field>{
      {"id", type_id::bigint}, {"tags", type::list_of(type_id::text)}, {"_raw", type_id::text}});
}

stage::rows rows_of(const std::vector<record>& records) {
  data::column_builder ids(type_id::bigint), tags(type::list_of(type_id::text)), raws(type_id::text);
  for (const auto& r : records) {
    ids.append_int(r.id);
    raws.append_text(r.raw);
    if (!r.tags) {
      tags.append_null();
      continue;
    }
    for (const auto& t : *r.tags)
      t == "null" ? tags.child(0).append_null() : tags.child(0).append_text(t);
    tags.append_list();
  }
  data::batch b{columns_of_records(), {}, records.size()};
  b.columns = {ids.finish(), tags.finish(), raws.finish()};
  return stage::all_rows(std::move(b));
}

struct selection {
  config::step step;
  expression::unnested_list list;

  explicit selection(std::string_view where, const std::vector<std::pair<std::string, std::string>>& columns,
                     data::schema_ptr input = columns_of_records(), bool hidden = false) {
    step.input = std::move(input);
    const expression::scope names{step.input.get(), {}};
    if (!where.empty())
      step.where = *expression::bind_condition(where, names);
    std::vector<data::field> fields;
    for (const auto& [name, text] : columns) {
      auto e = expression::bind_unnesting(text, names, list);
      REQUIRE(e);
      fields.push_back({name, e->type});
      step.columns.push_back({name, std::move(*e), text});
    }
    if (hidden)
      fields.push_back({"_raw", type_id::text});
    step.output = std::make_shared<data::schema>(std::move(fields));
  }
};

std::vector<std::string> shown(const stage::rows& rows) {
  std::vector<std::string> out;
  for (std::size_t i = 0; i < rows.batch.rows; ++i)
    data::append_json_row(out.emplace_back(std::to_string(rows.origin[i]) + " "), rows.batch, i);
  return out;
}

using lines = std::vector<std::string>;

}  // namespace

TEST_CASE("each element becomes a row of its record, in the order of the list; none come of no elements") {
  const selection s("", {{"id", "id"}, {"tag", "unnest(tags)"}});
  const auto out =
      stage::run_step(s.step, rows_of({{1, {{"b", "a", "null", "b"}}}, {2, {{}}}, {3, {}}, {4, {{"c"}}}}), 0);
  CHECK(shown(out.rows) == lines{R"(0 {"id":1,"tag":"b"})", R"(0 {"id":1,"tag":"a"})",
                                 R"(0 {"id":1,"tag":null})", R"(0 {"id":1,"tag":"b"})",
                                 R"(3 {"id":4,"tag":"c"})"});
  CHECK(out.counts == delivery::stage_counts{.in = 4, .out = 2, .filtered = 2});
  CHECK(stage::ordinals_of(out.rows) == std::vector<std::uint32_t>{0, 1, 2, 3, 0});
}

TEST_CASE("expressions around the element, several unnests of one list and hidden columns go with it") {
  const selection s("id <> 2", {{"up", "upper(unnest(tags)) || id"}, {"same", "unnest(tags)"}},
                    columns_of_records(), true);
  const auto out = stage::run_step(s.step, rows_of({{1, {{"x", "y"}}, "r1"}, {2, {{"z"}}}}), 0);
  CHECK(shown(out.rows) ==
        lines{R"(0 {"up":"X1","same":"x","_raw":"r1"})", R"(0 {"up":"Y1","same":"y","_raw":"r1"})"});
  CHECK(out.counts == delivery::stage_counts{.in = 2, .out = 1, .filtered = 1});
  CHECK(stage::unnested_by(s.step) != nullptr);
  CHECK(stage::unnested_by(selection("", {{"id", "id"}}).step) == nullptr);
}

TEST_CASE("a record of which one row fails gives none, and one dead letter") {
  const selection s("", {{"id", "id"}, {"n", "unnest(tags)::bigint"}});
  const auto out = stage::run_step(
      s.step, rows_of({{1, {{"1", "2"}}}, {2, {{"3", "x", "4", "y"}}}, {3, {{"5"}}}, {4, {}}}), 0);
  CHECK(shown(out.rows) == lines{R"(0 {"id":1,"n":1})", R"(0 {"id":1,"n":2})", R"(2 {"id":3,"n":5})"});
  REQUIRE(out.failed.size() == 1);
  CHECK(out.failed[0].origin == 1);
  CHECK_THAT(out.failed[0].error, Catch::Contains("'x' is not a bigint"));
  CHECK(out.counts == delivery::stage_counts{.in = 4, .out = 2, .filtered = 1, .dead = 1});
}

TEST_CASE("downstream of an unnest a stage takes all rows of a record or none") {
  const selection first("", {{"id", "id"}, {"tag", "unnest(tags)"}});
  const auto rows = stage::run_step(
      first.step, rows_of({{1, {{"1", "2"}}}, {2, {{"3", "x", "-4", "y"}}}, {3, {{"5"}}}}), 0);
  const selection columns("", {{"n", "tag::bigint"}}, first.step.output);
  const auto out = stage::run_step(columns.step, rows.rows, 0);
  CHECK(shown(out.rows) == lines{R"(0 {"n":1})", R"(0 {"n":2})", R"(2 {"n":5})"});
  CHECK(out.failed.size() == 1);
  CHECK(out.counts == delivery::stage_counts{.in = 7, .out = 3, .dead = 4});

  const selection where("tag = '3' or tag::bigint > 1", {}, first.step.output);
  const auto passed = stage::run_step(where.step, rows.rows, 0);
  CHECK(shown(passed.rows) == lines{R"(0 {"id":1,"tag":"2"})", R"(2 {"id":3,"tag":"5"})"});
  CHECK(passed.failed.size() == 1);
  CHECK(passed.counts == delivery::stage_counts{.in = 7, .out = 2, .filtered = 2, .dead = 3});
}

TEST_CASE("unnests in series: the elements of elements, counted by the rows that came") {
  const selection first("", {{"id", "id"}, {"word", "string_to_array(unnest(tags), ' ')"}});
  auto rows = stage::run_step(first.step, rows_of({{1, {{"a b", "", "c"}}}, {2, {{"d"}}}}), 0).rows;
  rows.moment = {5, 6, 7, 8};  // an element of an element has its time
  const selection second("", {{"w", "unnest(word)"}}, first.step.output);
  const auto out = stage::run_step(second.step, rows, 0);
  CHECK(shown(out.rows) == lines{R"(0 {"w":"a"})", R"(0 {"w":"b"})", R"(0 {"w":"c"})", R"(1 {"w":"d"})"});
  CHECK(out.counts == delivery::stage_counts{.in = 4, .out = 3, .filtered = 1});
  CHECK(stage::ordinals_of(out.rows) == std::vector<std::uint32_t>{0, 1, 2, 0});
  CHECK(out.rows.moment == std::vector<std::uint32_t>{5, 5, 7, 8});
  const selection third("w <> 'b'", {}, second.step.output);
  CHECK(stage::run_step(third.step, out.rows, 0).rows.moment == std::vector<std::uint32_t>{5, 7, 8});
}

TEST_CASE("a record whose rows would fill the memory is a dead letter; without its long column it is none") {
  const std::vector<std::string> many(2000, "x");
  const auto in = rows_of({{1, many, std::string(10'000, 'r')}, {2, {{"y"}}}});
  const selection s("", {{"tag", "unnest(tags)"}, {"raw", "_raw"}});
  const auto out = stage::run_step(s.step, in, 0);
  CHECK(out.rows.batch.rows == 1);
  REQUIRE(out.failed.size() == 1);
  CHECK(out.failed[0].error == "the rows of its list's 2000 elements take more than 16777216 bytes; leave "
                               "large columns out of the select");
  CHECK(out.counts == delivery::stage_counts{.in = 2, .out = 1, .dead = 1});
  CHECK(stage::run_step(selection("", {{"tag", "unnest(tags)"}}).step, in, 0).rows.batch.rows == 2001);

  // The limit is that of the record, not of each row that it gave before.
  const selection twice("", {{"tag", "unnest(tags)"}, {"again", "tags"}, {"raw", "left(_raw, 10)"}});
  const auto rows = stage::run_step(twice.step, rows_of({{1, std::vector<std::string>(700, "x")}}), 0).rows;
  REQUIRE(rows.batch.rows == 700);
  const selection third("", {{"a", "unnest(again)"}, {"all", "again"}}, twice.step.output);
  CHECK(stage::run_step(third.step, rows, 0).failed.size() == 1);
}

TEST_CASE("rows of a record have places in their order, between those of the records around it") {
  constexpr auto most = std::numeric_limits<std::int64_t>::max();
  const std::vector<position> records{{0, 0}, {0, 1}, {0, (1LL << 41) - 1}, {0, 1LL << 41}, {0, most},
                                      {1, 0}, {7, 3}, {(1LL << 41) - 1, 0}};
  std::vector<position> places;
  for (const auto& r : records)
    for (const std::uint32_t row : {0U, 1U, (1U << 22) - 1})
      places.push_back(stage::place_of(r, row));
  CHECK(std::is_sorted(places.begin(), places.end()));
  CHECK(std::adjacent_find(places.begin(), places.end()) == places.end());
}
