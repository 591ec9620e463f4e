#include "runtime/avro/columns.hpp"
#include "tests/unit/avro_parser/avro_fixture.hpp"
#include "tests/unit/avro_parser/fastavro_records.hpp"

#include <limits>

using namespace millrace;
using namespace millrace::parser;
using Catch::Matchers::Contains;
using data::type_id;

namespace {

std::string unhex(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i + 1 < text.size(); i += 2)
    out.push_back(static_cast<char>(std::stoi(std::string(text.substr(i, 2)), nullptr, 16)));
  return out;
}

std::string columns_text(const std::string& schema) {
  const auto s = avro::parse_schema(schema);
  REQUIRE(s.has_value());
  const auto columns = avro::columns_of(**s);
  if (!columns)
    return columns.error().message;
  std::string out;
  for (const auto& c : *columns)
    out += fmt::format("{}{} {}", out.empty() ? "" : ", ", c.name, c.type.name());
  return out;
}

std::vector<test_column> columns_in(const std::string& schema) {
  const auto s = avro::parse_schema(schema);
  REQUIRE(s.has_value());
  const auto columns = avro::columns_of(**s);
  REQUIRE(columns.has_value());
  std::vector<test_column> out;
  for (const auto& c : *columns)
    out.push_back({c.name, c.type});
  return out;
}

}  // namespace

TEST_CASE("records that another implementation has written are read, with the columns of their schema") {
  const std::string schema(test::fastavro_schema);
  CHECK(
      columns_text(schema) ==
      "truth boolean, small bigint, large bigint, single double, real double, blob text, word text, colour "
      "text, "
      "four text, maybe text, either json, items [{x bigint}], tags json, inner {a bigint, b double}, price "
      "numeric(10,2), rate numeric(18,6), id text, day date, at_millis timestamp, at_micros timestamp, "
      "time_millis "
      "text, time_micros text, tree {v bigint, next json}");
  std::vector<std::string> records;
  for (const auto r : test::fastavro_records)
    records.push_back(unhex(r));
  const auto parser = avro_parser_of(options_of(columns_in(schema)), schema);
  const auto rows = outcomes_of(parser->parse(chunk_of(records, false)));
  CHECK(
      rows.at(0) ==
      R"(true -1 9223372036854775807 0.5 -0.00125 "AP8=" "Hà Nội" "GREEN" "YWJjZA==" "x" {"x":7} [{"x":1},{"x":-2}] )"
      R"({"a":1,"b":-64} {"a":5,"b":2.5} -123.45 0.000001 "123e4567-e89b-12d3-a456-426614174000" "2021-04-24" )"
      R"("2021-04-24T19:55:00.796Z" "1969-12-31T23:59:59.999999Z" "23:59:59.005000" "01:02:03" )"
      R"({"v":1,"next":{"v":2,"next":null}})");
  CHECK(
      rows.at(1) ==
      R"(false 2147483647 -9223372036854775808 -3 1e+300 "" "" "RED" "AAAAAA==" null 300 [] {} {"a":-5,"b":null} )"
      R"(99999999.99 -999999999999.999999 "00000000-0000-0000-0000-000000000000" "0001-01-01" "1970-01-01T00:00:00Z" )"
      R"("9999-12-31T23:59:59.999999Z" "00:00:00" "23:59:59.999999" {"v":3,"next":null})");
}

TEST_CASE("columns that a schema gives are bounded, and deep or recursive ones are json") {
  CHECK(columns_text(field_schema(R"(["null"])")) == "f json");
  CHECK(columns_text(field_schema(R"("null")")) == "f json");
  CHECK(columns_text(field_schema(R"(["long","null"])")) == "f bigint");
  CHECK(columns_text(field_schema(R"(["null",{"type":"array","items":["null","r"]}])")) == "f [json]");
  CHECK(columns_text(field_schema(R"({"type":"bytes","logicalType":"decimal","precision":50,"scale":2})")) ==
        "f numeric");
  CHECK(columns_text(R"("string")") ==
        "the Avro schema is string; expected a record, whose fields are the columns");
  std::string nested = R"("long")";
  for (int i = 0; i < 60; ++i)
    nested = fmt::format(R"({{"type":"array","items":{}}})", nested);
  CHECK_THAT(columns_text(field_schema(nested)), Contains("[[json]]"));
  std::string fields =
      R"({"name":"f0","type":{"type":"record","name":"r0","fields":[{"name":"v","type":"long"}]}})";
  for (int i = 1; i < 20; ++i)
    fields += fmt::format(
        R"(,{{"name":"f{0}","type":{{"type":"record","name":"r{0}","fields":[{{"name":"a","type":"r{1}"}},{{"name":"b","type":"r{1}"}}]}}}})",
        i, i - 1);
  CHECK_THAT(columns_text(record_schema(fields)), Contains("has more than 10000 fields"));
}

