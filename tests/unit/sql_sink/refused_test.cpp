// Rows that the database refuses: isolated, kept with the commit, everything else stored.
#include "tests/unit/sql_sink/place.hpp"

#include <cmath>
#include <set>

using namespace sink_sql_test;
using data::type_id;

namespace {

const std::vector<data::field> columns{{"n", type_id::bigint}, {"s", type_id::text}};

void make_narrow(place& at) {
  at.execute(at.kind == sink::sql::product::sqlite
                 ? "create table t (n integer not null check (n < 1000000), s text check (length(s) <= 20))"
                 : "create table t (n integer not null, s varchar(20))");
}

}  // namespace

EVERY_DATABASE(refused_in_the_middle,
               "of 10,000 rows those that do not fit are isolated, and the others stored") {
  make_narrow(at);
  auto w = at.writer(columns, {}, false);
  must(w->open(life(1)));
  const std::set<int> bad{0, 17, 18, 5000, 9999};
  std::vector<cells> rows;
  for (int i = 0; i < 10'000; ++i) {
    if (bad.count(i) == 0)
      rows.push_back({std::to_string(i), "row " + std::to_string(i)});
    else if (i == 17)
      rows.push_back({{}, "no number"});
    else if (i == 5000)
      rows.push_back({"9999999999", "too large"});
    else
      rows.push_back({std::to_string(i), "much too long for twenty characters \xF0\x9F\x98\x80"});
  }
  must(w->write(rows_of(columns, rows)));
  CHECK(must(w->rejected(0, 100)).empty());  // no row is told before it is committed
  CHECK(must(w->commit(at_position(10'000))) == bad.size());
  CHECK(at.query("select count(*), count(distinct n) from t", 2)[0] == sink::sql::record{"9995", "9995"});

  const auto first = must(w->rejected(0, 3));
  REQUIRE(first.size() == 3);
  CHECK(first[0].sequence == 1);
  CHECK(first[0].record == "{\"n\":0,\"s\":\"much too long for twenty characters \xF0\x9F\x98\x80\"}");
  CHECK(first[1].record == "{\"n\":null,\"s\":\"no number\"}");
  CHECK_FALSE(first[0].error.empty());
  CHECK(must(w->rejected(3, 100)).size() == 2);

  w->forget_rejected(3);
  auto next = at.writer(columns, {}, false);
  must(next->open(life(2)));
  CHECK(must(next->rejected(0, 100)).size() == 2);
  next->forget_rejected(5);
  must(next->write(rows_of(columns, {{{}, "again"}})));
  CHECK(must(next->commit(at_position(10'001))) == 1);
  const auto later = must(next->rejected(0, 100));
  REQUIRE(later.size() == 1);
  CHECK(later[0].sequence == 6);  // never a number twice
}

EVERY_DATABASE(asked_while_rows_are_on_their_way,
               "dead letters can be asked for, and forgotten, while rows are on their way") {
  make_narrow(at);
  auto w = at.writer(columns, {}, false);
  must(w->open(life(1)));
  constexpr int many = 100'000;  // more than what is kept back until the commit
  std::vector<cells> rows;
  for (int i = 0; i < many; ++i)
    rows.push_back({std::to_string(i), i == many / 2 ? "much too long for twenty characters" : "row"});
  must(w->write(rows_of(columns, rows)));
  CHECK(must(w->rejected(0, 100)).empty());
  must(w->write(rows_of(columns, rows)));
  w->forget_rejected(0);
  CHECK(must(w->commit(at_position(2 * many))) == 2);
  CHECK(must(w->rejected(0, 100)).size() == 2);
  CHECK(at.query("select count(*) from t", 1)[0] == sink::sql::record{std::to_string(2 * (many - 1))});
}

EVERY_DATABASE(all_refused, "a batch of nothing but refused rows commits its position") {
  make_narrow(at);
  auto w = at.writer(columns, {}, false);
  must(w->open(life(1)));
  must(w->write(rows_of(columns, std::vector<cells>(100, {{}, "x"}))));
  CHECK(must(w->commit(at_position(5))) == 100);
  CHECK(must(w->open(life(2)))->positions.at("counts/0/0").at.minor == 5);
  CHECK(must(w->rejected(0, 1000)).size() == 100);
}

EVERY_DATABASE(refused_rolled_back, "refused rows of a transaction that is given up are not kept") {
  make_narrow(at);
  auto w = at.writer(columns, {}, false);
  must(w->open(life(1)));
  must(w->write(rows_of(columns, {{{}, "x"}})));
  must(w->open(life(2)));
  must(w->write(rows_of(columns, {{"1", "x"}})));
  CHECK(must(w->commit(at_position(5))) == 0);
  CHECK(must(w->rejected(0, 1000)).empty());
}

EVERY_DATABASE(bad_bytes, "text that is not UTF-8 is refused, and its record is readable") {
  auto w = at.writer(columns);
  must(w->open(life(1)));
  must(w->write(rows_of(columns, {{"1", "ok"},
                                  {"2", "\xFF\xFE"},
                                  {"3", "cut \xF0\x9F\x98"},
                                  {"4", "\xED\xA0\x80"},
                                  {"5", "\xC0\x80"}})));
  CHECK(must(w->commit(at_position(1))) == 4);
  const auto refused = must(w->rejected(0, 9));
  CHECK(refused[1].record == "{\"n\":3,\"s\":\"cut \xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\"}");
  CHECK(at.query("select n from t", 1).size() == 1);
}

EVERY_DATABASE(not_finite, "NaN and Infinity are stored, or refused where the database has none") {
  const std::vector<data::field> doubles{{"d", type_id::float64}};
  auto w = at.writer(doubles);
  must(w->open(life(1)));
  must(w->write(rows_of(doubles, {{"nan"}, {"inf"}, {"-inf"}, {"1.5"}})));
  const auto refused = must(w->commit(at_position(1)));
  CHECK(refused == (at.kind == sink::sql::product::mysql    ? 3
                    : at.kind == sink::sql::product::sqlite ? 1
                                                            : 0));
  CHECK(at.query("select d from t where d is not null", 1).size() == 4 - refused);
  CHECK(at.query("select d from t", 1).size() == 4 - refused);
}

EVERY_SERVER(rounded_time, "a timestamp that the column would round is refused") {
  const std::vector<data::field> times{{"t", type_id::timestamp}};
  at.execute("create table t (t timestamp(0) null)");
  auto w = at.writer(times, {}, false);
  must(w->open(life(1)));
  must(w->write(rows_of(times, {{"2021-04-24T19:55:00Z"}, {"2021-04-24T19:55:00.796Z"}})));
  CHECK(must(w->commit(at_position(1))) == 1);
}

MARIADB(huge_row, "a row beyond max_allowed_packet is refused, and kept whole") {
  auto w = at.writer(columns);
  must(w->open(life(1)));
  const std::string huge(17'000'000, 'x');
  must(w->write(rows_of(columns, {{"1", "small"},
                                  {"2", huge},
                                  {"3", std::string(9'000'000, '\'')},
                                  {"4", std::string(10'000'000, 'y')}})));
  CHECK(must(w->commit(at_position(1))) == 2);
  const auto refused = must(w->rejected(0, 9));
  REQUIRE(refused.size() == 2);
  CHECK(refused[0].record.size() == huge.size() + std::string("{\"n\":2,\"s\":\"\"}").size());
  CHECK_THAT(refused[0].error, Catch::Contains("max_allowed_packet"));
  CHECK(at.query("select n from t order by n", 1).size() == 2);
}
