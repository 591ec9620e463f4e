#include "config/options.hpp"
#include "tests/unit/avro_parser/avro_fixture.hpp"

using namespace millrace;
using namespace millrace::parser;
using Catch::Matchers::Contains;
using data::type_id;

namespace {

const auto two_fields = record_schema(R"({"name":"a","type":"long"},{"name":"b","type":"string"})");

std::vector<test_column> both() { return {{"a", type_id::bigint}, {"b", type_id::text}}; }

std::vector<std::string> problems(const std::string& schema, const std::vector<data::field>& declared) {
  std::vector<std::string> out;
  const auto found = avro_parser_declaration().misfits(
      {}, {schema, {}}, declared, std::vector<config::timestamp_format>(declared.size()));
  for (const auto& m : found)
    out.push_back(fmt::format("{}: {}", declared.at(m.column).name, m.message));
  return out;
}

}  // namespace

TEST_CASE("a record is one datum: fewer or more bytes are a dead letter, and leave no trace in the rows") {
  const auto good = "\2" + avro_text("x");
  const auto parser = avro_parser_of(options_of(both()), two_fields);
  const auto out = outcomes_of(
      parser->parse(chunk_of({good, "\2", "\2\4x", good + "yz", "", "\4" + avro_text("z")}, false)));
  CHECK(out ==
        std::vector<std::string>{R"(1 "x")", "column \"b\": the record ends before its string does",
                                 "column \"b\": the record ends before its string does",
                                 "2 bytes stand behind the record's last field; is it of another schema?",
                                 "column \"a\": the record ends before its long does", R"(2 "z")"});
}

TEST_CASE("columns that nobody reads are checked, unless only those that are read shall be") {
  auto columns = both();
  columns[0].used = columns[1].used = false;
  auto options = options_of(columns);
  const std::vector<std::string> records{"\2" + avro_text("x"), "\2" + avro_text("\xFF"),
                                         "\4" + avro_text("z"), "\x80"};
  for (int again = 0; again < 2; ++again)
    CHECK(outcomes_of(avro_parser_of(options, two_fields)->parse(chunk_of(records, false))) ==
          std::vector<std::string>{"- -", "column \"b\": the text is not UTF-8", "- -",
                                   "column \"a\": the record ends before its long does"});
  options.validate_whole = false;
  CHECK(outcomes_of(avro_parser_of(options, two_fields)->parse(chunk_of(records, false))) ==
        std::vector<std::string>{"- -", "- -", "- -",
                                 "the record ends in a field that is not read, of type long"});
  columns[1].used = true;
  options = options_of(columns);
  options.validate_whole = false;
  const auto parser = avro_parser_of(options, two_fields);
  CHECK(outcomes_of(parser->parse(chunk_of({"\2" + avro_text("x"), "\x80"}, false))) ==
        std::vector<std::string>{R"(- "x")", "the record ends in a field that is not read, of type long"});
}

TEST_CASE("a prefix is taken off where a schema file is all there is") {
  const auto parser = avro_parser_of(options_of(both()), two_fields, prefix_form::confluent);
  const auto out =
      outcomes_of(parser->parse(chunk_of({"\0\0\0\0\5\2"s + avro_text("x"), "\2" + avro_text("x")}, false)));
  CHECK(out[0] == R"(1 "x")");
  CHECK_THAT(out[1], Contains("expected a zero byte and 4 bytes of the schema's id"));
}

