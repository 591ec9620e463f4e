// Objects, lists and json in expressions: what a table of PostgreSQL cannot hold as we do. Arrays and json
// themselves are compared with a real PostgreSQL in tests/e2e/expressions.
#include "evaluate_one.hpp"

namespace {

using namespace millrace;
using namespace millrace::expression;
using Catch::Matchers::Contains;
using data::type;
using data::type_id;

/// group {name text, topics [{urlkey text, Rank bigint}]}, points [[double]], tags [text], j json; rows: all
/// present, all null, nulls within.
data::batch nested() {
  const auto topic = type::object_of({{"urlkey", type_id::text}, {"Rank", type_id::bigint}});
  data::batch b;
  b.schema = std::make_shared<data::schema>(std::vector<data::field>{
      {"group", type::object_of({{"name", type_id::text}, {"topics", type::list_of(topic)}})},
      {"points", type::list_of(type::list_of(type_id::float64))},
      {"tags", type::list_of(type_id::text)},
      {"j", type_id::json}});
  std::vector<data::column_builder> out;
  for (const auto& f : *b.schema)
    out.emplace_back(f.type);
  const auto topics = [&]() -> data::column_builder& { return out[0].child(1); };
  const auto add_topic = [&](std::string_view key, std::int64_t rank) {
    topics().child(0).child(0).append_text(key);
    topics().child(0).child(1).append_int(rank);
    topics().child(0).append_object();
  };
  out[0].child(0).append_text("Hà Nội JS");
  add_topic("js", 1);
  add_topic("node", 2);
  topics().append_list();
  out[0].append_object();
  for (const auto& point : {std::vector{1.5, 2.0}, std::vector<double>{}}) {
    for (const auto v : point)
      out[1].child(0).child(0).append_double(v);
    out[1].child(0).append_list();
  }
  out[1].append_list();
  out[2].child(0).append_text("a");
  out[2].child(0).append_text("b");
  out[2].append_list();
  out[3].append_text(R"({"v": [1, "x"]})");
  for (auto& c : out)
    c.append_null();
  out[0].child(0).append_null();
  topics().child(0).append_null();
  add_topic("", 7);
  topics().append_list();
  out[0].append_object();
  out[1].child(0).append_null();
  out[1].append_list();
  out[2].append_list();
  out[3].append_text("[]");
  for (auto& c : out)
    b.columns.push_back(c.finish());
  b.rows = 3;
  return b;
}

std::string shown(std::string_view text) { return evaluated(text, nested()); }

}  // namespace

TEST_CASE("elements and members are looked into at any depth, and null where anything on the way is") {
  CHECK(shown("\"group\".name") == "text: Hà Nội JS, null, null");
  CHECK(shown("\"group\".topics[2].urlkey") == "text: node, null, ");
  CHECK(shown("(\"group\".topics[2]).rank") == "bigint: 2, null, 7");
  CHECK(shown("\"group\".topics[1]") ==
        "{urlkey text, Rank bigint}: {\"urlkey\":\"js\",\"Rank\":1}, null, null");
  CHECK(shown("points[1][2]") == "double: 2, null, null");
  CHECK(shown("points[1]") == "[double]: [1.5,2], null, null");
  CHECK(shown("tags[9] is null") == "boolean: true, true, true");
}

TEST_CASE("a nested column goes through whole") {
  CHECK(shown("tags") == R"([text]: ["a","b"], null, [])");
  CHECK(shown("points") == "[[double]]: [[1.5,2],[]], null, [null]");
  CHECK(shown("\"group\".topics") ==
        R"([{urlkey text, Rank bigint}]: [{"urlkey":"js","Rank":1},{"urlkey":"node","Rank":2}], null, )"
        R"([null,{"urlkey":"","Rank":7}])");
  CHECK(shown("coalesce(\"group\".topics, null)[1].urlkey") ==
        "problem at 30: an element of a call's value is read with parentheses around the call, and elements "
        "are "
        "counted from 1: (coalesce(\"group\".topics, null))[1]");
  CHECK(shown("(coalesce(\"group\".topics, null))[1].urlkey") == "text: js, null, null");
  CHECK(shown("case when cardinality(tags) > 0 then tags end") == R"([text]: ["a","b"], null, null)");
}

