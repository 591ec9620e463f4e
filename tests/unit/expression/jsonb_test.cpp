// jsonb: the text that PostgreSQL writes of it, its order, and what the bounds of a row are. What a server can be asked is in
// tests/e2e/expressions/cases.txt.
#include "runtime/expression/formats/json_index.hpp"
#include "runtime/expression/formats/json_text.hpp"
#include "runtime/expression/formats/jsonb_order.hpp"
#include "runtime/expression/formats/jsonb_text.hpp"
#include "tests/unit/expression/evaluate_one.hpp"

using namespace millrace;
using namespace millrace::expression;

namespace {

constexpr std::size_t enough = 1U << 20U;

std::string jsonb_of(std::string_view json) {
  std::string out;
  const auto how = append_jsonb(out, json, enough);
  return how == jsonb_reading::ok ? out : why_no_jsonb(how, json);
}

std::string many(std::string_view text, std::size_t times) {
  std::string out;
  for (std::size_t i = 0; i < times; ++i)
    out += text;
  return out;
}

std::string why_refused(std::string_view text) {
  const auto input = sample();
  const auto e = expression::bind(text, scope{input.schema.get(), {}});
  return e ? "" : e.error().front().message;
}

}  // namespace

TEST_CASE("a jsonb has its members in order, and the last of equal names") {
  CHECK(jsonb_of(R"( {"bb":1 , "a":2,"bb":[ ],"\u0061":{"z":1,"y":2}} )") ==
        R"({"a": {"y": 2, "z": 1}, "bb": []})");
  CHECK(jsonb_of(R"({"é":1,"ab":2,"abc":3})") == R"({"ab": 2, "é": 1, "abc": 3})");
  CHECK(jsonb_of(R"({"a":{"c":1,"b":2},"a":{"e":1,"d":2}})") == R"({"a": {"d": 2, "e": 1}})");
}

TEST_CASE("a jsonb writes numbers as numeric does") {
  CHECK(jsonb_of("[1e2,1.50,-0,-0.0,12.5e-3,0e5,1E+3,1e0]") == "[100, 1.50, 0, 0.0, 0.0125, 0, 1000, 1]");
  CHECK(jsonb_of("1e131071").size() == 131072);
  CHECK(jsonb_of("1e131072").find("more than 131072 digits") != std::string::npos);
  CHECK(jsonb_of("1e-16384").find("or 16383 behind it") != std::string::npos);
  CHECK(jsonb_of("1e99999999999999999999").find("a number within has more") != std::string::npos);
}

TEST_CASE("a jsonb is bounded in its levels and in its bytes") {
  const auto deep = [](std::size_t levels) { return many("[", levels) + many("]", levels); };
  CHECK(jsonb_of(deep(deepest_json)) == deep(deepest_json));
  CHECK(jsonb_of(deep(deepest_json + 1)).find("has more than 1024 levels") != std::string::npos);
  CHECK(levels_of(deep(7)) == 7);
  // Each of these numbers has nine bytes and makes 131,072.
  CHECK(jsonb_of("[1e131071,1e131071,1e131071,1e131071,1e131071,1e131071,1e131071,1e131071,1e131071]")
            .ends_with("too long"));
}

TEST_CASE("jsonb has PostgreSQL's order") {
  const std::vector<std::string_view> ascending{"[]",          "null",
                                                R"("")",       R"("a")",
                                                R"("a\n")",    R"("é")",
                                                "-1",          "0",
                                                "1.5",         "2",
                                                "10",          "false",
                                                "true",        "[null]",
                                                R"(["a"])",    "[1]",
                                                "[true]",      "[[]]",
                                                "[{}]",        "[1, 2]",
                                                "[[2], 1]",    "{}",
                                                R"({"a": 1})", R"({"a": [1]})",
                                                R"({"b": 1})", R"({"a": 1, "b": 2})"};
  for (std::size_t a = 0; a < ascending.size(); ++a)
    for (std::size_t b = 0; b < ascending.size(); ++b) {
      CAPTURE(ascending[a], ascending[b]);
      CHECK(compare_jsonb(ascending[a], ascending[b]) == (a < b ? -1 : a > b ? 1 : 0));
    }
  CHECK(compare_jsonb("[1.0, [2.50]]", "[1, [2.5]]") == 0);
  CHECK(compare_jsonb("[[1], 9]", "[[2], 1, 1]") == -1);  // more items count before what they are
}

