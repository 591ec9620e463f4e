// Changes from outside: rows that delete, and changes that come after newer ones.
#include "tests/unit/sql_sink/place.hpp"

#include <algorithm>
#include <map>
#include <random>

using namespace sink_sql_test;
using data::type_id;

namespace {

const std::vector<data::field> plain_columns{
    {"k", type_id::text}, {"n", type_id::bigint}, {"v", type_id::text}};
const std::vector<data::field> numbered_columns{
    {"k", type_id::text}, {"n", type_id::bigint}, {"v", type_id::text}, {"at", type_id::bigint}};

std::vector<data::field> with_deletion(std::vector<data::field> fields) {
  fields.push_back({"_delete", type_id::boolean});
  return fields;
}

sink::sql::table_options changes(const std::vector<data::field>& fields, bool create = true) {
  sink::sql::table_options out{"t", std::make_shared<data::schema>(fields), {"k", "n"}, create};
  out.deletes = true;
  return out;
}

sink::sql::table_options changes_by(const std::string& newest,
                                    const std::vector<data::field>& fields = numbered_columns,
                                    bool create = true) {
  auto out = changes(fields, create);
  out.newest = newest;
  return out;
}

std::unique_ptr<sink::writer> changing(const place& at, sink::sql::table_options options) {
  return sink::sql::make_writer(must(sink::sql::parse_connection(at.connection)), std::move(options));
}

std::string rows_in(place& at) {
  std::string out;
  for (const auto& r : at.query("select k, n, v from t order by k is null, k, n is null, n", 3))
    out += r[0].value_or("-") + "," + r[1].value_or("-") + "," + r[2].value_or("-") + ";";
  return out;
}

/// A table of the user's: without an index of the key, rows are looked for one by one.
void make_unindexed(place& at) {
  at.execute(
      at.kind == sink::sql::product::mysql
          ? "create table t (v varchar(20), n bigint, k varchar(20) collate utf8mb4_nopad_bin, at bigint)"
          : "create table t (v text, n bigint, k text, at bigint)");
}

}  // namespace

EVERY_DATABASE(last_change_stays, "of the changes of one key in a batch the last one stays") {
  const bool indexed = GENERATE(true, false);
  if (!indexed)
    make_unindexed(at);
  auto w = changing(at, changes(plain_columns, indexed));
  must(w->open(life(1)));
  const auto fields = with_deletion(plain_columns);
  must(w->write(rows_of(fields, {{"a", "1", "x", "false"},
                                 {"a", "1", {}, "true"},
                                 {"a", "1", "y", "false"},
                                 {"b", "1", "x", "false"},
                                 {"b", "1", {}, "true"},
                                 {"c", "1", {}, "true"},
                                 {"c", "1", "x", {}},
                                 {{}, {}, "x", "false"},
                                 {{}, "1", "x", "false"},
                                 {{}, {}, {}, "true"},
                                 {"A", "1", "upper", "false"},
                                 {"a ", "1", "blank", "false"}})));
  CHECK(must(w->commit(at_position(1))) == 0);
  CHECK(rows_in(at) == "A,1,upper;a,1,y;a ,1,blank;c,1,x;-,1,x;");
  must(w->write(
      rows_of(fields, {{"a", "1", {}, "true"}, {{}, "1", {}, "true"}, {"nobody", "1", {}, "true"}})));
  CHECK(must(w->commit(at_position(2))) == 0);
  CHECK(rows_in(at) == "A,1,upper;a ,1,blank;c,1,x;");
}

