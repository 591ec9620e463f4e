// Values, names and tables: what is given is what is stored.
#include "runtime/expression/formats/time_text.hpp"
#include "tests/unit/sql_sink/place.hpp"

#include <algorithm>

using namespace sink_sql_test;
using data::type_id;

namespace {

const std::vector<data::field> all_types{
    {"b", type_id::boolean},   {"i", type_id::bigint}, {"d", type_id::float64}, {"s", type_id::text},
    {"t", type_id::timestamp}, {"j", type_id::json},   {"day", type_id::date}};

}  // namespace

EVERY_DATABASE(values_come_back, "every value comes back as it was given") {
  auto w = at.writer(all_types);
  REQUIRE_FALSE(must(w->open(life(1))));
  const std::vector<cells> rows{
      {"true", "9223372036854775807", "1.7976931348623157e308", "\xF0\x9F\x98\x80 caf\xC3\xA9",
       "2021-04-24T19:55:00.796Z", "{\"a\": [1]}", "2021-04-24"},
      {"false", "-9223372036854775808", "5e-324", "", "1970-01-01T00:00:00Z", "[]", "1970-01-01"},
      {{}, {}, {}, {}, {}, {}, {}},
      {"true", "0", "-0.0", "  blanks at both edges  ", "9999-12-31T23:59:59.999999Z", "null", "9999-12-31"},
      {"true", "1", "0.1", "it's \\ a \"quote\" `tick` :p0 %s ? -- ; \n\r\t\b\x1a",
       "0001-01-01T00:00:00.000001Z", "\"\\\\\"", "0001-01-01"},
      {"true", "1", "12345678901234567890", "null", "2024-02-29T23:59:59.5Z", "{}", "2024-02-29"},
  };
  must(w->write(rows_of(all_types, rows)));
  CHECK(must(w->commit(at_position(1))) == 0);
  CHECK(at.query("select count(*) from t", 1)[0][0] == std::to_string(rows.size()));
  // Compared by the database itself, so that no printing hides a difference.
  const auto count = [&](const std::string& where) {
    return at.query("select count(*) from t where " + where, 1)[0][0];
  };
  CHECK(count("i = 9223372036854775807 and d = 1.7976931348623157e308") == "1");
  CHECK(count("i = -9223372036854775807 - 1 and s = ''") == "1");
  CHECK(count("b is null and i is null and d is null and s is null and t is null and j is null") == "1");
  CHECK(count("d = 0.1e0") == "1");
  for (const std::string day : {"0001-01-01", "1970-01-01", "2021-04-24", "2024-02-29", "9999-12-31"})
    CHECK(count("day = '" + day + "'") == "1");
  CHECK(count("day > '2021-04-24'") == "2");
  CHECK(count("day is null") == "1");
  CHECK(count("s is null") == "1");
  const auto texts = at.query("select s from t where s is not null order by i, d, s", 1);
  std::vector<std::string> found;
  for (const auto& r : texts)
    found.push_back(*r[0]);
  for (const auto& r : rows)
    if (r[3])
      CHECK(std::count(found.begin(), found.end(), *r[3]) == 1);
  const auto times =
      at.query(at.kind == sink::sql::product::mysql
                   ? "select date_format(t, '%Y-%m-%dT%H:%i:%s.%fZ') from t where t is not null order by t"
               : at.kind == sink::sql::product::postgresql
                   ? "select to_char(t at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"') from t"
                     " where t is not null order by t"
                   : "select t from t where t is not null order by t",
               1);
  REQUIRE(times.size() == 5);
  CHECK(must(expression::parse_timestamp(*times[0][0])) ==
        must(expression::parse_timestamp("0001-01-01T00:00:00.000001Z")));
  CHECK(must(expression::parse_timestamp(*times[2][0])) ==
        must(expression::parse_timestamp("2021-04-24T19:55:00.796Z")));
  CHECK(must(expression::parse_timestamp(*times[4][0])) ==
        must(expression::parse_timestamp("9999-12-31T23:59:59.999999Z")));
}

