#include "tests/unit/json_parser/parser_fixture.hpp"

using namespace millrace;
using namespace millrace::parser;
using Catch::Matchers::Contains;
using Catch::Matchers::StartsWith;
using data::type_id;

namespace {

const test_column v{"v", type_id::text};

parsed parse(const std::vector<std::string>& records, parser_options options, bool lines = true) {
  return make_json_parser(std::move(options))->parse(chunk_of(records, lines));
}

}  // namespace

TEST_CASE("missing members and JSON nulls are null, unknown members are ignored") {
  const auto p = parse({R"({"a":1,"x":{"a":2}})", R"({"b":null})", "{}", R"({"b":"2","a":null})"},
                       options_of({{"a", type_id::bigint}, {"b", type_id::text}}));
  CHECK(rows_of(p) == std::vector<std::string>{"1 null", "null null", "null null", R"(null "2")"});
  CHECK(p.records == std::vector<std::uint32_t>{0, 1, 2, 3});
}

TEST_CASE("of duplicate members the last counts") {
  CHECK(value_of(R"({"v":"1","v":"2"})", v) == R"("2")");
  CHECK(value_of(R"({"v":"1","v":null})", v) == "null");
  CHECK(value_of(R"({"v":[],"\u0076":"2"})", v) == R"("2")");
  CHECK_THAT(value_of(R"({"v":"1","v":[]})", v), StartsWith("dead: column"));
}

TEST_CASE("members are found in any order, with any names") {
  const std::string long_name(300, 'n');
  const auto options = options_of({{"", type_id::text},
                                   {"abcdefgh", type_id::text},
                                   {"abcdefghi", type_id::text},
                                   {"abcdefghijklmnop", type_id::text},
                                   {"abcdefghijklmnopq", type_id::text},
                                   {long_name, type_id::text},
                                   {"quote\"", type_id::text}});
  const auto p =
      parse({R"({"":1,"abcdefgh":2,"abcdefghi":3,"abcdefghijklmnop":4,"abcdefghijklmnopq":5,")" + long_name +
                 R"(":6,"quote\"":7})",
             R"({"quote\u0022":7,")" + long_name +
                 R"(":6,"abcdefghijklmnopq":5,"abcdefghijklmnop":4,"abcdefghi":3,"abcdefgh":2,"":1})",
             R"({"abcdefghX":0,"abcdefghijklmnoX":0,"abcdefghijklmnopX":0,"abcdefghi" :3})",
             R"({"" :1,"abcdefghi":3})"},
            options);
  CHECK(p.dead.empty());
  CHECK(rows_of(p) == std::vector<std::string>{
                          R"("1" "2" "3" "4" "5" "6" "7")", R"("1" "2" "3" "4" "5" "6" "7")",
                          R"(null null "3" null null null null)", R"("1" null "3" null null null null)"});
}

TEST_CASE("blank lines are no records") {
  const auto p = parse({"", R"({"v":1})", "  \t\r", "", R"(  {"v":2}  )", "\r"}, options_of({v}));
  CHECK(p.records == std::vector<std::uint32_t>{1, 4});
  CHECK(p.filtered.size() == 4);
  CHECK(p.dead.empty());
  CHECK(parse({"", " "}, options_of({v})).filtered.size() == 2);
  CHECK(parse({}, options_of({v})).rows.rows == 0);
}

TEST_CASE("a message without a value, or an empty one, is a dead letter") {
  auto c = chunk_of({R"({"v":1})", "", "", R"({"v":2})"}, false);
  c.lengths[1] = source::no_value;
  c.timestamps.assign(4, 0);
  c.timestamp_types.assign(4, 0);
  const auto p = make_json_parser(options_of({v}))->parse(c);
  CHECK(p.records == std::vector<std::uint32_t>{0, 3});
  REQUIRE(p.dead.size() == 2);
  CHECK(p.dead[0].record == 1);
  CHECK_THAT(p.dead[0].error, Contains("no value"));
  CHECK_THAT(p.dead[1].error, Contains("empty"));
}

