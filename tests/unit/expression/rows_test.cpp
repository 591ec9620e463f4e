// Comparisons of rows, over values that cases.txt of tests/e2e/expressions compares with a real PostgreSQL, and all that is refused.
#include "evaluate_one.hpp"

namespace {

using namespace millrace::expression;
using Catch::Matchers::Contains;
using Catch::Matchers::StartsWith;

}  // namespace

TEST_CASE("rows are equal by pairs, and one pair that differs decides beside nulls") {
  CHECK(evaluated("(a, s) = (7, 'Hà Nội')") == "boolean: true, null, false");
  CHECK(evaluated("(a, null) = (7, 1)") == "boolean: null, null, false");
  CHECK(evaluated("(a, null) <> (7, 1)") == "boolean: null, null, true");
  CHECK(evaluated("row(a) = row(7)") == "boolean: true, null, false");
  CHECK(evaluated("(a, p) is distinct from (null, null)") == "boolean: true, false, true");
  CHECK(evaluated("(a, p) is not distinct from (null, null)") == "boolean: false, true, false");
}

TEST_CASE("rows are ordered by their first pair that is not equal, which may be null") {
  CHECK(evaluated("(a, s) < (7, 'I')") == "boolean: true, null, true");
  CHECK(evaluated("(a, null) < (8, 1)") == "boolean: true, null, true");
  CHECK(evaluated("(7, a) < (7, 7)") == "boolean: false, null, true");
  CHECK(evaluated("(7, a) <= (7, 7)") == "boolean: true, null, true");
  CHECK(evaluated("(null, a) > (1, 0)") == "boolean: null, null, null");
  CHECK(evaluated("(p, a, s) >= (true, 7, '')") == "boolean: true, null, false");
  CHECK(evaluated("row(a) > row(1)") == "boolean: true, null, false");
}

TEST_CASE("a pair behind the one that decides is not computed") {
  CHECK(evaluated("(a, 1 / (a - 7)) < (7, 1)") == "boolean: !division by zero, null, true");
  CHECK(evaluated("(a, 1 / (a - 7)) < (8, 1)") == "boolean: true, null, true");
}

TEST_CASE("a row is looked for among others") {
  CHECK(evaluated("(a, s) in ((1, 'x'), (7, 'Hà Nội'))") == "boolean: true, null, false");
  CHECK(evaluated("(a, p) in ((7, null), (8, true))") == "boolean: null, null, false");
  CHECK(evaluated("(a, p) not in ((7, null), (8, true))") == "boolean: null, null, true");
}

TEST_CASE("rows that cannot be compared, and those that stand alone, are refused at their place") {
  const auto problem = [](std::string_view text) { return evaluated(text); };
  CHECK_THAT(problem("(a, x)"),
             StartsWith("problem at 0: a row of several values") && Contains("(a, b) = (c, d)"));
  CHECK_THAT(problem("a = 1 and (a, x) = 1"), StartsWith("problem at 10: a row of several values"));
  CHECK_THAT(problem("(a, x) is null"), Contains("a row of several values"));
  CHECK_THAT(problem("(a, x) between (1, 2) and (3, 4)"), Contains("a row of several values"));
  CHECK_THAT(problem("(a, x) in ((1, 2), 3)"), StartsWith("problem at 0: a row of several values"));
  CHECK_THAT(problem("coalesce((a, x), (1, 2))"), Contains("a row of several values"));
  CHECK_THAT(problem("(a, x) = (1, 2, 3)"), Contains("the rows have 2 and 3 values"));
  CHECK_THAT(problem("row() = row()"), Contains("rows without values"));
  CHECK_THAT(problem("((a, x), s) = ((1, 2), 's')"),
             StartsWith("problem at 1: a row cannot stand within a row"));
  CHECK_THAT(problem("(a, x) + (1, 2)"), Contains("+ cannot be used between rows"));
  CHECK_THAT(problem("(a, s) < (1, 2)"), Contains("< cannot be used between text and bigint"));
  CHECK_THAT(problem("(a, j) < (1, j)"), Contains("json"));
  CHECK_THAT(problem("(nosuch, a) < (1, 2)"), StartsWith("problem at 1: there is no column \"nosuch\""));
  CHECK_THAT(problem("((a, x) < (1, 2), s) < (true, 's')"), Contains("a column of its own"));
  CHECK_THAT(problem("((a, x) in ((1, 2)), s) in ((true, 's'))"), Contains("a column of its own"));
  CHECK(evaluated("((a, p) = (7, true), s) < (true, 'I')") == "boolean: true, null, true");
}

TEST_CASE("a problem of a row's member is told once, though the member is bound several times") {
  const auto input = sample();
  for (const auto* text :
       {"(nosuch, a) < (1, 2)", "(nosuch, a) in ((1, 2), (3, 4))", "(a, nosuch) = (1, 2)"}) {
    CAPTURE(text);
    const auto e = millrace::expression::bind(text, scope{input.schema.get(), {}});
    REQUIRE(!e);
    CHECK(e.error().size() == 1);
  }
}
