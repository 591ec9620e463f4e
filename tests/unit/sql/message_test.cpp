#include "tools/sql/message.hpp"

#include <catch2/catch.hpp>

using millrace::duckdb::with_place;

TEST_CASE("a place is that of the whole query, counted in characters") {
  CHECK(with_place("Parser Error: syntax error at or near \"selct\"\n\nLINE 1: selct 1\n        ^", "selct 1",
                   "selct 1", 0) == "sql:1:1: Parser Error: syntax error at or near \"selct\"");
  const std::string query = "select 1;\n  select 'ü', a\nfrom nosuch";
  const std::string second = query.substr(12);
  CHECK(with_place("Binder Error: no a\n\nLINE 1: select 'ü', a\n                    ^", query, second, 12) ==
        "sql:2:15: Binder Error: no a");
  CHECK(with_place("Catalog Error: Table with name nosuch does not exist!\nDid you mean \"x\"?\n\nLINE 2: "
                   "from nosuch\n       "
                   "      ^",
                   query, second, 12) ==
        "sql:3:6: Catalog Error: Table with name nosuch does not exist! Did you mean \"x\"?");
}

TEST_CASE("of a line that DuckDB cuts the place is found all the same") {
  const std::string query = "select " + std::string(100, 'a') + ", nosuch(2), " + std::string(100, 'b');
  const auto shown = "..." + query.substr(60, 80) + "...";
  const auto caret = std::string(8 + shown.find("nosuch"), ' ') + "^";
  CHECK(with_place("Catalog Error: no\n\nLINE 1: " + shown + "\n" + caret, query, query, 0) ==
        "sql:1:110: Catalog Error: no");
}

TEST_CASE("a message without a place, or with one that does not fit, is one line") {
  CHECK(with_place("Invalid Input Error: boom", "select 1", "select 1", 0) ==
        "sql: Invalid Input Error: boom");
  CHECK(with_place("Error: a\n  b\n\n* c", "q", "q", 0) == "sql: Error: a; b; * c");
  CHECK(with_place("E: a\n\nLINE 7: q\n        ^", "q", "q", 0) == "sql: E: a");
  CHECK(with_place("E: a\n\nLINE 1: other\n        ^", "q", "q", 0) == "sql: E: a");
  CHECK(with_place("", "q", "q", 0) == "sql: ");
}
