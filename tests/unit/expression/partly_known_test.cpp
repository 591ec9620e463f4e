#include "runtime/expression/bind/partly_known.hpp"

#include <catch2/catch.hpp>

using namespace millrace;
using namespace millrace::expression;
using data::type_id;

namespace {

/// name text, n bigint, and x, whose type is not known.
const data::schema columns({{"name", type_id::text}, {"n", type_id::bigint}, {"x", type_id::text}});

partial_scope some(bool complete) { return {{&columns, {}}, {false, false, true}, complete}; }

std::string told(const partial_result& r) {
  std::string out;
  for (const auto& p : r.found)
    out += (out.empty() ? "" : " | ") + std::to_string(p.offset) + ": " + p.message;
  return out;
}

std::string value(std::string_view text, bool complete = true) {
  return told(check_value(text, some(complete)));
}
std::string aggregate(std::string_view text, bool complete = true) {
  return told(check_aggregate(text, some(complete)));
}

}  // namespace

TEST_CASE("a column of unknown type absorbs every mistake of types around it") {
  CHECK(value("x > 3 and x || 'a' = 'b'").empty());
  CHECK(value("(x, 1) = (2, 1) and x in ((1), (2))").empty());
  CHECK(value("x.no.such[1] + n").empty());
  CHECK(value("lower(x) + upper(n * x)").empty());
  CHECK(value("coalesce(x, name, n)").empty());
  CHECK(value("case when x then name else n + x end").empty());
  CHECK(told(check_condition("x", some(true))).empty());
}

TEST_CASE("beside a column of unknown type what names only known columns is checked as always") {
  CHECK(value("x > 3 and name > n") ==
        "15: > cannot be used between text and bigint; cast one of them, as in "
        "(...)::bigint > ...");
  CHECK(value("x + nn") == "4: there is no column \"nn\"; did you mean \"n\"?");
  CHECK(value("lowwer(x)") == "0: there is no function lowwer(...); did you mean lower(...)?");
  CHECK(value("x::bigit").find("3: ") == 0);
  CHECK(value("sum(x) + 1").find("cannot stand here") != std::string::npos);
}

TEST_CASE("a name is missing only where all names are known") {
  CHECK(value("y + 1", false).empty());
  CHECK(value("y > lowwer(z)", false).find("lowwer") != std::string::npos);
  CHECK(value("Name || 'a'", false).empty());  // a column that is not known may be spelt exactly so
  CHECK(value("Name || 'a'", true).empty());
  CHECK(value("_key = 'a'", true).empty());
  CHECK(value("lower(name) > n", false).find("cannot be used") != std::string::npos);
  CHECK(value("n like 'a%'", false).find("like cannot be used between") != std::string::npos);
}

TEST_CASE("the type of a part that is wholly known is given") {
  CHECK(check_value("n + 1", some(false)).type == data::type(type_id::bigint));
  CHECK(!check_value("x + 1", some(false)).type);
  CHECK(check_aggregate("count(distinct name)", some(false)).type == data::type(type_id::bigint));
  CHECK(!check_aggregate("max(x)", some(true)).type);
}

TEST_CASE("aggregates are checked whatever is known of their arguments") {
  CHECK(aggregate("cuont(*)", false).find("did you mean count(*)?") != std::string::npos);
  CHECK(aggregate("frist(y)", false).find("did you mean first(...)?") != std::string::npos);
  CHECK(aggregate("sum(y)", false).empty());
  CHECK(aggregate("sum(lowwer(y))", false).find("lowwer") != std::string::npos);
  CHECK(aggregate("count(*) filter (where y > 1 and name > n)", false).find("cannot be used") !=
        std::string::npos);
  CHECK(aggregate("sum(name)", false).find("sum needs a number") != std::string::npos);
}

TEST_CASE("having names the window's columns, and in aggregates those of its input") {
  const data::schema output({{"name", type_id::text}, {"total", type_id::bigint}});
  const partial_scope groups{{&output, {}}, {false, true}, true};
  const auto having = [&](std::string_view text) { return told(check_having(text, groups, some(true))); };
  CHECK(having("total > 3 and sum(x) > 1 and count(*) > 2").empty());
  CHECK(having("totl > 3").find("did you mean \"total\"?") != std::string::npos);
  CHECK(having("sum(nn) > 3").find("there is no column \"nn\"") != std::string::npos);
  CHECK(having("summ(nn) > 3").find("did you mean sum(...)?") != std::string::npos);
  CHECK(having("name").find("boolean") != std::string::npos);
}

TEST_CASE("now() is refused where it may not stand, also beside unknown columns") {
  const partial_scope names{{&columns, "a window follows"}, {false, false, true}, false};
  CHECK(told(check_value("x > now()", names)).find("a window follows") != std::string::npos);
}
