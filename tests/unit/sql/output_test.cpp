#include "tools/sql/output.hpp"

#include <catch2/catch.hpp>

#include <algorithm>

using namespace millrace;
using data::type_id;

namespace {

const auto columns = std::make_shared<const data::schema>(
    std::vector<data::field>{{"host", type_id::text}, {"n", type_id::bigint}});

data::batch rows(std::size_t count) {
  data::column_builder host(type_id::text);
  data::column_builder n(type_id::bigint);
  for (std::size_t i = 0; i < count; ++i) {
    host.append_text(i == 0 ? "a,\"b" : "c");
    if (i == 1)
      n.append_null();
    else
      n.append_int(static_cast<std::int64_t>(i) + 10);
  }
  return {columns, {host.finish(), n.finish()}, count};
}

std::string printed(duckdb::format f, std::initializer_list<std::size_t> results) {
  duckdb::printer p(f);
  std::string out;
  for (const auto count : results) {
    p.begin(out, columns);
    if (count != 0)
      p.add(out, rows(count));
    p.end(out);
  }
  return out;
}

}  // namespace

TEST_CASE("a table has its columns, rows and their number, also without rows") {
  CHECK(printed(duckdb::format::table, {2, 0, 1}) ==
        "host     n\n----  ----\na,\"b    10\nc     null\n(2 rows)\n\n"
        "host  n\n----  -\n(0 rows)\n\n"
        "host   n\n----  --\na,\"b  10\n(1 row)\n");
}

TEST_CASE("CSV has a header, null empty; JSON an object a line, nulls written") {
  CHECK(printed(duckdb::format::csv, {2, 0}) == "host,n\n\"a,\"\"b\",10\nc,\n\nhost,n\n");
  CHECK(printed(duckdb::format::json, {2, 0}) ==
        "{\"host\":\"a,\\\"b\",\"n\":10}\n{\"host\":\"c\",\"n\":null}\n");
}

TEST_CASE("a long table goes out while it comes in") {
  duckdb::printer p(duckdb::format::table);
  std::string out;
  p.begin(out, columns);
  for (int i = 0; i < 5; ++i)
    p.add(out, rows(1000));
  CHECK(std::count(out.begin(), out.end(), '\n') == 5002);
}