EVERY_DATABASE(random_changes, "random changes end as in a map, with and without an index of the key") {
  const bool indexed = GENERATE(true, false);
  if (!indexed)
    make_unindexed(at);
  auto w = changing(at, changes(plain_columns, indexed));
  must(w->open(life(1)));
  std::mt19937 random(indexed ? 3 : 4);  // NOLINT: the same changes every time
  std::map<std::pair<std::optional<std::string>, std::optional<std::string>>, std::string> oracle;
  const std::vector<std::optional<std::string>> names{std::nullopt, "", "a", "b", "\xF0\x9F\x98\x80"};
  for (int step = 0; step < 8; ++step) {
    std::vector<cells> rows;
    for (int i = 0; i < 60; ++i) {
      const auto k = names[random() % names.size()];
      const auto n = random() % 4 == 0 ? std::nullopt : std::optional(std::to_string(random() % 3));
      if (random() % 3 == 0) {
        rows.push_back({k, n, {}, "true"});
        oracle.erase({k, n});
      } else {
        rows.push_back({k, n, std::to_string(random() % 1000), "false"});
        oracle[{k, n}] = *rows.back()[2];
      }
    }
    must(w->write(rows_of(with_deletion(plain_columns), rows)));
    CHECK(must(w->commit(at_position(step))) == 0);
  }
  const auto found = at.query("select k, n, v from t", 3);
  CHECK(found.size() == oracle.size());
  for (const auto& r : found)
    CHECK(oracle[{r[0], r[1]}] == *r[2]);
}

EVERY_DATABASE(newest_stays,
               "changes in any order, and again, end as the newest of each key says, over lives") {
  const bool indexed = GENERATE(true, false);
  const bool by_time = GENERATE(false, true);
  if (by_time && !indexed)
    return;
  if (!indexed)
    make_unindexed(at);
  auto fields = numbered_columns;
  if (by_time)
    fields.back().type = type_id::timestamp;
  struct change {
    std::optional<std::string> k;
    std::string n;
    int number;
    bool deletes;
  };
  std::mt19937 random(by_time ? 5 : indexed ? 6 : 7);  // NOLINT: the same changes every time
  const std::vector<std::optional<std::string>> names{std::nullopt, "", "a", "b c"};
  std::vector<change> history;
  for (int number = 0; number < 300; ++number)
    history.push_back(
        {names[random() % names.size()], std::to_string(random() % 4), number, random() % 3 == 0});
  std::map<std::pair<std::optional<std::string>, std::string>, change> last;
  for (const auto& c : history)
    last.insert_or_assign({c.k, c.n}, c);
  auto delivered = history;
  for (int i = 0; i < 100; ++i)
    delivered.push_back(history[random() % history.size()]);
  std::shuffle(delivered.begin(), delivered.end(), random);

  // 00.5, 01, 01.5: a text's order is not a time's
  const auto number_of = [&](int number) {
    return by_time ? "2021-04-24T19:" + std::to_string(10 + number / 100) + ":" +
                         std::to_string(10 + number % 100 / 2) + (number % 2 == 1 ? ".5Z" : "Z")
                   : std::to_string(number);
  };
  for (std::size_t from = 0, step = 1; from < delivered.size(); from += 50, ++step) {
    auto w = changing(at, changes_by("at", fields, indexed));
    must(w->open(life(step, step > 1)));
    std::vector<cells> rows;
    for (auto i = from; i < std::min(delivered.size(), from + 50); ++i) {
      const auto& c = delivered[i];
      rows.push_back({c.k, c.n, c.deletes ? std::nullopt : std::optional("v" + std::to_string(c.number)),
                      number_of(c.number), c.deletes ? "true" : "false"});
    }
    must(w->write(rows_of(with_deletion(fields), rows)));
    CHECK(must(w->commit(at_position(static_cast<std::int64_t>(step)))) == 0);
  }
  std::size_t left = 0;
  for (const auto& [key, c] : last)
    left += c.deletes ? 0 : 1;
  const auto found = at.query("select k, n, v from t", 3);
  CHECK(found.size() == left);
  for (const auto& r : found)
    CHECK(*r[2] == "v" + std::to_string(last.at({r[0], *r[1]}).number));
}

EVERY_DATABASE(equal_number,
               "a change with the number of the last one takes its place, as one that comes again") {
  auto w = changing(at, changes_by("at"));
  must(w->open(life(1)));
  const auto fields = with_deletion(numbered_columns);
  must(w->write(rows_of(fields, {{"a", "1", "x", "5", "false"}, {"a", "1", "y", "5", "false"}})));
  must(w->commit(at_position(1)));
  CHECK(rows_in(at) == "a,1,y;");
  must(w->write(rows_of(fields, {{"a", "1", {}, "5", "true"}, {"a", "1", "older", "4", "false"}})));
  must(w->commit(at_position(2)));
  CHECK(rows_in(at).empty());
  must(w->write(rows_of(fields, {{"a", "1", "z", "5", "false"}})));
  must(w->commit(at_position(3)));
  CHECK(rows_in(at) == "a,1,z;");
}