TEST_CASE("lists are put together, where a null list is an empty one beside an element") {
  CHECK(shown("tags || 'c'::text") == R"([text]: ["a","b","c"], ["c"], ["c"])");
  CHECK(shown("'c'::text || tags") == R"([text]: ["c","a","b"], ["c"], ["c"])");
  CHECK(shown("tags || '{c,NULL}'") == R"([text]: ["a","b","c",null], ["c",null], ["c",null])");
  CHECK(shown("tags || null") == R"([text]: ["a","b"], null, [])");
  CHECK(shown("array_append(tags, null)") == R"([text]: ["a","b",null], [null], [null])");
  CHECK(shown("array_cat(null, tags)") == R"([text]: ["a","b"], null, [])");
  CHECK(shown("points[1] || 3") == "[double]: [1.5,2,3], [3], [3]");
  CHECK(shown("array[1, 2] || 2.5") == "[numeric]: [1,2,2.5], [1,2,2.5], [1,2,2.5]");
  CHECK(shown("array[1.5] || array[2.5]").starts_with("[numeric(38,1)]: [1.5,2.5]"));
  CHECK(shown("array_prepend(now(), array['2021-04-24'::timestamptz])").starts_with("[timestamp]: ["));
}

TEST_CASE("lists are equal where their elements are, and nulls are elements like others") {
  CHECK(shown("tags = '{a,b}'") == "boolean: true, null, false");
  CHECK(shown("tags <> '{a}'") == "boolean: true, null, true");
  CHECK(shown("array_append(tags, null) = '{a,b,NULL}'") == "boolean: true, false, false");
  CHECK(shown("points[1] = '{1.5,2}'") == "boolean: true, null, null");
  CHECK(shown("tags is distinct from '{}'") == "boolean: true, true, false");
  CHECK(shown("tags in ('{a}', '{a,b}')") == "boolean: true, null, false");
  CHECK(shown("nullif(tags, '{}')") == R"([text]: ["a","b"], null, null)");
  CHECK(shown("case tags when '{a,b}' then 1 else 2 end") == "bigint: 1, 2, 2");
  CHECK(shown("coalesce(points[1], '{7}')") == "[double]: [1.5,2], [7], [7]");
  CHECK(shown("coalesce(null::bigint[], '{7}')").starts_with("[bigint]: [7]"));
  CHECK(shown("array[1.5] in (array[1.25], array[1.50])") == "boolean: true, true, true");
}

TEST_CASE("elements are looked for, removed and replaced") {
  CHECK(shown("tags @> '{b,b}'") == "boolean: true, null, false");
  CHECK(shown("tags @> '{}'") == "boolean: true, null, true");
  CHECK(shown("tags @> '{b,NULL}'") == "boolean: false, null, false");
  CHECK(shown("'{b}' <@ tags") == "boolean: true, null, false");
  CHECK(shown("tags && '{b,c}'") == "boolean: true, null, false");
  CHECK(shown("array['NaN'::double precision, 1] @> array['NaN'::double precision]") ==
        "boolean: true, true, true");
  CHECK(shown("array_position(tags, 'b')") == "bigint: 2, null, null");
  CHECK(shown("array_position(tags, 'a', 2)") == "bigint: null, null, null");
  CHECK(shown("array_position(tags, 'b', null)") ==
        "bigint: !array_position: the position to start at is null; use coalesce(x, 1), null, null");
  CHECK(shown("array_positions(tags || tags, 'b')") == "[bigint]: [2,4], null, []");
  CHECK(shown("array_remove(tags, 'a')") == R"([text]: ["b"], null, [])");
  CHECK(shown("array_replace(tags, 'a', null)") == R"([text]: [null,"b"], null, [])");
}

