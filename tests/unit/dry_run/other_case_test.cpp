#include "tests/unit/dry_run/dry_run_fixture.hpp"
#include "tools/dry_run/other_case.hpp"

using namespace millrace;
using namespace millrace::dry_run;
using namespace millrace::dry_run::test;

namespace {

std::vector<std::string> warned_of(const std::string& parser, const std::vector<std::string>& records) {
  return names_in_other_case(plan(R"_("in": {"source": "file", "path": "/nowhere/x"}, "parsed": {)_" +
                                  parser +
                                  R"_(, "from": "in"}, "out": {"sink": "console", "from": "parsed"})_"),
                             lines("in", records));
}

const std::string two_columns = R"_("parser": "json", "schema": {"userid": "text", "n": "bigint"})_";

}  // namespace

TEST_CASE("a column that no record has is told where records have its name with other capitals") {
  CHECK(
      warned_of(two_columns, {R"_({"userId":"a","n":1})_", R"_({"userId":"b"})_", "{}", "no JSON", "[]"}) ==
      std::vector<std::string>{
          "parsed: column \"userid\" is in no record, and \"userId\" in 2; expected the column to be called "
          "\"userId\", with its capitals"});
}

TEST_CASE("members of nested columns and of elements are looked for likewise") {
  const auto found =
      warned_of(R"_("parser": "json", "schema": {"o": {"Sku": "text"}, "l": [{"id": "bigint"}]})_",
                {R"_({"o":{"sku":"a"},"l":[{"ID":1},{"ID":2}]})_", R"_({"o":null,"l":3})_"});
  REQUIRE(found.size() == 2);
  CHECK(found[0].starts_with("parsed: column \"l[0].id\" is in no record, and \"ID\" in 2; "));
  CHECK(found[1].starts_with("parsed: column \"o.Sku\" is in no record, and \"sku\" in 1; "));
}

TEST_CASE(
    "a column that some record has, one that none is like, and lines that are no JSON are none to warn of") {
  CHECK(warned_of(two_columns, {R"_({"userId":"a"})_", R"_({"userid":null})_"}).empty());
  CHECK(warned_of(two_columns, {R"_({"user_id":"a","N2":1})_"}).empty());
  CHECK(warned_of(R"_("parser": "text")_", {R"_({"Line":"a"})_"}).empty());
  CHECK(warned_of(R"_("parser": "csv", "schema": {"a": "text"})_", {"A", "{}"}).empty());
}