EVERY_DATABASE(rows_of_before, "a row of before, without a number, is older than any change") {
  auto w = changing(at, changes_by("at"));
  must(w->open(life(1)));
  at.execute("insert into t (k, n, v) values ('a', 1, 'old'), ('b', 1, 'old'), ('c', 1, 'old')");
  must(w->write(rows_of(with_deletion(numbered_columns),
                        {{"a", "1", "new", "-5", "false"}, {"b", "1", {}, "-5", "true"}})));
  must(w->commit(at_position(1)));
  CHECK(rows_in(at) == "a,1,new;c,1,old;");
}

EVERY_DATABASE(no_number, "a change without a number is refused") {
  auto w = changing(at, changes_by("at"));
  must(w->open(life(1)));
  must(w->write(
      rows_of(with_deletion(numbered_columns),
              {{"a", "1", "x", "5", "false"}, {"a", "1", {}, {}, "true"}, {"b", "1", "x", {}, "false"}})));
  CHECK(must(w->commit(at_position(1))) == 2);
  CHECK(rows_in(at) == "a,1,x;");
  const auto refused = must(w->rejected(0, 10));
  REQUIRE(refused.size() == 2);
  CHECK(refused[0].record == R"({"k":"a","n":1,"v":null,"at":null,"_delete":true})");
  CHECK(refused[0].error.find("column at: null says neither") == 0);
}

EVERY_DATABASE(refused_deletion,
               "a deletion that another table forbids is refused alone, and is not known later") {
  at.execute(at.kind == sink::sql::product::mysql
                 ? "create table t (k varchar(20) collate utf8mb4_nopad_bin not null, n bigint not null, "
                   "v varchar(20) not null, at bigint not null, primary key (k, n))"
                 : "create table t (k text not null, n bigint not null, v text not null, at bigint not null, "
                   "primary key (k, n))");
  auto w = changing(at, changes_by("at", numbered_columns, false));
  must(w->open(life(1)));
  std::vector<cells> rows;
  for (int i = 0; i < 500; ++i)
    rows.push_back({"a", std::to_string(i), "x", "5", "false"});
  must(w->write(rows_of(with_deletion(numbered_columns), rows)));
  must(w->commit(at_position(1)));
  at.execute(
      at.kind == sink::sql::product::mysql
          ? "create table other (k varchar(20) collate utf8mb4_nopad_bin, n bigint, foreign key (k, n) "
            "references t (k, n))"
          : "create table other (k text, n bigint, foreign key (k, n) references t (k, n))");
  at.execute("insert into other values ('a', 77), ('a', 300)");
  // The key of a deletion counts: v must not be null, and is.
  for (auto& row : rows)
    row = {row[0], row[1], {}, "7", "true"};
  must(w->write(rows_of(with_deletion(numbered_columns), rows)));
  CHECK(must(w->commit(at_position(2))) == 2);
  CHECK(rows_in(at) == "a,77,x;a,300,x;");
  must(w->write(rows_of(with_deletion(numbered_columns),
                        {{"a", "77", "later", "6", "false"}, {"a", "78", "older", "6", "false"}})));
  CHECK(must(w->commit(at_position(3))) == 0);
  CHECK(rows_in(at) == "a,77,later;a,300,x;");
}

EVERY_DATABASE(other_unique_column,
               "a row may have what one before it in the batch gives up by its deletion") {
  at.execute("create table t (k varchar(20), n integer, v varchar(20) unique, unique (k, n))");
  auto w = changing(at, changes(plain_columns, false));
  must(w->open(life(1)));
  const auto fields = with_deletion(plain_columns);
  must(w->write(
      rows_of(fields, {{"a", "1", "x", "false"}, {"a", "1", {}, "true"}, {"b", "1", "x", "false"}})));
  CHECK(must(w->commit(at_position(1))) == 0);
  CHECK(rows_in(at) == "b,1,x;");
}