TEST_CASE("containment goes over the members of both objects once, and lists within lists are bounded") {
  CHECK(jsonb_contains(R"({"a": {"b": [1, {"c": 2.0}]}, "bb": 1})", R"({"a": {"b": [{"c": 2}]}})") ==
        containment::yes);
  CHECK(jsonb_contains("[1, 2, 3, 4, 5, 6, 7, 8, 9, 10]", "[10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 1.0]") ==
        containment::yes);
  CHECK(jsonb_contains("[1]", "[1, 2, 3, 4, 5, 6, 7, 8, 9, 10]") == containment::no);
  const auto lists = [](std::string_view last) {
    return "[" + many("[1, 2, 3], ", 20'000) + std::string(last) + "]";
  };
  CHECK(jsonb_contains(lists("[1]"), lists("[1]")) == containment::yes);
  CHECK(jsonb_contains("[" + many("[1, 2, 3], ", 20'000) + "[1]]", "[" + many("[4], ", 20'000) + "[4]]") ==
        containment::no);
  CHECK(jsonb_contains("[" + many("[1, 2, 3], ", 20'000) + "[4]]", "[" + many("[4], ", 20'000) + "[4]]") ==
        containment::too_costly);
}

TEST_CASE("an index of a constant finds what looking through its text finds") {
  const std::string text = R"( {"a": [0, 1, {"x": "y"}], "\u0062": 2, "a": {"c": [1, 2, 3], "d": ")" +
                           many("long ", 60) + R"(", "d": 4}, "e": [)" + many("10, ", 50) + R"(11]} )";
  const json_index index(text);
  for (const std::string_view name : {"a", "b", "e", "", "nope", "\\u0062"}) {
    CAPTURE(name);
    CHECK(index.member(index.text(), name) == member_of(text, name));
  }
  const auto inner = *index.member(index.text(), "a");
  for (const std::string_view name : {"c", "d", "x"})
    CHECK(index.member(inner, name) == member_of(inner, name));
  const auto list = *index.member(index.text(), "e");
  for (const std::int64_t i : {0, 1, 50, 51, -1, -51, -52})
    CHECK(index.element(list, i) == element_of(list, i));
  CHECK(!index.element(index.text(), 0));
  CHECK(!index.member(list, "a"));
  CHECK(index_of_json("{}") == nullptr);
}

TEST_CASE("jsonb is json as a column, and json is not a jsonb") {
  CHECK(evaluated(R"(j::jsonb)") == R"(json: {"k": 1}, null, null)");
  CHECK(evaluated(R"(jsonb_build_object('b', a, 'a', s) - 'a')") ==
        R"(json: {"b": 7}, {"b": null}, {"b": -9223372036854775808})");
  CHECK(evaluated(R"('{"Hà Nội": 1}'::jsonb -> s)") == "json: 1, null, null");
  CHECK(why_refused("j @> '{}'") == "@> cannot be used between json and text; json has no such operator or "
                                    "function; cast it, as in (...)::jsonb");
  CHECK(why_refused("jsonb_typeof(j)").ends_with("cast it, as in (...)::jsonb"));
  CHECK(why_refused("json_typeof(j::jsonb)").ends_with("cast the jsonb, as in (...)::json"));
  CHECK(why_refused("j::jsonb ?| array[1]") ==
        "?| takes a list of texts, and this is [bigint]; cast it, as in (...)::text[]");
}

TEST_CASE("JSON paths, functions of rows and further aggregates are refused with a remedy") {
  for (const std::string_view text :
       {"j::jsonb @? '$.a'", "j::jsonb @@ '$.a'", "jsonb_path_query_first(j::jsonb, '$.a')",
        "jsonb_path_exists(j::jsonb, '$.a')"})
    CHECK(why_refused(text).find("there are no JSON paths here; use x -> 'name'") != std::string::npos);
  CHECK(why_refused("jsonb_each(j::jsonb)").find("use unnest(x)") != std::string::npos);
  CHECK(why_refused("jsonb_object_agg(s, a)").find("use jsonb_agg(jsonb_build_object(") != std::string::npos);
  CHECK(why_refused("json_agg(a)").find("use jsonb_agg(x)") != std::string::npos);
}

TEST_CASE("a window's jsonb_agg is the jsonb of a list") {
  const auto input = sample();
  const data::schema group;
  const group_scope names{scope{&group, {}}, scope{input.schema.get(), {}}};
  const auto bound = bind_over_groups("jsonb_agg(a order by a desc) -> 0", names);
  REQUIRE(bound);
  CHECK(bound->extra.size() == 1);
  CHECK(bound->extra.front().function == aggregate_function::array_agg);
}
