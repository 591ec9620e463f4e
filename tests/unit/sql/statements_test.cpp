#include "tools/sql/statements.hpp"

#include <catch2/catch.hpp>

using namespace millrace::duckdb;

namespace {

std::string cut(std::string_view query) {
  std::string out;
  for (const auto& s : statements_of(query))
    out += std::to_string(s.at) + ":" + s.text + "|";
  return out;
}

std::string target(std::string_view sql) {
  const auto e = file_effect_of(sql);
  return !e.copies_out ? "none" : e.target.value_or("unknown");
}

}  // namespace

TEST_CASE("a query is cut at the semicolons that are no part of something else") {
  CHECK(cut("select 1; select 2") == "0:select 1|10:select 2|");
  CHECK(cut(" ;; select ';' as \"a;b\" ; ") == "4:select ';' as \"a;b\"|");
  CHECK(cut("select 'it''s; fine';x") == "0:select 'it''s; fine'|21:x|");
  CHECK(cut("select e'a\\';b'; x") == "0:select e'a\\';b'|17:x|");
  CHECK(cut("select $$a;b$$, $q$ ;$$; $q$; x") == "0:select $$a;b$$, $q$ ;$$; $q$|30:x|");
  CHECK(cut("-- a;b\nselect 1 -- ;\n; /* ; /* nested; */ ; */ x") == "7:select 1|47:x|");
  CHECK(cut("select 'open; x") == "0:select 'open; x|");
  CHECK(cut("/* open ;").empty());
  CHECK(cut("").empty());
}

TEST_CASE("where a copy writes to is the text behind its outer to") {
  CHECK(target("copy t to '/a/b.csv'") == "/a/b.csv");
  CHECK(target("COPY (select 'x' as \"to\" from t where a = 'to') TO '/a/it''s' (format csv, header)") ==
        "/a/it's");
  CHECK(target("copy /* to '/no' */ t -- to '/no'\n to e'/a' with (format csv)") == "/a");
  CHECK(target("explain analyze copy t to '/a'") == "/a");
  CHECK(target("explain (analyze, format json) copy t to '/a'") == "/a");
  CHECK(target("copy t from '/a'") == "none");
  CHECK(target("copy t (a, b) from '/a' (format csv)") == "none");
  CHECK(target("select 'copy t to x'") == "none");
  // A target that could be anything is not guessed.
  CHECK(target("copy t to ('/a' || '/b')") == "unknown");
  CHECK(target("copy t to '/a' || '/b'") == "unknown");
  CHECK(target("copy t to getvariable('x')") == "unknown");
  CHECK(target("copy from database a to b") == "none");
  CHECK(target("copy t to") == "unknown");
}

TEST_CASE("the first word is a statement's verb, explained or not") {
  CHECK(file_effect_of("/* x */ Attach 'a.db'").verb == "attach");
  CHECK(file_effect_of("explain analyze export database 'x'").verb == "export");
  CHECK(file_effect_of("explain (select 1)").verb == "(");
  CHECK(file_effect_of("explain").verb.empty());
  CHECK(file_effect_of("").verb.empty());
}

TEST_CASE("a star in a function's call is taken for the row, at its place") {
  const auto of = [](std::string_view sql) { return rows_for_stars(sql, "predict"); };
  CHECK(of("select predict('m', f.*) from f") == "select predict('m', f  ) from f");
  CHECK(of("select f.*, PREDICT ('m',\"the f\" . * ) from f") ==
        "select f.*, PREDICT ('m',\"the f\"     ) from f");
  CHECK(of("select g(predict('m', (f).x), count(*), predict(lower('M'), f.*)) ") ==
        "select g(predict('m', (f).x), count(*), predict(lower('M'), f  )) ");
  for (const auto* const same :
       {"select predict('m', f)", "select forecast('m', f.*)", "select predict('m', x * y)",
        "select predict(f.*)", "select predict('m', *)", "select 'predict(''m'', f.*)' -- predict('m', f.*)",
        "select predict('m', f.*", "select predict(forecast('m', f.*), f)", ""}) {
    CAPTURE(same);
    CHECK(of(same) == same);
  }
}