EVERY_DATABASE(numerics_come_back, "a numeric is stored with its digits, none of which a double has seen") {
  const bool copied = GENERATE(false, true);  // PostgreSQL copies many rows, and inserts a few
  const std::vector<data::field> columns{{"i", type_id::bigint},
                                         {"n", data::type::numeric_of(38, 9)},
                                         {"w", data::type::numeric_of(38, 0)},
                                         {"z", data::type::numeric_of(30, 30)}};
  const std::vector<cells> rows{{"0", "12345678901234567890123456789.123456789",
                                 "99999999999999999999999999999999999999", "0." + std::string(29, '0') + "1"},
                                {"1", "-99999999999999999999999999999.999999999",
                                 "-99999999999999999999999999999999999999", "-0." + std::string(30, '9')},
                                {"2", "0.000000000", "0", "0." + std::string(30, '0')},
                                {"3", "-0.000000001", "-1", "0.1" + std::string(29, '0')},
                                {"4", "9007199254740993.000000000", "9007199254740993", {}},
                                {"5", {}, {}, {}}};
  auto w = at.writer(columns);
  must(w->open(life(1)));
  auto given = rows;
  for (int i = 6; copied && i < 5000; ++i)
    given.push_back({std::to_string(i), {}, {}, {}});
  must(w->write(rows_of(columns, given)));
  CHECK(must(w->commit(at_position(1))) == 0);
  const auto found = at.query("select i, n, w, z from t where i < 6 order by i", 4);
  REQUIRE(found.size() == rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i)
    CHECK(found[i] == sink::sql::record(rows[i].begin(), rows[i].end()));
}

EVERY_DATABASE(plain_numerics_come_back,
               "a numeric of any scale is stored with its own, where the database has such a type") {
  if (at.kind == sink::sql::product::mysql)
    at.execute("create table t (i bigint, n decimal(65,26))");
  const std::vector<data::field> columns{{"i", type_id::bigint}, {"n", type_id::numeric}};
  const std::vector<std::string> digits{
      "1.50", "1.5", "-0.00", "99999999999999999999999999999999999999", "0.12345678901234567890123456",
      "100"};
  std::vector<cells> rows;
  for (std::size_t i = 0; i < digits.size(); ++i)
    rows.push_back({std::to_string(i), digits[i]});
  auto w = at.writer(columns, {}, at.kind != sink::sql::product::mysql);
  must(w->open(life(1)));
  must(w->write(rows_of(columns, rows)));
  CHECK(must(w->commit(at_position(1))) == 0);
  const auto found = at.query("select n from t order by i", 1);
  REQUIRE(found.size() == digits.size());
  for (std::size_t i = 0; i < digits.size(); ++i) {
    decimal given;
    decimal stored;
    REQUIRE(read_decimal(digits[i], given) == decimal_reading::ok);
    REQUIRE(read_decimal(*found[i][0], stored) == decimal_reading::ok);
    CHECK(stored == given);
    if (at.kind != sink::sql::product::mysql)
      CHECK(*found[i][0] == (i == 2 ? "0.00" : digits[i]));
  }
}