TEST_CASE("each record is read by the schema of its own id") {
  const auto parser = avro_parser_of(options_of(both()), {}, prefix_form::confluent);
  const auto with_id = [](char id, const std::string& body) { return "\0\0\0\0"s + id + body; };
  auto c = chunk_of({with_id(1, "\2" + avro_text("x")), with_id(2, avro_text("y") + "\4"),
                     with_id(1, "\6" + avro_text("z")), with_id(3, "\2"), with_id(4, "\2"), with_id(5, "\2")},
                    false);
  auto schemas = std::make_shared<source::record_schemas>();
  const auto add = [&](std::uint64_t id, std::string text) {
    schemas->by_id[id] = std::make_shared<const std::string>(std::move(text));
  };
  add(1, two_fields);
  add(2, record_schema(R"({"name":"b","type":"string"},{"name":"a","type":"int"})"));
  add(3, "{}");
  schemas->unknown.emplace(4, "the registry has no schema with the id 4");
  c.schemas = schemas;
  const auto out = outcomes_of(parser->parse(c));
  CHECK(out[0] == R"(1 "x")");
  CHECK(out[1] == R"(2 "y")");
  CHECK(out[2] == R"(3 "z")");
  CHECK_THAT(
      out[3],
      Contains("the schema with the id 3 cannot be read: the Avro schema, at its root: \"type\" is missing"));
  CHECK(out[4] == "the registry has no schema with the id 4");
  CHECK(out[5] == "the record's schema has the id 5, which the registry did not give");
  // another text under the id is another plan
  add(1, record_schema(R"({"name":"a","type":"long"})"));
  auto later = chunk_of({with_id(1, "\2")}, false);
  later.schemas = schemas;
  CHECK(outcomes_of(parser->parse(later)) == std::vector<std::string>{"1 null"});
}

