#include "tests/unit/expression/evaluate_one.hpp"

#include <thread>

using namespace millrace;
using namespace millrace::expression;
using Catch::Matchers::Contains;
using Catch::Matchers::StartsWith;

namespace {

std::string repeated(std::string_view s, std::size_t n) {
  std::string out;
  while (n-- > 0)
    out += s;
  return out;
}

problems problems_of(std::string_view text) {
  const auto input = sample();
  const auto e = expression::bind(text, scope{input.schema.get(), {}});
  REQUIRE(!e);
  REQUIRE(!e.error().empty());
  return e.error();
}

}  // namespace

TEST_CASE("an unquoted name is the column spelt exactly so, else its lower case") {
  CHECK(evaluated("Mixed") == "bigint: 1, null, 2");
  CHECK(evaluated("A") == "bigint: 7, null, -9223372036854775808");
  CHECK(evaluated("\"a\"") == "bigint: 7, null, -9223372036854775808");
  CHECK_THAT(evaluated("mixed"), Contains("did you mean \"Mixed\"?"));
  CHECK_THAT(evaluated("\"A\""), Contains("there is no column \"A\""));
  CHECK(evaluated("\"User-Agent\"") == "text: curl, null, ");
}

TEST_CASE("a name longer than PostgreSQL's 63 bytes is the whole name") {
  const auto name = repeated("n", 80);
  data::batch b;
  b.schema = std::make_shared<data::schema>(std::vector<data::field>{{name, data::type_id::bigint}});
  data::column_builder c(data::type_id::bigint);
  c.append_int(5);
  b.columns.push_back(c.finish());
  b.rows = 1;
  CHECK(evaluated(name + " + 1", b) == "bigint: 6");
  CHECK(evaluated("\"" + name + "\"", b) == "bigint: 5");
}

TEST_CASE("an unknown name is a problem at its place with the closest one") {
  const auto p = problems_of("1 + tss");
  CHECK(p.front().offset == 4);
  CHECK_THAT(p.front().message, Contains("did you mean \"ts\"?"));
}

TEST_CASE("the offset counts bytes of the user's text, also behind characters of several bytes") {
  CHECK(problems_of("'Hà Nội' || nosuch").front().offset == 15);
  CHECK(problems_of("'Hà Nội' || )").front().offset == 15);
}

TEST_CASE("every problem of an expression is reported, not the first alone") {
  const auto p = problems_of("nosuch + nosuch2 * foo(a)");
  CHECK(p.size() == 3);
}

TEST_CASE("a column that is a reserved word, or holds a minus, is told to stand in double quotes") {
  CHECK_THAT(problems_of("end").front().message, Contains("double quotes"));
  CHECK_THAT(problems_of("User-Agent").front().message, Contains("\"User-Agent\""));
}

TEST_CASE("text in double quotes is told to use single ones") {
  CHECK_THAT(problems_of("s = \"zzzzzzzz\"").front().message, Contains("single quotes"));
}

TEST_CASE("members of an object are reached by a path, null where the object is") {
  CHECK(evaluated("venue.lat") == "double: 21.03, null, null");
  CHECK(evaluated("venue.Name") == "text: Opera, null, ");
  CHECK(evaluated("venue.lat * 2") == "double: 42.06, null, null");
  CHECK(evaluated("venue is null") == "boolean: false, true, false");
  CHECK_THAT(evaluated("venue.lon"), Contains("has no member \"lon\""));
  CHECK_THAT(evaluated("venue.late"), Contains("did you mean \"lat\"?"));
  CHECK_THAT(evaluated("a.lat"), Contains("has no members"));
  CHECK_THAT(evaluated("venue + 1"), StartsWith("problem"));
}

TEST_CASE("a column passes through as it is, nested ones too") {
  const auto input = sample();
  const auto e = expression::bind("venue", scope{input.schema.get(), {}});
  REQUIRE(e);
  CHECK(e->type == (*input.schema)[8].type);
  std::vector<row_failure> failures;
  CHECK(evaluate(*e, input, 0, failures) == input.columns[8]);
  CHECK(e->columns == std::vector<std::size_t>{8});
}

TEST_CASE("what an expression reads and does is known when it is bound") {
  const auto input = sample();
  const scope names{input.schema.get(), {}};
  const auto e = expression::bind("coalesce(s, 'x') || Mixed || s", names);
  REQUIRE(e);
  CHECK(e->columns == std::vector<std::size_t>{2, 9});
  CHECK(!e->uses_now);
  CHECK(expression::bind("a = 1", names)->can_fail == false);
  CHECK(expression::bind("a + 1", names)->can_fail == true);
  CHECK(expression::bind("1 + 1", names)->can_fail == false);  // computed already
  CHECK(expression::bind("now() - interval '1 day'", names)->uses_now);
  CHECK(expression::bind("now()", names)->columns.empty());
}