TEST_CASE("a scalar becomes a value of another declared type as the like JSON value does") {
  CHECK(one(R"("int")", avro_long(5), type_id::float64) == "5");
  CHECK(one(R"("long")", avro_long(5), data::type::numeric_of(10, 2)) == "5.00");
  CHECK(one(R"("long")", avro_long(5), type_id::text) == R"("5")");
  CHECK(one(R"("long")", avro_long(5), type_id::json) == "5");
  CHECK(one(R"("string")", avro_text("a\"b"), type_id::json) == R"("a\"b")");
  CHECK(one(R"("double")", avro_real(1.5), type_id::json) == "1.5");
  CHECK(one(R"("double")", avro_real(std::numeric_limits<double>::infinity()), type_id::json) ==
        R"("Infinity")");
  CHECK(one(R"("double")", avro_real(2.0), type_id::bigint) == "2");
  CHECK_THAT(one(R"("double")", avro_real(2.5), type_id::bigint), Contains("a number without a fraction"));
  CHECK(one(R"("string")", avro_text("2021-04-24"), type_id::date) == R"("2021-04-24")");
  CHECK(one(R"("long")", avro_long(1'619'294'100), type_id::timestamp, {format_kind::epoch_s, {}}) ==
        R"("2021-04-24T19:55:00Z")");
  CHECK(one(R"({"type":"long","logicalType":"timestamp-millis"})", avro_long(0), type_id::text) ==
        R"("1970-01-01T00:00:00Z")");
  // The last one of equal keys counts, also within maps of maps.
  CHECK(one(R"({"type":"map","values":"long"})", "\6\2a\2\2b\4\2a\6\0"s, type_id::json) ==
        R"({"b":2,"a":3})");
  CHECK(one(R"({"type":"map","values":{"type":"map","values":"long"}})",
            "\4\2a\4\2x\2\2x\4\0\2a\4\2y\2\2y\4\0\0"s, type_id::json) == R"({"a":{"y":2}})");
  CHECK(one(R"({"type":"map","values":"long"})",
            avro_long(2) + avro_text("b") + avro_long(1) + avro_text("a") + avro_long(2) + "\0"s,
            data::type::object_of({{"a", type_id::bigint}, {"c", type_id::text}})) == R"({"a":2,"c":null})");
  CHECK(one(R"({"type":"array","items":["null","long"]})", avro_long(2) + "\0\2\4\0"s,
            data::type::list_of(type_id::bigint)) == "[null,2]");
  CHECK(one(R"(["null","long","string"])", avro_long(2) + avro_text("x"), type_id::text) == R"("x")");
  CHECK(one(R"(["null","long","string"])", avro_long(1) + avro_long(8), type_id::text) == R"("8")");
  CHECK(one(R"(["null","long","string"])", avro_long(0), type_id::json) == "null");
}

TEST_CASE("a value that does not fit its column is a dead letter with its place") {
  CHECK_THAT(one(R"("string")", avro_text("x"), type_id::bigint),
             Contains("column \"f\": it holds text; declare it"));
  CHECK_THAT(one(R"({"type":"map","values":"long"})", "\0"s, type_id::text),
             Contains("column \"f\": it holds a map; declare it json, or with its members"));
  CHECK_THAT(one(R"("string")", "\2\xFF", type_id::text), Contains("column \"f\": "));
  CHECK_THAT(one(R"("string")", "\2\0"s, type_id::text), Contains("column \"f\": "));
  CHECK(one(R"("string")", "\2\xFF", type_id::json) == "column \"f\": the string is not UTF-8");
  CHECK_THAT(
      one(R"({"type":"array","items":{"type":"record","name":"i","fields":[{"name":"price","type":"long"}]}})",
          "\4\2\x80"s, data::type::list_of(data::type::object_of({{"price", type_id::bigint}}))),
      Contains("column \"f[1].price\": the record ends before its long does"));
  CHECK_THAT(one(R"({"type":"int","logicalType":"date"})", avro_long(3'000'000), type_id::date),
             Contains("the date of 3000000 days after 1970 lies outside of the years 1 to 9999"));
  CHECK_THAT(
      one(R"({"type":"long","logicalType":"timestamp-millis"})", avro_long(INT64_MAX), type_id::timestamp),
      Contains("the timestamp of 9223372036854775807 milliseconds after 1970 lies outside"));
  CHECK_THAT(one(R"({"type":"int","logicalType":"time-millis"})", avro_long(86'400'000), type_id::text),
             Contains("lies outside of a day"));
  CHECK_THAT(one(R"({"type":"bytes","logicalType":"decimal","precision":60,"scale":0})",
                 avro_text(std::string(20, '\x7F')), type_id::numeric),
             Contains("the decimal of 20 bytes at scale 0 has more than 38 digits"));
  CHECK(one(R"({"type":"bytes","logicalType":"decimal","precision":60,"scale":0})",
            avro_text(std::string(20, '\xFF')), type_id::numeric) == "-1");
}
