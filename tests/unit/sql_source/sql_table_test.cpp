#include "actors/connectors/sql/source/record_text.hpp"
#include "actors/connectors/sql/source/sql_table.hpp"
#include "tests/support/must.hpp"
#include "tests/support/scratch.hpp"

#include <catch2/catch.hpp>
#include <fmt/ranges.h>

using namespace millrace;
using sink::sql::cell;
using sink::sql::json_form;
using test::must;

namespace {

using texts = std::vector<std::string>;

/// A SQLite file that statements have filled.
class tables {
public:
  void run(const std::string& sql) {
    const auto db = sink::sql::make_database(where());
    must(db->connect(true));
    REQUIRE(db->execute(sql));
  }
  std::unique_ptr<source::polled_table> table(std::string name, std::string query = {},
                                              micros timeout = std::chrono::seconds(10)) {
    return source::make_sql_table({where(), std::move(name), std::move(query), {"id"}, timeout, true});
  }

private:
  sink::sql::target where() {
    return sink::sql::parse_connection("sqlite3://" + (folder_.path() / "t.db").string()).value();
  }
  test::scratch folder_;
};

struct reading {
  texts names;
  texts rows;
  expected<bool> done;
};

reading read(source::polled_table& t) {
  reading out;
  out.done = t.read({[&](const auto& names) -> expected<void> {
                       out.names = names;
                       return {};
                     },
                     [&](auto key, auto rest) -> expected<void> {
                       out.rows.push_back(std::string(key) + std::string(rest));
                       return {};
                     }});
  return out;
}

}  // namespace

TEST_CASE("a row is its key and the rest, in JSON as its columns' types say") {
  source::record_text record({"name", "id", "part"}, {"part", "id"});
  const auto made = [&](std::vector<cell> row) {
    record.make(row);
    return std::string(record.key()) + "|" + std::string(record.rest());
  };
  CHECK(made({{"a\"b", json_form::text}, {"7", json_form::number}, {"x", json_form::text}}) ==
        R"({"part":"x","id":7|,"name":"a\"b"})");
  CHECK(made({{std::nullopt, json_form::text}, {"NaN", json_form::number}, {"007", json_form::number}}) ==
        R"({"part":"007","id":"NaN"|,"name":null})");
  CHECK(made({{"{\"a\": [1]}", json_form::json}, {"t", json_form::boolean}, {"0", json_form::boolean}}) ==
        R"({"part":false,"id":true|,"name":{"a": [1]}})");
  CHECK(made({{"5", json_form::boolean}, {"-1.5e3", json_form::number}, {"", json_form::text}}) ==
        R"({"part":"","id":-1.5e3|,"name":5})");
}

TEST_CASE("a decimal is a number with each of its digits, in a key without zeros at the end") {
  source::record_text record({"n", "id"}, {"id"});
  const auto made = [&](std::string_view n, std::string_view id) {
    record.make(std::vector<cell>{{n, json_form::number}, {id, json_form::number}});
    return std::string(record.key()) + std::string(record.rest());
  };
  CHECK(made("12345678901234567890123456789.123456789", "1.50") ==
        R"({"id":1.5,"n":12345678901234567890123456789.123456789})");
  CHECK(made("0.00000000000000000000000000000000000001", "99999999999999999999999999999999999999") ==
        R"({"id":99999999999999999999999999999999999999,"n":0.00000000000000000000000000000000000001})");
  CHECK(made("1.50", "100") == R"({"id":100,"n":1.50})");
  CHECK(made("-Infinity", "0.00") == R"({"id":0,"n":"-Infinity"})");
}

TEST_CASE("a table is read whole, each value by its own type") {
  tables t;
  t.run("create table c (id integer primary key, name text, price real, active boolean, doc json, bytes "
        "blob, note text)");
  t.run(
      "insert into c values (1, 'a', 0.1, 1, '{\"x\":1}', x'00ff', null), (2, '', 1e300, 0, '[]', x'', '7')");
  const auto c = t.table("c");
  auto all = read(*c);
  REQUIRE(all.done);
  CHECK(all.names == texts{"id", "name", "price", "active", "doc", "bytes", "note"});
  CHECK(all.rows ==
        texts{R"({"id":1,"name":"a","price":0.1,"active":true,"doc":{"x":1},"bytes":"\\x00ff","note":null})",
              R"({"id":2,"name":"","price":1e+300,"active":false,"doc":[],"bytes":"\\x","note":"7"})"});
  t.run("delete from c where id = 1");
  CHECK(read(*c).rows.size() == 1);
  CHECK(c->shown().starts_with("table c of "));
}

TEST_CASE("a query is a single statement that reads, and its columns are told where it has no rows") {
  tables t;
  t.run("create table c (id integer primary key, name text)");
  const auto empty = t.table({}, "select id, upper(name) as name from c;");
  const auto none = read(*empty);
  REQUIRE(none.done);
  CHECK(none.names == texts{"id", "name"});
  CHECK(none.rows.empty());
  for (const auto* const sql :
       {"delete from c", "select 1 as id; select 2", "selec id from c", "select id from d", ""}) {
    INFO(sql);
    const auto table = t.table({}, sql);
    const auto refused = read(*table).done;
    REQUIRE_FALSE(refused);
    CHECK(refused.error().whose == fault::user);
    CHECK_FALSE(refused.error().retry);
  }
  const auto missing = t.table("d");
  CHECK(read(*missing).done.error().message.find("there is no table d") != std::string::npos);
}

TEST_CASE("a query ends after its timeout, or when it is interrupted") {
  tables t;
  t.run("create table c (id integer primary key)");
  const std::string endless =
      "with recursive n(id) as (select 1 union all select id + 1 from n) select id from n where id < 0";
  const auto slow = t.table({}, endless, std::chrono::milliseconds(50));
  const auto late = read(*slow).done;
  REQUIRE_FALSE(late);
  CHECK(late.error().retry);
  CHECK(late.error().message.find("`timeout`") != std::string::npos);
  const auto ended = t.table({}, endless);
  ended->interrupt();
  CHECK(read(*ended).done.error().code == ec::cancelled);
}