TEST_CASE("columns that an expression does not read may be absent from a batch") {
  auto input = sample();
  const auto e = expression::bind("a = 7", scope{input.schema.get(), {}});
  REQUIRE(e);
  for (std::size_t i = 1; i < input.columns.size(); ++i)
    input.columns[i] = nullptr;
  CHECK(shown_result(*e, input) == "boolean: true, null, false");
}

TEST_CASE("anything but one expression is refused") {
  for (const auto* text : {"",
                           "   ",
                           "-- comment",
                           "a, x",
                           "a as b",
                           "a b",
                           "a from t",
                           "a where p",
                           "*",
                           "a; select 1",
                           "a;",
                           "1 union select 2",
                           "distinct a",
                           "all a",
                           "a order by a",
                           "a limit 1",
                           "a into t",
                           "a)::int + (x",
                           "(select 1)",
                           "exists (select 1)",
                           "$1",
                           "array[]",
                           "(a, x)",
                           "a[1]",
                           "row(1)",
                           "a collate \"C\"",
                           "sum(a) over ()",
                           "a = any(select 1)",
                           "venue.*",
                           "b'1'",
                           "a::int[]",
                           "array[1][1:2]",
                           "concat(variadic array['a'])",
                           "insert into t values (1)",
                           "lower(s => 'x')"}) {
    INFO(text);
    CHECK_THAT(evaluated(text), StartsWith("problem at "));
  }
}

TEST_CASE("comments and line breaks are blanks") {
  CHECK(evaluated("a -- seven\n = /* as */ 7") == "boolean: true, null, false");
  CHECK(evaluated("a = 7 -- at the end") == "boolean: true, null, false");
}