TEST_CASE("more ids than plans are kept are read all the same") {
  const auto parser = avro_parser_of(options_of({{"a", type_id::bigint}}), {}, prefix_form::confluent);
  auto schemas = std::make_shared<source::record_schemas>();
  std::vector<std::string> records;
  for (int round = 0; round < 2; ++round)
    for (int id = 0; id < 600; ++id) {
      schemas->by_id.emplace(
          id, std::make_shared<const std::string>(record_schema(R"({"name":"a","type":"long"})")));
      records.push_back("\0\0\0"s + static_cast<char>(id >> 8) + static_cast<char>(id) + avro_long(id));
    }
  auto c = chunk_of(records, false);
  c.schemas = schemas;
  const auto p = parser->parse(c);
  REQUIRE(p.records.size() == 1'200);
  for (std::size_t i = 0; i < 1'200; ++i)
    CHECK(p.rows.columns[0]->ints()[i] == static_cast<std::int64_t>(i % 600));
}

TEST_CASE("a file's own schema is the writer's") {
  const auto parser = avro_parser_of(options_of(both()), {});
  auto c = chunk_of({"\2" + avro_text("x")}, false);
  CHECK_THAT(outcomes_of(parser->parse(c)).at(0),
             Contains("nothing says by which schema the record was written"));
  auto schemas = std::make_shared<source::record_schemas>();
  schemas->of_all = std::make_shared<const std::string>(two_fields);
  c.schemas = schemas;
  CHECK(outcomes_of(parser->parse(c)).at(0) == R"(1 "x")");
}

TEST_CASE("event time, hidden columns, nulls and cut records are as of every parser") {
  const auto schema = record_schema(
      R"({"name":"ts","type":["null",{"type":"long","logicalType":"timestamp-millis"}]},{"name":"b","type":"string"})");
  auto o = options_of({{"ts", type_id::timestamp}, {"b", type_id::text}}, {"_raw"});
  o.used[0] = false;
  o.event_time = 0;
  o.on_null = data::valueless::skip;
  auto c = chunk_of({"\2\0"s + avro_text("x"), "\0"s + avro_text("x"), "\2\2" + avro_text("yy"), "",
                     "\2\2" + avro_text("z")},
                    false);
  c.lengths[3] = source::no_value;
  c.cut = {4};
  const auto out = outcomes_of(avro_parser_of(o, schema)->parse(c));
  CHECK(out[0] == R"("1970-01-01T00:00:00Z" "x" "AgACeA==")");
  CHECK_THAT(out[1], Contains("no event time in column \"ts\""));
  CHECK_THAT(out[2], Contains(R"("1970-01-01T00:00:00.001Z" "yy")"));
  CHECK(out[3] == "filtered");
  CHECK(out[4] == cut_record);
}

TEST_CASE("hostile records are one dead letter each, and cost little") {
  const auto giant = "\xFE\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01"s;
  const auto list = [](type_id t) { return data::type::list_of(t); };
  CHECK_THAT(one(R"("bytes")", giant, type_id::text), Contains("the record ends before its bytes does"));
  CHECK(one(R"("bytes")", "\1", type_id::text) == "column \"f\": the bytes are not a valid bytes");
  CHECK_THAT(one(R"({"type":"array","items":"null"})", giant, list(type_id::json)),
             Contains("more than 64 items without a byte"));
  CHECK_THAT(one(R"({"type":"array","items":"null"})", giant, type_id::json),
             Contains("more than 64 items without a byte"));
  CHECK_THAT(one(R"({"type":"array","items":"long"})", giant, list(type_id::bigint)),
             Contains("f[0]\": the record ends"));
  CHECK_THAT(one(R"({"type":"map","values":"null"})", giant, type_id::json), Contains("the record ends"));
  CHECK(one(R"(["null","long"])", "\x14", type_id::bigint) ==
        "column \"f\": the union's branch 10 is not there: it has 2");
  CHECK(one(R"(["null","long"])", "\1", type_id::bigint) ==
        "column \"f\": the union's branch -1 is not there: it has 2");
  CHECK(one(R"({"type":"enum","name":"e","symbols":["a"]})", "\x32", type_id::text) ==
        "column \"f\": the enum's symbol 25 is not there: it has 1");
  CHECK_THAT(one(R"(["null","r"])", std::string(100'000, '\2'), type_id::json),
             Contains("nested deeper than 512 levels"));
  CHECK_THAT(one(R"({"type":"array","items":"long"})", "\1\x08\2\0"s, list(type_id::bigint)),
             Contains("the record ends before its array does"));
  CHECK_THAT(one(R"({"type":"array","items":"long"})", "\1\4\2\0"s, list(type_id::bigint)),
             Contains("a block of the array says that it has 2 bytes, and has 1"));
  const auto name = std::string(1'000, 'n');
  CHECK_THAT(
      one(fmt::format(
              R"({{"type":"array","items":{{"type":"record","name":"i","fields":[{{"name":"{}","type":"boolean"}}]}}}})",
              name),
          avro_long(100'000) + std::string(100'000, '\1') + "\0"s, type_id::json),
      Contains("more than 256 times the record's bytes"));
  // Few bytes an element, and many columns that it lacks.
  const auto wide = data::type::object_of([] {
    std::vector<data::field> out{{"x", type_id::boolean}};
    for (int i = 0; i < 500; ++i)
      out.push_back({fmt::format("c{}", i), type_id::text});
    return out;
  }());
  CHECK_THAT(
      one(R"({"type":"array","items":{"type":"record","name":"i","fields":[{"name":"x","type":"boolean"}]}})",
          avro_long(100'000) + std::string(100'000, '\1') + "\0"s, data::type::list_of(wide)),
      Contains("more than 256 times the record's bytes"));
}

TEST_CASE("check tells of columns that no record can fill") {
  const auto schema = record_schema(
      R"({"name":"price","type":"double"},{"name":"word","type":"string"},{"name":"tags","type":{"type":"map","values":"long"}},
         {"name":"inner","type":{"type":"record","name":"i","fields":[{"name":"a","type":"long"}]}},
         {"name":"either","type":["long","string"]})");
  CHECK(problems(schema, {{"price", type_id::float64}, {"word", type_id::text}, {"either", type_id::bigint}})
            .empty());
  CHECK_THAT(problems(schema, {{"prise", type_id::float64}}).at(0),
             Contains("the schema has no such field in r; did you mean \"price\"?"));
  CHECK(problems(schema, {{"a: b", type_id::text}}).at(0) == "a: b: the schema has no such field in r");
  CHECK_THAT(problems(schema, {{"word", type_id::bigint}}).at(0), Contains("it holds text; declare it text"));
  CHECK_THAT(problems(schema, {{"tags", type_id::text}}).at(0), Contains("it holds a map; declare it json"));
  CHECK_THAT(problems(schema, {{"inner", data::type::object_of({{"b", type_id::text}})}}).at(0),
             Contains("inner: .b: the schema has no such field in i"));
}