TEST_CASE("a slice is a part of any list, empty where it lies outside") {
  CHECK(shown("tags[2:]") == R"([text]: ["b"], null, [])");
  CHECK(shown("tags[:1]") == R"([text]: ["a"], null, [])");
  CHECK(shown("tags[:]") == R"([text]: ["a","b"], null, [])");
  CHECK(shown("tags[2:9223372036854775807]") == R"([text]: ["b"], null, [])");
  CHECK(shown("tags[3:2]") == "[text]: [], null, []");
  CHECK(shown("tags[null:2]") == "[text]: null, null, null");
  CHECK(shown("(tags[2:3])[1]") == "text: b, null, null");
  CHECK(shown("points[1:1]") == "[[double]]: [[1.5,2]], null, [null]");
  CHECK(shown("\"group\".topics[2:2]") ==
        R"([{urlkey text, Rank bigint}]: [{"urlkey":"node","Rank":2}], null, [{"urlkey":"","Rank":7}])");
}

TEST_CASE("the operators of json look into objects and lists as well") {
  CHECK(shown("\"group\" -> 'name'") == "json: \"Hà Nội JS\", null, null");
  CHECK(shown("\"group\" ->> 'name'") == "text: Hà Nội JS, null, null");
  CHECK(shown("\"group\" -> 'topics' -> 1 ->> 'Rank'") == "text: 2, null, 7");
  CHECK(shown("\"group\" -> 'topics' -> 0") == R"(json: {"urlkey":"js","Rank":1}, null, null)");
  CHECK(shown("\"group\" #>> '{topics,1,urlkey}'") == "text: node, null, ");
  CHECK(shown("tags ->> -1") == "text: b, null, null");
  CHECK(shown("to_json(tags)") == R"(json: ["a","b"], null, [])");
  CHECK(shown("json_typeof(to_json(\"group\"))") == "text: object, null, object");
  CHECK(shown("j -> 'v' ->> 1") == "text: x, null, null");
}

TEST_CASE("what is wrong about a path is said with its place and a remedy") {
  const auto problem = [](std::string_view text) { return shown(text); };
  CHECK_THAT(problem("\"group\".nme"), Contains("did you mean \"name\"?"));
  CHECK_THAT(problem("\"group\".topics.urlkey"), Contains("take an element first"));
  CHECK_THAT(problem("\"group\".topics.urlkey"),
             Contains("to_jsonb(x) @> '[{\"urlkey\": \"a\"}]' asks whether any of them has that value"));
  CHECK(problem("\"group\".topics.nowhere").ends_with("as in x[1]"));
  CHECK_THAT(problem("\"group\".topics[1].urlkye"), Contains("did you mean \"urlkey\"?"));
  CHECK_THAT(problem("\"group\" -> 'nme'"), Contains("did you mean \"name\"?"));
  CHECK_THAT(problem("j[1]"), Contains("->"));
  CHECK_THAT(problem("j.v"), Contains("->"));
  CHECK_THAT(problem("\"group\"[1]"), Contains("a subscript needs a list"));
  CHECK_THAT(problem("tags['x']"), Contains("bigint"));
  CHECK_THAT(problem("j[1:2]"), Contains("a slice needs a list, and this is json"));
  CHECK_THAT(problem("tags[1:2][1]"), Contains("(x[2:3])[1]"));
  CHECK_THAT(problem("tags['x':]"), Contains("'x'"));
  CHECK_THAT(problem("tags[j:]"), Contains("a subscript must be bigint, and this is json"));
  CHECK_THAT(problem("coalesce(points[1], '{x}')"), Contains("'x' is not a double"));
  CHECK_THAT(problem("points[1] || '{x}'"), Contains("'x' is not a double"));
  CHECK_THAT(problem("tags < tags"), Contains("compare their elements"));
  CHECK_THAT(problem("greatest(tags, tags)"), Contains("[text] has no order"));
  CHECK_THAT(problem("tags || 1"), Contains("between [text] and bigint"));
  CHECK_THAT(problem("tags || 'c'"), Contains("'c' is not a list"));
  CHECK_THAT(problem("tags = array[1]"), Contains("between [text] and [bigint]"));
  CHECK_THAT(problem("array_append(tags, 1)"), Contains("there is no array_append(list, bigint)"));
  CHECK_THAT(problem("array_position(tags, 'a', 1.5)"), Contains("there is no array_position("));
  CHECK_THAT(problem("array_to_json(1)"), Contains("array_to_json(list)"));
  CHECK_THAT(problem("true && true"), Contains("did you mean and?"));
  CHECK_THAT(problem("array[j] = array[j]"), Contains("and this is [json]"));
  CHECK_THAT(problem("1 = any(tags)"), Contains("[text]"));
  CHECK_THAT(problem("'a' = any('a')"), Contains("not a list"));
  CHECK_THAT(problem("coalesce(tags, points)"), Contains("[text] and [[double]]"));
  CHECK_THAT(problem("array[tags, points]"), Contains("do not mix"));
  CHECK_THAT(problem("array[interval '1 day']"), Contains("cast them to text"));
  CHECK_THAT(problem("tags::bigint"), Contains("cannot be cast"));
}