EVERY_DATABASE(numerics_in_other_columns,
               "a numeric goes into columns of whole numbers and of texts, and into no double") {
  const std::vector<data::field> columns{{"i", type_id::numeric}, {"s", type_id::numeric}};
  at.execute("create table t (i bigint, s varchar(50))");
  auto w = at.writer(columns, {}, false);
  must(w->open(life(1)));
  must(w->write(rows_of(columns, {{"9223372036854775807.00", "1.50"},
                                  {"-9223372036854775808", "-0.001"},
                                  {"9223372036854775808", "1"},
                                  {"12.5", "2"},
                                  {"7.000", "99999999999999999999999999999999999999"},
                                  {{}, {}}})));
  CHECK(must(w->commit(at_position(1))) == 2);
  CHECK(at.query("select i, s from t order by i is null, i", 2) ==
        std::vector<sink::sql::record>{{"-9223372036854775808", "-0.001"},
                                       {"7", "99999999999999999999999999999999999999"},
                                       {"9223372036854775807", "1.50"},
                                       {{}, {}}});
  const auto refused = must(w->rejected(0, 10));
  REQUIRE(refused.size() == 2);
  CHECK_THAT(refused[0].record + refused[1].record,
             Catch::Contains(R"({"i":12.5,"s":2})") && Catch::Contains(R"({"i":9223372036854775808,"s":1})"));
  CHECK_THAT(refused[0].error + refused[1].error, Catch::Contains("expected a whole number"));

  at.execute("create table doubles (i double precision, s varchar(50))");
  const auto opened = at.writer(columns, {}, false, "doubles")->open(life(2));
  REQUIRE_FALSE(opened);
  CHECK_THAT(opened.error().message, Catch::Contains("which does not hold every numeric unchanged (needs "));
}

EVERY_SERVER(numerics_of_fewer_digits, "a numeric with more digits than a column keeps is a dead letter") {
  const std::vector<data::field> columns{{"n", type_id::numeric}};
  at.execute("create table t (n decimal(6,2))");
  auto w = at.writer(columns, {}, false);
  must(w->open(life(1)));
  must(w->write(rows_of(columns, {{"12.5"}, {"12.500"}, {"1.005"}, {"9999.99"}, {"10000"}, {"-0.001"}})));
  CHECK(must(w->commit(at_position(1))) == 3);
  CHECK(at.query("select n from t order by n", 1) ==
        std::vector<sink::sql::record>{{"12.50"}, {"12.50"}, {"9999.99"}});
}

EVERY_DATABASE(names_need_quoting, "tables and columns may have any name") {
  const std::string table = "we`ird \"ta'ble\" :p0; -- \xC3\xBC";
  const std::vector<data::field> columns{{"select", type_id::text},       {"a b", type_id::bigint},
                                         {"\xC3\xBC\"`'", type_id::text}, {"x:y", type_id::text},
                                         {"end", type_id::timestamp},     {"100%", type_id::boolean}};
  for (const auto& key : {std::vector<std::string>{}, std::vector<std::string>{"\xC3\xBC\"`'", "a b"}}) {
    const auto name = table + std::to_string(key.size());
    auto w = at.writer(columns, key, true, name);
    auto who = life(1);
    who.sink = name;
    must(w->open(who));
    must(w->write(rows_of(columns, {{"x", "1", "k", ":p1", "2020-01-01T00:00:00Z", "true"},
                                    {"x", "1", {}, ":p1", "2020-01-01T00:00:00Z", "true"}})));
    must(w->commit(at_position(1)));
    at.execute("drop view if exists plain");
    at.execute("create view plain as select " + at.name("x:y") + " as v, " + at.name("a b") + " as n from " +
               at.name(name));
    CHECK(at.query("select v from plain where n = 1", 1) == std::vector<sink::sql::record>{{":p1"}, {":p1"}});
    must(w->open(life(2)));
  }
}

EVERY_DATABASE(type_differs, "a table that differs is refused with every difference and the remedy") {
  at.execute("create table t (i varchar(10), extra integer not null, d integer)");
  const std::vector<data::field> columns{
      {"i", type_id::text}, {"missing", type_id::text}, {"d", type_id::text}};
  auto opened = at.writer(columns)->open(life(1));
  REQUIRE_FALSE(opened);
  CHECK(opened.error().code == ec::mismatch);
  CHECK_FALSE(opened.error().retry);
  CHECK_THAT(opened.error().message,
             Catch::Contains("no column " + at.name("missing")) && Catch::Contains("alter table") &&
                 Catch::Contains(at.name("extra")) && Catch::Contains("column " + at.name("d")));
}