EVERY_DATABASE(not_committed, "a deletion that was not committed is not known") {
  const auto fields = with_deletion(numbered_columns);
  {
    auto w = changing(at, changes_by("at"));
    must(w->open(life(1)));
    must(w->write(rows_of(fields, {{"a", "1", "x", "5", "false"}})));
    must(w->commit(at_position(1)));
    must(w->write(rows_of(fields, {{"a", "1", {}, "9", "true"}})));
    (void)must(w->rejected(0, 1));
  }
  auto w = changing(at, changes_by("at"));
  must(w->open(life(2)));
  must(w->write(rows_of(fields, {{"a", "1", "y", "6", "false"}})));
  must(w->commit(at_position(2)));
  CHECK(rows_in(at) == "a,1,y;");
}

EVERY_DATABASE(kept_deletions, "a deletion is forgotten after the time that is asked for, by the clock") {
  const auto fields = with_deletion(numbered_columns);
  constexpr event_micros hour = 3'600'000'000;
  fake_clock clock(1'000 * hour);
  auto options = changes_by("at");
  options.keep_deleted = micros(hour);
  options.clock = &clock;
  auto w = changing(at, options);
  must(w->open(life(1)));
  const std::string long_key(400, 'k');
  const auto again = [&](std::int64_t n) {
    must(w->write(
        rows_of(fields, {{"a", "1", "older", "4", "false"}, {long_key, "1", "older", "4", "false"}})));
    must(w->commit(at_position(n)));
  };
  must(w->write(rows_of(fields, {{"a", "1", {}, "5", "true"}, {long_key, "1", {}, "5", "true"}})));
  must(w->commit(at_position(1)));
  CHECK(at.query("select row_key from millrace_deleted where table_name = 't' order by row_key", 1)
            .front()[0] == "[\"a\",1]");
  clock.set(1'000 * hour + hour / 2);
  again(2);
  CHECK(at.query("select 1 from t where k = 'a'", 1).empty());
  clock.set(1'001 * hour + 60'000'000);
  must(w->commit(at_position(3)));
  CHECK(at.query("select 1 from millrace_deleted", 1).empty());
  again(4);
  CHECK(at.query("select 1 from t where k = 'a'", 1).size() == 1);
}

EVERY_DATABASE(no_order, "a column whose order is none of the numbers' is refused with the remedy") {
  at.execute("create table t (k varchar(20), n integer, v varchar(20), at varchar(20))");
  auto w = changing(at, changes_by("at", numbered_columns, false));
  const auto opened = w->open(life(1));
  REQUIRE_FALSE(opened);
  CHECK(opened.error().whose == fault::user);
  CHECK(opened.error().message.find("in whose order bigint is not newer where it is greater") !=
        std::string::npos);
}

EVERY_DATABASE(numeric_deletions,
               "a deletion by a numeric finds its row at any scale, and is known later at any") {
  const std::vector<data::field> fields{
      {"k", type_id::numeric}, {"n", type_id::bigint}, {"v", type_id::text}, {"at", type_id::bigint}};
  at.execute(at.kind == sink::sql::product::sqlite
                 ? "create table t (k text, n bigint, v text, at bigint)"
                 : "create table t (k decimal(38,10), n bigint, v varchar(20), at bigint)");
  auto w = changing(at, changes_by("at", fields, false));
  must(w->open(life(1)));
  must(w->write(rows_of(
      with_deletion(fields),
      {{"1.50", "1", "x", "1", "false"}, {"2.5", "1", "y", "1", "false"}, {{}, "1", "z", "1", "false"}})));
  must(w->commit(at_position(1)));
  must(w->write(
      rows_of(with_deletion(fields), {{"1.5000", "1", {}, "5", "true"}, {{}, "1", {}, "5", "true"}})));
  CHECK(must(w->commit(at_position(2))) == 0);
  CHECK(at.query("select v from t", 1) == std::vector<sink::sql::record>{{"y"}});
  must(w->write(rows_of(with_deletion(fields),
                        {{"1.5", "1", "older", "4", "false"}, {"2.500", "1", "w", "2", "false"}})));
  CHECK(must(w->commit(at_position(3))) == 0);
  CHECK(at.query("select v from t", 1) == std::vector<sink::sql::record>{{"w"}});
  CHECK(at.query("select row_key from millrace_deleted where table_name = 't' order by row_key", 1) ==
        std::vector<sink::sql::record>{{"[1.5,1]"}, {"[null,1]"}});
}