TEST_CASE("lists in a list have one dimension, and what would count or write all of them is refused") {
  CHECK(shown("array_length(points, 1)") == "bigint: 2, null, 1");
  CHECK(shown("array_length(points[1], 1)") == "bigint: 2, null, null");
  CHECK(shown("array_length(tags, 2)") == "bigint: null, null, null");
  CHECK_THAT(shown("array_length(points, 2)"),
             Contains("problem at 21") && Contains("array_length(x[1], 1)"));
  CHECK_THAT(shown("array_upper(points, array_length(tags, 1))"), Contains("no second dimension"));
  CHECK_THAT(shown("cardinality(points)"), Contains("array_length(x, 1)"));
  CHECK_THAT(shown("array_to_string(points, ',')"), Contains("to_json(x)::text"));
  CHECK_THAT(shown("array_ndims(points)"), Contains("not dimensions"));
  CHECK_THAT(shown("array_lower(points, 2)"), Contains("no second dimension"));
  CHECK_THAT(shown("1.5 = any(points)"), Contains("[[double]]"));
  CHECK_THAT(shown("points[1] = any(points)"), Contains("[[double]]"));
  CHECK_THAT(shown("points || points"), Contains("|| takes lists of") && Contains("and this is [[double]]"));
  CHECK_THAT(shown("points = points"), Contains("= takes lists of"));
  CHECK_THAT(shown("array_position(points, null)"), Contains("and this is [[double]]"));
  CHECK_THAT(shown("nullif(points, points)"), Contains("[[double]] cannot be compared"));
  CHECK_THAT(shown("points::text[]"), Contains("(x[1])::text[]"));
  CHECK_THAT(shown("array[array['a']]::text[]"), Contains("the lists in it would become its elements"));
  CHECK(shown("(points[1])::text[]") == R"([text]: ["1.5","2"], null, null)");
}

TEST_CASE("numbers of json keep their digits, however many") {
  data::batch b;
  b.schema = std::make_shared<data::schema>(std::vector<data::field>{{"j", type_id::json}});
  data::column_builder out(type_id::json);
  const std::string digits(400, '9');
  out.append_text("{\"n\":" + digits + "}");
  b.columns.push_back(out.finish());
  b.rows = 1;
  CHECK(evaluated("j ->> 'n'", b) == "text: " + digits);
  CHECK(evaluated("(j -> 'n')::text::double precision", b).find("out of range") != std::string::npos);
}

TEST_CASE("json as deep as the parser takes is read, and deeper text is not a json") {
  const auto deep = [](std::size_t n) { return std::string(n, '[') + std::string(n, ']'); };
  CHECK(evaluated("json_typeof('" + deep(1024) + "'::json)").starts_with("text: array"));
  CHECK_THAT(evaluated("'" + deep(1025) + "'::json"), Contains("is not a json"));
}