TEST_CASE("a message without a value is a row of nulls where that is wanted") {
  auto c = chunk_of({R"({"v":1,"o":{"a":"x"}})", "", R"({"v":2})"}, false);
  c.lengths[1] = source::no_value;
  c.keys = {"one", "gone", "two"};
  c.timestamps = {0, 1'000'000, 2'000'000};
  c.timestamp_types.assign(3, 0);
  const test_column object{"o", data::type::object_of({{"a", type_id::text}})};
  auto options = options_of({v, object}, {"_key", "_raw", "_timestamp"});
  options.on_null = data::valueless::row;
  const auto p = make_json_parser(options)->parse(c);
  CHECK(p.dead.empty());
  CHECK(p.filtered.size() == 0);
  CHECK(rows_of(p) == std::vector<std::string>{
                          R"("1" {"a":"x"} "one" "{\"v\":1,\"o\":{\"a\":\"x\"}}" "1970-01-01T00:00:00Z")",
                          R"(null null "gone" null "1970-01-01T00:00:01Z")",
                          R"("2" null "two" "{\"v\":2}" "1970-01-01T00:00:02Z")"});
}

TEST_CASE("a row of nulls needs an event time as any other") {
  auto c = chunk_of({R"({"t":"2021-04-24T19:55:00Z"})", ""}, false);
  c.lengths[1] = source::no_value;
  c.timestamps = {0, 1'000'000};
  c.timestamp_types.assign(2, 0);
  const test_column t{"t", type_id::timestamp};
  auto options = options_of({t}, {"_timestamp"});
  options.on_null = data::valueless::row;
  options.event_time = 0;
  options.future_skew = micros::max();
  const auto by_column = make_json_parser(options)->parse(c);
  CHECK(by_column.records == std::vector<std::uint32_t>{0});
  REQUIRE(by_column.dead.size() == 1);
  CHECK_THAT(by_column.dead[0].error, Contains("no event time in column \"t\""));
  options.event_time = 1;
  CHECK(make_json_parser(options)->parse(c).records == std::vector<std::uint32_t>{0, 1});
}

TEST_CASE("a record that is not one object is a dead letter") {
  CHECK_THAT(value_of("[1]", v), Contains("the record is a list; expected a JSON object"));
  CHECK_THAT(value_of("\"v\"", v), Contains("the record is a string"));
  CHECK_THAT(value_of("-1", v), Contains("the record is a number"));
  CHECK_THAT(value_of("null", v), Contains("expected a JSON object"));
  CHECK_THAT(value_of("hello", v), Contains("expected a JSON object"));
  CHECK_THAT(value_of(R"({"v":1}{"v":2})", v), Contains("at byte 7: something follows the object"));
  CHECK_THAT(value_of(R"({"v":1} x)", v), Contains("something follows the object"));
  CHECK_THAT(value_of(R"({"v":1},)", v), Contains("something follows the object"));
  CHECK_THAT(value_of(R"({"v":1}})", v), Contains("something follows the object"));
}

TEST_CASE("malformed JSON is a dead letter wherever it stands") {
  for (const std::string bad : {"{",
                                "}",
                                "{\"v\"",
                                "{\"v\":",
                                "{\"v\":1",
                                "{\"v\":1,",
                                "{\"v\":1,}",
                                "{\"v\":,}",
                                "{,\"v\":1}",
                                "{\"v\" 1}",
                                "{v:1}",
                                "{'v':1}",
                                "{\"v\":1 2}",
                                "{\"v\":\"a\"\"b\"}",
                                "{\"v\":\"a\"b}",
                                "{\"v\":tru}",
                                "{\"v\":truex}",
                                "{\"v\":nul}",
                                "{\"v\":NaN}",
                                "{\"v\":Infinity}",
                                "{\"v\":True}",
                                "{\"v\":01}",
                                "{\"v\":-}",
                                "{\"v\":+1}",
                                "{\"v\":1.}",
                                "{\"v\":.5}",
                                "{\"v\":1e}",
                                "{\"v\":1e+}",
                                "{\"v\":0x1F}",
                                "{\"v\":1_000}",
                                "{\"v\":--1}",
                                "{\"v\":00}",
                                "{\"v\":-01}",
                                "{\"v\":1.2.3}",
                                "{\"v\":12345678901234567890.}",
                                "{\"v\":[1,]}",
                                "{\"v\":[,1]}",
                                "{\"v\":[1 2]}",
                                "{\"v\":[1}",
                                "{\"v\":{]}",
                                "{\"v\":{\"a\"}}",
                                "{\"v\":{\"a\":}}",
                                "{\"v\":{\"a\":1,}}",
                                "{\"v\":{1:2}}",
                                "{\"v\":]}",
                                "{\"v\":\"unclosed}",
                                "{\"v\":\"a\\\"}",
                                "{\"v\":/*c*/1}",
                                "{\"v\":1}//",
                                "{\"v\":\\\"x\"}",
                                "{\"v\":1\\}",
                                "{\"v\"::1}",
                                "{\"v\":1,,\"w\":2}",
                                "\\",
                                "{\"v\":\"tab\there\"}",
                                "{\"v\":\"\x01\"}",
                                "{\x0c\"v\":1}",
                                "{\"v\":1\x1a\"w\":2}"}) {
    INFO(bad);
    CHECK_THAT(value_of(bad, {"v", type_id::json}), StartsWith("dead: "));
    CHECK_THAT(value_of(bad, {"v", type_id::text}), StartsWith("dead: "));
    // The record is refused in the middle of a chunk too, and without harm to its neighbours.
    for (const bool lines : {true, false}) {
      const auto p =
          parse({R"({"v":"1"})", bad, R"({"v":"2"})", bad, bad, R"({"v":"3"})"}, options_of({v}), lines);
      CHECK(rows_of(p) == std::vector<std::string>{R"("1")", R"("2")", R"("3")"});
      CHECK(p.records == std::vector<std::uint32_t>{0, 2, 5});
      CHECK(p.dead.size() == 3);
    }
  }
}

TEST_CASE("a malformed unknown member makes a dead letter, whatever columns are used") {
  for (const std::string bad : {"01", "tru", "[1,]", R"({"a" 1})", R"("\x")", "1e", "-"}) {
    INFO(bad);
    CHECK_THAT(value_of("{\"u\":" + bad + ",\"v\":\"1\"}", v), StartsWith("dead: not JSON"));
    CHECK_THAT(value_of("{\"v\":\"1\",\"u\":" + bad + "}", v), StartsWith("dead: not JSON"));
  }
}

TEST_CASE("a wrong type in a declared column that nobody uses makes a dead letter too") {
  test_column unused{"n", type_id::bigint, {}, false};
  auto options = options_of({v, unused});
  const auto p = parse({R"({"v":1,"n":"x"})", R"({"v":2,"n":7})"}, options);
  CHECK(p.dead.size() == 1);
  CHECK(rows_of(p) == std::vector<std::string>{R"("2" -)"});
  CHECK(p.rows.columns[1] == nullptr);
  options.validate_whole = false;
  CHECK(parse({R"({"v":1,"n":"x"})"}, options).dead.empty());
}

TEST_CASE("without whole validation used columns are still checked, and rows are the same") {
  CHECK(value_of(R"({"u":01,"w":{"v":[tru]},"v":"1","x":"\ud800"})", v, false) == R"("1")");
  CHECK_THAT(value_of(R"({"v":01})", v, false), StartsWith("dead: not JSON"));
  CHECK_THAT(value_of(R"({"v":"\ud800"})", v, false), StartsWith("dead: not JSON"));
  CHECK_THAT(value_of(R"({"u":[1,"v":"1"})", v, false), StartsWith("dead: not JSON"));
  CHECK_THAT(value_of(R"({"u":)", v, false), StartsWith("dead: not JSON"));
  CHECK_THAT(value_of("{\"u\":\"\xff\",\"v\":1}", v, false), Contains("not UTF-8"));
}

TEST_CASE("invalid UTF-8 makes a dead letter of its record alone") {
  for (const std::string bad : {"\xff", "\xc0\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xe2\x82", "\x80"}) {
    for (const bool lines : {true, false}) {
      const auto p =
          parse({R"({"v":"1"})", "{\"v\":\"" + bad + "\"}", R"({"v":"2"})", "{\"u" + bad + "\":0}", bad},
                options_of({v}, {"_raw"}), lines);
      CHECK(p.records == std::vector<std::uint32_t>{0, 2});
      REQUIRE(p.dead.size() == 3);
      CHECK(p.dead[0].error == "the record is not UTF-8");
    }
  }
}

TEST_CASE("a character cut in two by the end of a record does not borrow from the next") {
  const auto p =
      parse({"{\"v\":\"1\"}\xe2", "\x82\xac{\"v\":\"2\"}", R"({"v":"3"})"}, options_of({v}), false);
  CHECK(p.dead.size() == 2);
  CHECK(rows_of(p) == std::vector<std::string>{R"("3")"});
}

TEST_CASE("the beginning of a record that was too long is a dead letter, whatever it looks like") {
  for (const std::string begin : {R"({"v":"2"})", R"({"v":"2)", R"({"v":"2\)", "{\"v\":\"\xe2\x82", "", "   ",
                                  "[", R"({"v":"2"} {"v":"3"})"}) {
    for (const bool lines : {true, false}) {
      INFO(begin);
      auto c = test::chunk_of({R"({"v":"1"})", begin, R"({"v":"4"})", begin}, lines);
      c.cut = {1, 3};
      const auto p = make_json_parser(options_of({v}))->parse(c);
      CHECK(rows_of(p) == std::vector<std::string>{R"("1")", R"("4")"});
      REQUIRE(p.dead.size() == 2);
      for (const auto& d : p.dead)
        CHECK(d.error == cut_record);
    }
  }
}

TEST_CASE("records do not complete each other") {
  // Joined, each pair would be well-formed.
  const std::vector<std::vector<std::string>> pairs{{R"({"v":"a)", R"(b"})"},
                                                    {R"({"v":)", R"("b"})"},
                                                    {R"({"v":1)", "2}"},
                                                    {R"({"v":"1"})"
                                                     "\\",
                                                     R"("{"v":"2"})"},
                                                    {R"({"v)", R"(":"2"})"},
                                                    {R"({"v":tr)", "ue}"},
                                                    {R"({"v":[)", "]}"},
                                                    {"\xEF\xBB\xBF", R"(x{"v":"2"})"},
                                                    {"\xEF\xBB\xBF", "\xEF\xBB\xBF"
                                                                     R"({"v":"2"})"},
                                                    {R"({"v":"x)", R"({"v":"y"})"}};
  for (const auto& pair : pairs) {
    INFO(pair[0]);
    auto records = pair;
    records.insert(records.begin(), R"({"v":"first"})");
    records.push_back(R"({"v":"last"})");
    const auto together = parse(records, options_of({v}), false);
    parsed alone;
    for (std::size_t i = 0; i < records.size(); ++i) {
      const auto p = parse({records[i]}, options_of({v}), false);
      for (const auto& d : p.dead)
        alone.dead.push_back({static_cast<std::uint32_t>(i), d.error});
    }
    REQUIRE(together.dead.size() == alone.dead.size());
    for (std::size_t i = 0; i < alone.dead.size(); ++i) {
      CHECK(together.dead[i].record == alone.dead[i].record);
      CHECK(together.dead[i].error == alone.dead[i].error);
    }
  }
}

TEST_CASE("NUL bytes make dead letters") {
  for (const std::string& bad :
       {std::string("{\"v\":\"a\0b\"}", 11), std::string("{\"v\":1\0}", 8), std::string("\0{\"v\":1}", 8),
        std::string("{\"v\":1}\0", 8), std::string("\0", 1)})
    CHECK_THAT(value_of(bad, v), StartsWith("dead: "));
}

TEST_CASE("the prefix of a Schema Registry's serializers is named, whatever follows it") {
  for (const std::string& behind :
       {std::string("{\"v\":1}"), std::string("\x02\x0C"), std::string("\0\0", 2)})
    CHECK_THAT(
        value_of(std::string("\0\0\0\x01\x02", 5) + behind, v),
        StartsWith(
            "dead: the record begins as serializers of a Schema Registry write it (a zero byte and the "
            "schema's id, 258)"));
  // the bytes are no such prefix
  for (const std::string& other : {std::string("\0\0\0\0\x07", 5), std::string("\0{\"v\":1}", 8)})
    CHECK_THAT(value_of(other, v), StartsWith("dead: ") && !Contains("Schema Registry"));
  const auto p = make_json_parser(options_of({v}))
                     ->parse(chunk_of({"{\"v\":1}", std::string("\0\0\0\0\x07{\"v\":2}", 12), "{\"v\":3}"}));
  CHECK(rows_of(p).size() == 2);
  REQUIRE(p.dead.size() == 1);
  CHECK_THAT(p.dead[0].error, Contains("the schema's id, 7)"));
}

TEST_CASE("a prefix is taken off every record, whatever bytes it has, and a record without one is dead") {
  const auto with = [](std::string id, std::string_view body) {
    return std::string(1, '\0') + id + std::string(body);
  };
  const std::string quotes = "\"{\\\"";
  auto parser = make_json_parser(options_of({v}, {"_raw"}), prefix_form::confluent);
  for (int again = 0; again < 2; ++again) {
    const auto p = parser->parse(
        chunk_of({with(quotes, "{\"v\":1}"), "{\"v\":2}", with(std::string(4, '\0'), "{\"v\":3}"),
                  std::string("\0\0\0", 3), with(quotes, ""), "", with(quotes, "{\"v\":4}")}));
    CHECK(rows_of(p) ==
          std::vector<std::string>{R"("1" "{\"v\":1}")", R"("3" "{\"v\":3}")", R"("4" "{\"v\":4}")"});
    CHECK(p.records == std::vector<std::uint32_t>{0, 2, 6});
    REQUIRE(p.dead.size() == 4);
    CHECK_THAT(p.dead[0].error,
               StartsWith("the record begins with the byte 0x7b; expected a zero byte and 4 "));
    CHECK_THAT(p.dead[1].error, StartsWith("the record has 3 bytes; expected"));
    CHECK(p.dead[2].error == "the record is empty; expected a JSON object");
    CHECK_THAT(p.dead[3].error, StartsWith("the record has 0 bytes; expected"));
  }
  const auto p = make_json_parser(options_of({v}), prefix_form::apicurio)
                     ->parse(chunk_of({with("12345678", "{\"v\":1}"), with(quotes, "{}")}));
  CHECK(rows_of(p) == std::vector<std::string>{R"("1")"});
  CHECK(p.dead.size() == 1);
}

TEST_CASE("nesting is bounded at 1024 levels") {
  const auto lists = [](std::size_t n) {
    return "{\"v\":" + std::string(n, '[') + std::string(n, ']') + "}";
  };
  CHECK(value_of(lists(1023), {"v", type_id::json}) == std::string(1023, '[') + std::string(1023, ']'));
  CHECK_THAT(value_of(lists(1024), {"v", type_id::json}), Contains("nested deeper than 1024"));
  CHECK_THAT(value_of(lists(1'000'000), v), Contains("nested deeper than 1024"));
  std::string objects = "{\"v\":1,\"u\":";
  for (int i = 0; i < 1000; ++i)
    objects += i % 2 ? "{\"a\":" : "[1,";
  objects += "0";
  for (int i = 1000; i-- > 0;)
    objects += i % 2 ? "}" : "]";
  CHECK(value_of(objects + "}", v) == "\"1\"");
  objects[objects.size() - 500] = objects[objects.size() - 500] == '}' ? ']' : '}';
  CHECK_THAT(value_of(objects + "}", v), StartsWith("dead: not JSON"));
}

TEST_CASE("a byte order mark in front of a record is skipped, and kept in _raw") {
  const std::string bom = "\xEF\xBB\xBF";
  const auto p =
      parse({bom + R"({"v":1})", bom + R"( {"v":2})", bom, bom + bom + R"({"v":3})", bom + "x", R"({"v":4})"},
            options_of({v}, {"_raw"}));
  CHECK(p.records == std::vector<std::uint32_t>{0, 1, 5});
  CHECK(p.filtered.size() == 1);
  CHECK(p.dead.size() == 2);
  CHECK(p.rows.columns[1]->text_at(0) == bom + R"({"v":1})");
}

TEST_CASE("a record of 10 MB is a row like any other") {
  const std::string big(10'000'000, 'x');
  const auto p =
      parse({R"({"v":1})", "{\"u\":\"" + big + "\",\"v\":2}", R"({"v":3})", "{\"v\":\"" + big + "\"}"},
            options_of({v}));
  REQUIRE(p.rows.rows == 4);
  CHECK(p.rows.columns[0]->text_at(1) == "2");
  CHECK(p.rows.columns[0]->text_at(3).size() == big.size());
}

TEST_CASE("hidden columns tell where a record came from") {
  auto c = chunk_of({R"({"v":1})", R"({"v":2})", R"({"v":3})"}, false);
  c.partition = "clicks/3";
  c.timestamps = {1'619'294'100'796'000, -1000, 0};
  c.timestamp_types = {0, 1, 1};
  c.keys = {"k\xC3\xA9y", std::nullopt, "\xff"};
  c.headers = {R"({"h":"1"})", "{}", "{}"};
  const auto hidden = options_of({v}, {"_raw", "_key", "_timestamp", "_timestamp_type", "_topic",
                                       "_partition", "_position", "_headers"});
  const auto p = make_json_parser(hidden)->parse(c);
  REQUIRE(rows_of(p).size() == 2);
  CHECK(rows_of(p)[0] ==
        R"("1" "{\"v\":1}" "kéy" "2021-04-24T19:55:00.796Z" 0 "clicks" "clicks/3" 0 {"h":"1"})");
  CHECK(rows_of(p)[1] == R"("2" "{\"v\":2}" null null 1 "clicks" "clicks/3" 7 {})");
  REQUIRE(p.dead.size() == 1);
  CHECK_THAT(p.dead[0].error, Contains("key is not UTF-8"));
  const auto bare = make_json_parser(hidden)->parse(chunk_of({R"({"v":1})"}));
  CHECK(rows_of(bare)[0] == R"("1" "{\"v\":1}" null null null "clicks" "p0" 0 null)");
}

TEST_CASE("a key that is not text is a dead letter, a NUL byte as well") {
  auto c = chunk_of({R"({"v":1})", R"({"v":2})"}, false);
  c.keys = {std::string("\0\0\0\x07", 4), "k"};
  const auto p = make_json_parser(options_of({v}, {"_key"}))->parse(c);
  CHECK(rows_of(p) == std::vector<std::string>{R"("2" "k")"});
  REQUIRE(p.dead.size() == 1);
  CHECK(p.dead[0].error == "column \"_key\": the record's key holds a NUL byte, which no text can; say "
                           "\"key\": \"bigint\" or \"bytes\" in "
                           "the source, or leave _key out of the topology");
  CHECK(rows_of(make_json_parser(options_of({v}))->parse(c)).size() == 2);
}

TEST_CASE("a bigint key is a number, or a dead letter") {
  auto options = options_of({v}, {"_position"});
  options.schema = std::make_shared<data::schema>(
      std::vector<data::field>{(*options.schema)[0], {"_key", type_id::bigint}});
  auto c = chunk_of({R"({"v":1})", R"({"v":2})", R"({"v":3})", R"({"v":4})", R"({"v":5})"}, false);
  c.keys = {"-42", std::nullopt, "5 bytes", "9223372036854775808", "7"};
  const auto p = make_json_parser(options)->parse(c);
  CHECK(rows_of(p) == std::vector<std::string>{R"("1" -42)", R"("2" null)", R"("5" 7)"});
  REQUIRE(p.dead.size() == 2);
  CHECK(p.dead[0].error == "column \"_key\": found 5 bytes, expected bigint, a key of 8 bytes or of 4; say "
                           "\"key\": \"bytes\" in the "
                           "source, or leave _key out of the topology");
  CHECK_THAT(p.dead[1].error, Contains("found 9223372036854775808, expected bigint"));
}

TEST_CASE("a stored time outside of the years 1 to 9999 is a dead letter where it is used") {
  auto c = chunk_of({R"({"v":1})", R"({"v":2})", R"({"v":3})", R"({"v":4})"}, false);
  c.timestamps = {last_timestamp, last_timestamp + 1, micros_of_millis(1'619'294'100'796'000'000), -1000};
  const auto used = make_json_parser(options_of({v}, {"_timestamp"}))->parse(c);
  CHECK(rows_of(used) == std::vector<std::string>{R"("1" "9999-12-31T23:59:59.999999Z")", R"("4" null)"});
  REQUIRE(used.dead.size() == 2);
  for (const auto& d : used.dead)
    CHECK(d.error ==
          "column \"_timestamp\": the time that the source stores with the record lies outside of the years "
          "1 to 9999; Kafka counts milliseconds since 1970: does its producer send another unit?");
  CHECK(rows_of(make_json_parser(options_of({v}))->parse(c)).size() == 4);
}

TEST_CASE("one parser reads chunk after chunk") {
  const auto parser = make_json_parser(options_of({v, {"n", type_id::bigint}}));
  for (int round = 0; round < 3; ++round) {
    const auto p = parser->parse(chunk_of({R"({"v":"a","n":1})", "bad", R"({"n":2})"}));
    CHECK(rows_of(p) == std::vector<std::string>{R"("a" 1)", "null 2"});
    CHECK(p.dead.size() == 1);
  }
}

TEST_CASE("many records over many stretches keep their order and count") {
  std::vector<std::string> records;
  for (int i = 0; i < 5000; ++i)
    records.push_back(i % 97 == 0   ? "{\"v\":\"open"
                      : i % 89 == 0 ? ""
                      : i % 2       ? "{\"v\":\"" + std::to_string(i) + "\\n\",\"pad\":\"" +
                                    std::string(i % 300, 'p') + "\"}"
                              : "{\"pad\": [], \"v\": " + std::to_string(i) + "}");
  for (const bool lines : {true, false}) {
    const auto p = parse(records, options_of({v}), lines);
    CHECK(p.records.size() + p.dead.size() + p.filtered.size() == 5000);
    for (std::size_t row = 0; row < p.records.size(); ++row) {
      const auto i = p.records[row];
      REQUIRE(p.rows.columns[0]->text_at(row) == std::to_string(i) + (i % 2 ? "\n" : ""));
    }
    for (const auto& d : p.dead)
      REQUIRE((d.record % 97 == 0 || (!lines && d.record % 89 == 0)));
  }
}
