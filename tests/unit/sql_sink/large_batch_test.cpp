// Batches large enough to be copied, where the product can: the same rows as by inserts, with any values.
#include "tests/unit/sql_sink/place.hpp"
#include "tests/unit/sql_sink/proxy.hpp"

using namespace sink_sql_test;
using data::type_id;

namespace {

const std::vector<data::field> numbers{{"n", type_id::bigint}, {"s", type_id::text}};

std::vector<cells> numbered(int from, int to) {
  std::vector<cells> rows;
  for (int n = from; n < to; ++n)
    rows.push_back({std::to_string(n), "row " + std::to_string(n)});
  return rows;
}

std::string count(place& at, const std::string& from_where) {
  return at.query("select count(*) from " + from_where, 1)[0][0].value_or("");
}

}  // namespace

EVERY_DATABASE(large_as_small, "a large batch stores the same values as rows that come one by one") {
  const std::vector<data::field> all_types{{"b", type_id::boolean},   {"i", type_id::bigint},
                                           {"d", type_id::float64},   {"s", type_id::text},
                                           {"t", type_id::timestamp}, {"j", type_id::json}};
  std::vector<cells> rows{
      {"true", "9223372036854775807", "1.7976931348623157e308", "\xF0\x9F\x98\x80",
       "2021-04-24T19:55:00.796Z", "{}"},
      {"false", "-9223372036854775808", "5e-324", "", "0001-01-01T00:00:00.000001Z", "[1, \"\\n\\\\\"]"},
      {{}, {}, {}, {}, {}, {}}};
  for (const auto* text : {"\\N", "\\.", "\\", "\\\\", "\t", "a\tb\nc\rd", "\n", "N", "\\x41", "\\t", "null",
                           "'", "\"", ",", "\x01\x7f"})
    rows.push_back({"true", "1", "0.1", text, "1970-01-01T00:00:00Z", "null"});
  auto w = at.writer(all_types);
  must(w->open(life(1)));
  for (const auto& row : rows)
    must(w->write(rows_of(all_types, {row})));
  auto many = rows;
  for (int i = 0; i < 20; ++i)
    many.insert(many.end(), rows.begin(), rows.end());
  must(w->write(rows_of(all_types, many)));
  CHECK(must(w->commit(at_position(1))) == 0);
  CHECK(count(at, "t") == std::to_string(22 * rows.size()));
  CHECK(count(at, "(select distinct b, i, d, s, t, j from t) x") == std::to_string(rows.size()));
}

EVERY_DATABASE(every_row_refused, "of a large batch every row but one may be refused") {
  at.execute("create table t (n bigint, s varchar(9) check (n < 20 or n = 777))");
  auto w = at.writer(numbers, {}, false);
  must(w->open(life(1)));
  must(w->write(rows_of(numbers, numbered(100, 1000))));
  CHECK(must(w->commit(at_position(1))) == 899);
  CHECK(count(at, "t where n = 777") == "1");
  CHECK(count(at, "t") == "1");
}

EVERY_SERVER(altered,
             "a table that is altered while rows are written refuses none of them: it is looked at anew") {
  auto w = at.writer(numbers);
  must(w->open(life(1)));
  must(w->write(rows_of(numbers, numbered(0, 100))));
  must(w->commit(at_position(100)));
  at.execute("alter table t drop column n");
  at.execute("alter table t add column n date");
  must(w->write(rows_of(numbers, numbered(100, 200))));
  const auto failed = w->commit(at_position(200));
  REQUIRE_FALSE(failed);
  CHECK_THAT(failed.error().message, Catch::Contains("altered"));
  const auto again = w->open(life(1, true));
  REQUIRE_FALSE(again);
  CHECK_THAT(again.error().message, Catch::Contains("date"));
  at.execute("alter table t drop column n");
  at.execute("alter table t add column n bigint");
  CHECK(must(w->open(life(1, true)))->positions.at("counts/0/0").at.minor == 100);
  CHECK(must(w->rejected(0, 9)).empty());
  must(w->write(rows_of(numbers, numbered(100, 200))));
  CHECK(must(w->commit(at_position(200))) == 0);
  CHECK(count(at, "t where n is not null") == "100");
}

POSTGRESQL(rules_and_policies, "a table with rules or policies gets rows by inserts, which these look at") {
  at.execute("create table t (n bigint, s text); create table seen (n bigint)");
  const bool by_policy = GENERATE(true, false);
  at.execute(by_policy ? "alter table t enable row level security"
                       : "create rule t_seen as on insert to t do also insert into seen values (new.n)");
  auto w = at.writer(numbers, {}, false);
  must(w->open(life(1)));
  must(w->write(rows_of(numbers, numbered(0, 500))));
  CHECK(must(w->commit(at_position(1))) == 0);
  CHECK(count(at, "t") == "500");
  CHECK(count(at, "seen") == (by_policy ? "0" : "500"));
}

POSTGRESQL(refused_by_trigger, "a row that a trigger refuses is isolated") {
  at.execute("create table t (n bigint, s text); create function no_17() returns trigger language plpgsql as "
             "$$ begin"
             " if new.n = 17 then raise exception 'seventeen'; end if; return new; end $$;"
             " create trigger no_17 before insert on t for each row execute function no_17()");
  auto w = at.writer(numbers, {}, false);
  must(w->open(life(1)));
  must(w->write(rows_of(numbers, numbered(0, 500))));
  CHECK(must(w->commit(at_position(1))) == 1);
  CHECK_THAT(must(w->rejected(0, 9)).at(0).error, Catch::Contains("seventeen"));
  CHECK(count(at, "t") == "499");
}

POSTGRESQL(lost_while_copying,
           "a connection that is lost while rows are copied is an error that may be tried again") {
  const auto colon = at.connection.rfind(':');
  proxy between(std::stoi(at.connection.substr(colon + 1)));
  place through(at.kind, at.connection_by_port(between.port()), at.connection);
  at.execute("create table t (n bigint, s text)");
  auto w = through.writer(numbers, {}, false);
  must(w->open(life(1)));
  must(w->write(rows_of(numbers, numbered(0, 1000))));
  must(w->commit(at_position(1000)));
  // The request is lost at the statement, or between its rows.
  between.arm(proxy::fault::lose_request, GENERATE("copy \"public\".\"t\"", "row 1500"));
  must(w->write(rows_of(numbers, numbered(1000, 2000))));
  const auto lost = w->commit(at_position(2000));
  REQUIRE(between.fired());
  REQUIRE_FALSE(lost);
  CHECK(lost.error().code == ec::unavailable);
  CHECK(lost.error().retry);
  CHECK(must(w->open(life(1, true)))->positions.at("counts/0/0").at.minor == 1000);
  must(w->write(rows_of(numbers, numbered(1000, 2000))));
  must(w->commit(at_position(2000)));
  CHECK(count(at, "(select distinct n from t) x") == "2000");
  CHECK(count(at, "t") == "2000");
}