EVERY_DATABASE(table_missing,
               "a missing table is an error that shows the statement, unless it may be created") {
  at.execute("create table other (i integer)");
  const std::vector<data::field> columns{{"i", type_id::bigint}};
  auto opened = at.writer(columns, {}, false)->open(life(1));
  REQUIRE_FALSE(opened);
  CHECK(opened.error().code == ec::not_found);
  CHECK_THAT(opened.error().message,
             Catch::Contains("\"create\": true") && Catch::Contains("create table if not exists"));
  at.execute("create table t (i bigint)");
  auto w = at.writer(columns, {}, false);
  must(w->open(life(1)));
  must(w->write(rows_of(columns, {{"5"}})));
  must(w->commit(at_position(1)));
  CHECK(at.query("select i from t", 1)[0][0] == "5");
}

EVERY_DATABASE(database_missing, "a missing database is an error unless it may be created") {
  auto opened = at.writer({{"i", type_id::bigint}}, {}, false)->open(life(1));
  REQUIRE_FALSE(opened);
  CHECK(opened.error().code == ec::not_found);
  CHECK_THAT(opened.error().message, Catch::Contains("\"create\": true"));
  REQUIRE_FALSE(must(at.writer({{"i", type_id::bigint}})->open(life(1))));
}

EVERY_DATABASE(view_refused, "a view is refused") {
  at.execute("create table base (i bigint)");
  at.execute("create view t as select i from base");
  auto opened = at.writer({{"i", type_id::bigint}})->open(life(1));
  REQUIRE_FALSE(opened);
  CHECK(opened.error().code == ec::mismatch);
}

MARIADB(engine_refused, "a table without transactions is refused") {
  for (const std::string engine : {"MyISAM", "Aria"}) {
    at.execute("create or replace table t (i bigint) engine = " + engine);
    auto opened = at.writer({{"i", type_id::bigint}})->open(life(1));
    REQUIRE_FALSE(opened);
    CHECK(opened.error().code == ec::mismatch);
    CHECK_THAT(opened.error().message, Catch::Contains(engine) && Catch::Contains("engine = InnoDB"));
  }
}

MARIADB(types_made, "created columns have the types that are promised") {
  auto w = at.writer({{"k", type_id::text},
                      {"s", type_id::text},
                      {"b", type_id::boolean},
                      {"i", type_id::bigint},
                      {"d", type_id::float64},
                      {"t", type_id::timestamp},
                      {"j", type_id::json}},
                     {"k", "i"});
  must(w->open(life(1)));
  std::string types;
  for (const auto& c :
       at.query("select column_type, coalesce(collation_name, '') from information_schema.columns where"
                " table_schema = database() and table_name = 't' order by ordinal_position",
                2))
    types += *c[0] + " " + *c[1] + ";";
  CHECK(types == "varchar(255) utf8mb4_nopad_bin;longtext utf8mb4_nopad_bin;tinyint(1) ;bigint(20) ;double "
                 ";datetime(6) ;"
                 "longtext utf8mb4_bin;");
}

MARIADB(many_text_keys, "twelve text columns in a key fit into one index") {
  std::vector<data::field> columns;
  std::vector<std::string> key;
  cells row;
  for (int i = 0; i < 12; ++i) {
    key.push_back("k" + std::to_string(i));
    columns.push_back({key.back(), type_id::text});
    row.emplace_back("v");
  }
  auto w = at.writer(columns, key);
  must(w->open(life(1)));
  must(w->write(rows_of(columns, {row, row})));
  must(w->commit(at_position(1)));
  CHECK(at.query("select k0 from t", 1).size() == 1);
}

EVERY_DATABASE(two_names_one, "columns whose names differ in case only are told apart or refused") {
  auto opened = at.writer({{"Name", type_id::text}, {"name", type_id::text}})->open(life(1));
  CHECK(opened.has_value() == (at.kind == sink::sql::product::postgresql));
}