TEST_CASE("deep nesting is refused, whatever is nested, and never overflows the stack") {
  for (const auto& text : {repeated("(", 15'000) + "1" + repeated(")", 15'000), "a" + repeated("+1", 16'000),
                           repeated("not ", 8000) + "p", repeated("lower(", 4000) + "s" + repeated(")", 4000),
                           "a" + repeated("::int", 6000), repeated("- ", 16'000) + "a",
                           repeated("case when p then ", 1500) + "1" + repeated(" end", 1500)}) {
    INFO(text.substr(0, 20));
    CHECK_THAT(evaluated(text), StartsWith("problem at "));
  }
  CHECK(evaluated("a" + repeated("-1", 250)) ==
        "bigint: -243, null, !bigint out of range: -9223372036854775808 - 1");
  CHECK_THAT(evaluated(repeated(" ", 40'000) + "1"), Contains("at most"));
  // width is no depth
  CHECK(evaluated("a in (0" + repeated(",7", 5000) + ")") == "boolean: true, null, false");
}

TEST_CASE("a program parses on a thread with a small stack") {
  std::string result;
  std::thread([&] { result = evaluated("a" + repeated("+0", 100)); }).join();
  CHECK(result == "bigint: 7, null, -9223372036854775808");
}

TEST_CASE("bytes that are not UTF-8, and NUL, are refused at their place") {
  CHECK(problems_of(std::string_view("'a\0b'", 5)).front().offset == 2);
  CHECK(problems_of("'a\xff'").front().offset == 2);
  CHECK(problems_of("'\xed\xa0\x80'").front().offset == 1);  // a surrogate
}

TEST_CASE("an unknown function is a problem with a suggestion or a remedy") {
  CHECK_THAT(problems_of("lowr(s)").front().message, Contains("did you mean lower(...)?"));
  CHECK_THAT(problems_of("nvl(s, 'x')").front().message, Contains("coalesce"));
  CHECK_THAT(problems_of("random()").front().message, Contains("the input alone"));
}

TEST_CASE("a type error names the types and a remedy, at the operator") {
  const auto p = problems_of("a + s");
  CHECK(p.front().offset == 2);
  CHECK_THAT(p.front().message, Contains("bigint") && Contains("text") && Contains("::") && Contains("||"));
  CHECK_THAT(problems_of("lower(a)").front().message, Contains("lower(bigint)") && Contains("lower(text)"));
  CHECK_THAT(problems_of("case when p then a else s end").front().message, Contains("bigint and text"));
  CHECK_THAT(problems_of("a::date").front().message, Contains("date '1970-01-01' + n"));
  CHECK_THAT(problems_of("s::char(3)").front().message, Contains("use varchar(n)"));
  CHECK_THAT(problems_of("ts::boolean").front().message, Contains("timestamp") && Contains("boolean"));
  CHECK_THAT(problems_of("not a").front().message, Contains("boolean"));
}

TEST_CASE("a literal that cannot be read is a problem at the literal") {
  const auto p = problems_of("a = 'seven'");
  CHECK(p.front().offset == 4);
  CHECK_THAT(p.front().message, Contains("'seven' is not a bigint"));
  CHECK(problems_of("ts > 'yesterday-ish'").front().offset == 5);
  CHECK_THAT(problems_of("ts at time zone 'Asia/Ho_Chi_Min'").front().message,
             Contains("did you mean 'Asia/Ho_Chi_Minh'?"));
  CHECK_THAT(problems_of("date_trunc('dya', ts)").front().message, Contains("'dya' is not a unit"));
  CHECK_THAT(problems_of("extract(mont from ts)").front().message, Contains("did you mean 'month'?"));
}

TEST_CASE("now() is fixed for a call, and a problem with its reason where it is refused") {
  CHECK(evaluated("now()") == "timestamp: 1970-01-01T00:00:01Z, 1970-01-01T00:00:01Z, 1970-01-01T00:00:01Z");
  CHECK(evaluated("current_timestamp = now()") == "boolean: true, true, true");
  const auto input = sample();
  for (const auto* text : {"now()", "current_timestamp", "ts < now()"}) {
    const auto e = expression::bind(text, scope{input.schema.get(), "a window follows"});
    REQUIRE(!e);
    CHECK_THAT(e.error().front().message, Contains("a window follows"));
  }
}

TEST_CASE("an interval may be computed with and may not be a column") {
  CHECK_THAT(evaluated("ts - ts"), Contains("an interval cannot be a column"));
  CHECK(evaluated("ts - ts = interval '0'") == "boolean: true, null, true");
}

TEST_CASE("aggregates are problems outside of windows") {
  CHECK_THAT(evaluated("count(*)"), Contains("window"));
  CHECK_THAT(evaluated("1 + sum(a)"), Contains("window"));
}

TEST_CASE("a condition must be boolean") {
  const auto input = sample();
  const scope names{input.schema.get(), {}};
  CHECK(bind_condition("p", names));
  CHECK(bind_condition("null", names));
  CHECK(bind_condition("a", names).error().front().message.find("boolean") != std::string::npos);
  CHECK(!bind_condition("s", names));
}

TEST_CASE("rows_where keeps the rows for which a condition is true, and reports failures once a row") {
  const auto input = sample();
  const scope names{input.schema.get(), {}};
  std::vector<row_failure> failures;
  CHECK(rows_where(*bind_condition("a < 100", names), input, 0, failures) ==
        std::vector<std::uint32_t>{0, 2});
  CHECK(rows_where(*bind_condition("not p", names), input, 0, failures) == std::vector<std::uint32_t>{2});
  CHECK(rows_where(*bind_condition("null", names), input, 0, failures).empty());
  CHECK(rows_where(*bind_condition("true", names), input, 0, failures) ==
        std::vector<std::uint32_t>{0, 1, 2});
  CHECK(failures.empty());
  CHECK(rows_where(*bind_condition("a - 1 < 0 and 1 / (a - a) > 0", names), input, 0, failures).empty());
  REQUIRE(failures.size() == 1);
  CHECK(failures[0].row == 2);
}

TEST_CASE("a cast that an operator's mistake names makes the operator fit") {
  const auto schema = std::make_shared<const data::schema>(data::schema({{"o", data::type_id::boolean},
                                                                         {"n", data::type_id::bigint},
                                                                         {"x", data::type_id::float64},
                                                                         {"m", data::type::numeric_of(10, 2)},
                                                                         {"s", data::type_id::text},
                                                                         {"t", data::type_id::timestamp},
                                                                         {"d", data::type_id::date},
                                                                         {"j", data::type_id::json}}));
  const scope names{schema.get(), {}};
  std::size_t casts = 0;
  for (const auto* const op : {"+", "-", "*", "/", "%", "^", "&", "=", "<", ">=", "||", "like"})
    for (const auto& left : *schema)
      for (const auto& right : *schema) {
        const auto text = left.name + " " + op + " " + right.name;
        const auto first = expression::bind(text, names);
        if (first)
          continue;
        std::string written = first.error().front().message;
        INFO(text << ": " << written);
        const auto at = written.find(", as in ");
        if (written.find("; cast one of them, ") == std::string::npos &&
            written.find("; cast both, ") == std::string::npos)
          continue;
        written.erase(0, at + std::string_view(", as in ").size());
        bool is_left = true;
        for (std::size_t place; (place = written.find("...")) != std::string::npos; is_left = false)
          written.replace(place, 3, is_left ? left.name : right.name);
        CHECK(expression::bind("(" + written + ") is null", names));
        ++casts;
      }
  CHECK(casts > 100);
}
