// Upsert: the last row of a key stays, nulls are equal, other keys are not touched.
#include "tests/unit/sql_sink/place.hpp"

#include <map>
#include <random>

using namespace sink_sql_test;
using data::type_id;

namespace {

const std::vector<data::field> columns{{"k", type_id::text}, {"n", type_id::bigint}, {"v", type_id::text}};
const std::vector<std::string> key{"k", "n"};

std::string content(place& at) {
  std::string out;
  for (const auto& r : at.query("select k, n, v from t order by k is null, k, n is null, n", 3))
    out += r[0].value_or("-") + "," + r[1].value_or("-") + "," + r[2].value_or("-") + ";";
  return out;
}

}  // namespace

EVERY_DATABASE(last_stays, "the last row of a key stays, and null keys are equal") {
  auto w = at.writer(columns, key);
  must(w->open(life(1)));
  must(w->write(rows_of(columns, {{"a", "1", "first"},
                                  {{}, "1", "x"},
                                  {"a", "1", "second"},
                                  {{}, {}, "n1"},
                                  {"A", "1", "upper"},
                                  {"a ", "1", "blank"},
                                  {{}, {}, "n2"},
                                  {"", "1", "empty"}})));
  must(w->commit(at_position(1)));
  CHECK(content(at) == ",1,empty;A,1,upper;a,1,second;a ,1,blank;-,1,x;-,-,n2;");
  must(w->write(rows_of(columns, {{{}, "1", {}}, {"a", {}, "half"}, {"a", "1", "third"}, {{}, {}, "n3"}})));
  must(w->commit(at_position(2)));
  CHECK(content(at) == ",1,empty;A,1,upper;a,1,third;a,-,half;a ,1,blank;-,1,-;-,-,n3;");
}

EVERY_DATABASE(key_only, "a row may be nothing but its key") {
  const std::vector<data::field> only{{"k", type_id::text}};
  auto w = at.writer(only, {"k"});
  must(w->open(life(1)));
  must(w->write(rows_of(only, {{"a"}, {{}}, {"a"}, {{}}})));
  must(w->commit(at_position(1)));
  CHECK(at.query("select k from t", 1).size() == 2);
}

EVERY_DATABASE(random_upserts, "random upserts end as in a map, with and without an index of the key") {
  const bool indexed = GENERATE(true, false);
  if (!indexed)
    at.execute("create table t (v varchar(20), n integer, k varchar(20), own integer default 7)");
  auto w = at.writer(columns, key, indexed);
  must(w->open(life(1)));
  std::mt19937 random(indexed ? 1 : 2);  // NOLINT: the same rows every time
  std::map<std::pair<std::optional<std::string>, std::optional<std::string>>, std::string> oracle;
  const std::vector<std::optional<std::string>> names{std::nullopt, "", "a", "b", "\xF0\x9F\x98\x80"};
  for (int step = 0; step < 8; ++step) {
    std::vector<cells> rows;
    for (int i = 0; i < 40; ++i) {
      const auto k = names[random() % names.size()];
      const auto n = random() % 4 == 0 ? std::nullopt : std::optional(std::to_string(random() % 3));
      rows.push_back({k, n, std::to_string(random() % 1000)});
      oracle[{k, n}] = *rows.back()[2];
    }
    must(w->write(rows_of(columns, rows)));
    must(w->commit(at_position(step)));
  }
  const auto found = at.query("select k, n, v from t", 3);
  CHECK(found.size() == oracle.size());
  for (const auto& r : found)
    CHECK(oracle[{r[0], r[1]}] == *r[2]);
  if (!indexed)
    CHECK(at.query("select 1 from t where own = 7", 1).size() ==
          oracle.size());  // columns of others are left alone
}

EVERY_DATABASE(other_unique, "a row that another unique column forbids is refused and replaces nothing") {
  at.execute("create table t (k varchar(20), n integer, v varchar(20) unique, unique (k, n))");
  auto w = at.writer(columns, key, false);
  must(w->open(life(1)));
  must(w->write(rows_of(columns, {{"a", "1", "x"}, {"b", "1", "x"}, {"a", "1", "y"}, {"b", "2", "x"}})));
  CHECK(must(w->commit(at_position(1))) == 1);
  CHECK(content(at) == "a,1,y;b,2,x;");
}

