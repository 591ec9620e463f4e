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
  auto& topics = out[0].child(1);
  const auto add_topic = [&](std::string_view key, std::int64_t rank) {
    topics.child(0).child(0).append_text(key);
    topics.child(0).child(1).append_int(rank);
    topics.child(0).append_object();
  };
  out[0].child(0).append_text("Hà Nội JS");
  add_topic("js", 1);
  add_topic("node", 2);
  topics.append_list();
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
  topics.child(0).append_null();
  add_topic("", 7);
  topics.append_list();
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
        "problem at 30: syntax error at or near \"[\"");
  CHECK(shown("(coalesce(\"group\".topics, null))[1].urlkey") == "text: js, null, null");
  CHECK(shown("case when cardinality(tags) > 0 then tags end") == R"([text]: ["a","b"], null, null)");
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
  CHECK_THAT(problem("\"group\".topics[1].urlkye"), Contains("did you mean \"urlkey\"?"));
  CHECK_THAT(problem("\"group\" -> 'nme'"), Contains("did you mean \"name\"?"));
  CHECK_THAT(problem("j[1]"), Contains("->"));
  CHECK_THAT(problem("j.v"), Contains("->"));
  CHECK_THAT(problem("\"group\"[1]"), Contains("a subscript needs a list"));
  CHECK_THAT(problem("tags['x']"), Contains("bigint"));
  CHECK_THAT(problem("tags[1:2]"), Contains("slice"));
  CHECK_THAT(problem("tags = tags"), Contains("="));
  CHECK_THAT(problem("1 = any(tags)"), Contains("[text]"));
  CHECK_THAT(problem("'a' = any('a')"), Contains("no list"));
  CHECK_THAT(problem("coalesce(tags, points)"), Contains("[text] and [[double]]"));
  CHECK_THAT(problem("array[tags, points]"), Contains("do not mix"));
  CHECK_THAT(problem("array[interval '1 day']"), Contains("cast them to text"));
  CHECK_THAT(problem("to_json(interval '1 day')"), Contains("cast it to text"));
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
  CHECK_THAT(shown("1.5 = any(points)"), Contains("[[double]]"));
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

TEST_CASE("json as deep as the parser takes is read, and deeper text is no json") {
  const auto deep = [](std::size_t n) { return std::string(n, '[') + std::string(n, ']'); };
  CHECK(evaluated("json_typeof('" + deep(1024) + "'::json)").starts_with("text: array"));
  CHECK_THAT(evaluated("'" + deep(1025) + "'::json"), Contains("is no json"));
}