MARIADB(collation_of_key, "keys that a table's collation takes for equal do not replace each other") {
  at.execute("create table t (k varchar(20) collate utf8mb4_general_ci, n int, v text, index (k))");
  auto w = at.writer(columns, key, false);
  must(w->open(life(1)));
  must(w->write(rows_of(columns, {{"a", "1", "1"}, {"A", "1", "2"}, {"a ", "1", "3"}, {"a", "1", "4"}})));
  must(w->commit(at_position(1)));
  CHECK(at.query("select v from t order by v", 1).size() == 3);
  CHECK(at.query("select v from t where binary k = 'a'", 1)[0][0] == "4");
}

POSTGRESQL(
    nulls_by_index,
    "rows with null keys are found by an index that holds nulls to be equal, and without one as well") {
  const bool equal = GENERATE(true, false);
  at.execute(std::string("create table t (k text, n bigint, v text, unique ") +
             (equal ? "nulls not distinct " : "") + "(k, n))");
  auto w = at.writer(columns, key, false);
  must(w->open(life(1)));
  std::vector<cells> rows;
  for (int i = 0; i < 1000; ++i)
    rows.push_back(
        {i % 3 == 0 ? std::nullopt : std::optional("k"), std::to_string(i % 100), std::to_string(i)});
  must(w->write(rows_of(columns, rows)));
  CHECK(must(w->commit(at_position(1))) == 0);
  CHECK(at.query("select 1 from t", 1).size() == 200);
  CHECK(at.query("select v from t where k is null and n = 99", 1)[0][0] == "999");
  CHECK(at.query("select v from t where k = 'k' and n = 99", 1)[0][0] == "899");
}

EVERY_DATABASE(
    numeric_keys,
    "equal numerics are one key at any scale, with and without an index, as numbers and as texts") {
  const bool indexed = GENERATE(true, false);
  const bool as_text = GENERATE(false, true);
  const bool own_texts = at.kind == sink::sql::product::sqlite;  // SQLite has no other exact column
  const std::string type = as_text || own_texts ? "varchar(50)" : "decimal(38,10)";
  const std::vector<data::field> fields{{"k", type_id::numeric}, {"v", type_id::text}};
  at.execute("create table t (k " + type + ", v varchar(20)" + (indexed ? ", unique (k))" : ")"));
  auto w = at.writer(fields, {"k"}, false);
  must(w->open(life(1)));
  must(w->write(rows_of(fields, {{"1.5", "a"},
                                 {"1.50", "b"},
                                 {"0", "zero"},
                                 {"-0.00", "none"},
                                 {"12345678901234567890.01", "x"},
                                 {"12345678901234567890.0100", "y"},
                                 {"12345678901234567890.02", "z"},
                                 {{}, "n1"},
                                 {{}, "n2"}})));
  CHECK(must(w->commit(at_position(1))) == 0);
  must(w->write(rows_of(fields, {{"1.5000", "c"}, {{}, "n3"}, {"12345678901234567890.020", "w"}})));
  CHECK(must(w->commit(at_position(2))) == 0);
  CHECK(at.query("select v from t order by v", 1) ==
        std::vector<sink::sql::record>{{"c"}, {"n3"}, {"none"}, {"w"}, {"y"}});
  if (as_text || own_texts)
    CHECK(at.query("select k from t where k is not null order by v", 1) ==
          std::vector<sink::sql::record>{
              {"1.5"}, {"0"}, {"12345678901234567890.02"}, {"12345678901234567890.01"}});
}

EVERY_DATABASE(fixed_numeric_keys, "a key of one scale keeps its zeros in the table that is made for it") {
  const std::vector<data::field> fields{{"k", data::type::numeric_of(38, 2)}, {"v", type_id::text}};
  auto w = at.writer(fields, {"k"});
  must(w->open(life(1)));
  must(w->write(rows_of(fields, {{"1.50", "a"}, {"1.50", "b"}, {{}, "n1"}, {"0.00", "z"}, {{}, "n2"}})));
  CHECK(must(w->commit(at_position(1))) == 0);
  CHECK(at.query("select k, v from t order by v", 2) ==
        std::vector<sink::sql::record>{{"1.50", "b"}, {{}, "n2"}, {"0.00", "z"}});
}
