// The rules of "Schema Resolution" in the specification of Apache Avro 1.11, each with an example.
#include "tests/unit/avro_parser/avro_fixture.hpp"

using namespace millrace;
using namespace millrace::parser;
using Catch::Matchers::Contains;
using data::type_id;

namespace {

/// A field `f` of the writer's type, read as one of the reader's.
std::string as(std::string_view writer, std::string_view reader, const std::string& bytes,
               const data::type& column) {
  return resolved(field_schema(writer), field_schema(reader), bytes, {{"f", column}});
}

}  // namespace

TEST_CASE("fields are found by their names, in any order, and those of the writer alone are ignored") {
  CHECK(resolved(record_schema(
                     R"({"name":"a","type":"long"},{"name":"x","type":"string"},{"name":"b","type":"long"})"),
                 record_schema(R"({"name":"b","type":"long"},{"name":"a","type":"long"})"),
                 "\2" + avro_text("no") + "\4", {{"a", type_id::bigint}, {"b", type_id::bigint}}) == "1 2");
}

TEST_CASE("a field is found by an alias of the reader's") {
  CHECK(resolved(record_schema(R"({"name":"old","type":"long"})"),
                 record_schema(R"({"name":"new","aliases":["older","old"],"type":"long"})"), "\2",
                 {{"new", type_id::bigint}}) == "1");
}

TEST_CASE("a field that the writer lacks has the reader's default") {
  const auto writer = record_schema(R"({"name":"a","type":"long"})");
  CHECK(resolved(
            writer,
            record_schema(R"({"name":"a","type":"long"},{"name":"b","type":["null","string"],"default":null},
                                  {"name":"c","type":"string","default":"x"},
                                  {"name":"d","type":{"type":"array","items":"int"},"default":[1,2]})"),
            "\2",
            {{"b", type_id::text}, {"c", type_id::text}, {"d", data::type::list_of(type_id::bigint)}}) ==
        R"(null "x" [1,2])");
  CHECK(resolved(writer, record_schema(R"({"name":"a","type":"long"},{"name":"b","type":"string"})"), "\2",
                 {{"a", type_id::bigint}}) ==
        "the writer's schema has no field b in its record r, and the reader's has no default for it");
}

TEST_CASE("a declared column that the writer lacks is null where there is no reader's schema") {
  CHECK(resolved(record_schema(R"({"name":"a","type":"long"})"), {}, "\2",
                 {{"a", type_id::bigint}, {"b", type_id::text}}) == "1 null");
  CHECK(resolved(
            record_schema(
                R"({"name":"n","type":{"type":"record","name":"n","fields":[{"name":"a","type":"long"}]}})"),
            {}, "\2", {{"n", data::type::object_of({{"a", type_id::bigint}, {"b", type_id::text}})}}) ==
        R"({"a":1,"b":null})");
}

TEST_CASE("numbers are promoted, and never narrowed") {
  CHECK(as(R"("int")", R"("long")", "\2", type_id::bigint) == "1");
  CHECK(as(R"("int")", R"("float")", "\2", type_id::float64) == "1");
  CHECK(as(R"("int")", R"("double")", "\2", type_id::float64) == "1");
  CHECK(as(R"("long")", R"("float")", "\2", type_id::float64) == "1");
  CHECK(as(R"("long")", R"("double")", "\2", type_id::float64) == "1");
  CHECK(as(R"("float")", R"("double")", avro_real(1.5F), type_id::float64) == "1.5");
  CHECK(as(R"("long")", R"("int")", "\2", type_id::bigint) ==
        "column \"f\": the writer's schema has long, which cannot be read as the reader's int");
  CHECK_THAT(as(R"("double")", R"("float")", avro_real(1.5), type_id::float64), Contains("cannot be read"));
}

TEST_CASE("string and bytes are read as each other") {
  CHECK(as(R"("string")", R"("bytes")", avro_text("ab"), type_id::text) == R"("YWI=")");
  CHECK(as(R"("bytes")", R"("string")", avro_text("ab"), type_id::text) == R"("ab")");
  CHECK_THAT(as(R"("bytes")", R"("string")", avro_text("\xFF"), type_id::text), Contains("column \"f\": "));
}

TEST_CASE("a symbol that the reader's enum does not have is its default") {
  const auto* const writer = R"({"type":"enum","name":"e","symbols":["A","B","C"]})";
  CHECK(as(writer, R"({"type":"enum","name":"x.e","symbols":["C","A"],"default":"C"})", "\2",
           type_id::text) == R"("C")");
  CHECK(as(writer, R"({"type":"enum","name":"x.e","symbols":["C","A"]})", "\4", type_id::text) == R"("C")");
  CHECK(as(writer, R"({"type":"enum","name":"e","symbols":["C","A"]})", "\2", type_id::text) ==
        "column \"f\": the writer's symbol B is none of the reader's enum e, which has no default");
}

TEST_CASE("a symbol is named, of several that the reader does not have") {
  CHECK_THAT(as(R"({"type":"enum","name":"e","symbols":["A","B","C"]})",
                R"({"type":"enum","name":"e","symbols":["A"]})", "\4", type_id::text),
             Contains("symbol C is none"));
}

TEST_CASE("unions are resolved by the branch that was written") {
  CHECK(as(R"(["null","int"])", R"(["null","long"])", "\2\2", type_id::bigint) == "1");
  CHECK(as(R"(["null","int"])", R"(["null","long"])", "\0"s, type_id::bigint) == "null");
  CHECK(as(R"(["null","int"])", R"("int")", "\2\2", type_id::bigint) == "1");
  CHECK_THAT(as(R"(["null","int"])", R"("int")", "\0"s, type_id::bigint),
             Contains("has null, which cannot be read"));
  CHECK(as(R"("int")", R"(["null","string","double"])", "\2", type_id::json) == "1");
  CHECK(as(R"("string")", R"(["null","string"])", avro_text("x"), type_id::text) == R"("x")");
  // The branch of the very type, wherever it stands: a double would round it.
  CHECK(as(R"("long")", R"(["null","double","long"])", avro_long(9'007'199'254'740'993), type_id::json) ==
        "9007199254740993");
  CHECK(as(R"("string")", R"(["bytes","string"])", avro_text("x"), type_id::json) == R"("x")");
  CHECK_THAT(as(R"("boolean")", R"(["null","string"])", "\1", type_id::text),
             Contains("reader's union of null, string"));
}

TEST_CASE("fixed is resolved by its size and name, and records by their name or an alias") {
  CHECK(as(R"({"type":"fixed","name":"a.x","size":2})", R"({"type":"fixed","name":"b.x","size":2})", "ab",
           type_id::text) == R"("YWI=")");
  CHECK_THAT(as(R"({"type":"fixed","name":"x","size":2})", R"({"type":"fixed","name":"x","size":3})", "ab",
                type_id::text),
             Contains("cannot be read"));
  CHECK_THAT(as(R"({"type":"fixed","name":"x","size":2})", R"({"type":"fixed","name":"y","size":2})", "ab",
                type_id::text),
             Contains("cannot be read"));
  const auto old = record_schema(R"({"name":"a","type":"long"})", "Old");
  CHECK(resolved(old,
                 R"({"type":"record","name":"New","aliases":["Old"],"fields":[{"name":"a","type":"long"}]})",
                 "\2", {{"a", type_id::bigint}}) == "1");
  CHECK_THAT(
      resolved(old, record_schema(R"({"name":"a","type":"long"})", "New"), "\2", {{"a", type_id::bigint}}),
      Contains("has record Old, which cannot be read as the reader's record New"));
}

TEST_CASE("arrays, maps and records are resolved within, also as json") {
  CHECK(as(R"({"type":"array","items":"int"})", R"({"type":"array","items":"double"})", "\2\2\0"s,
           data::type::list_of(type_id::float64)) == "[1]");
  CHECK(as(R"({"type":"map","values":"int"})", R"({"type":"map","values":["null","long"]})", "\2\2k\2\0"s,
           type_id::json) == R"({"k":1})");
  CHECK(
      as(R"({"type":"record","name":"n","fields":[{"name":"a","type":"int"},{"name":"gone","type":"string"}]})",
         R"({"type":"record","name":"n","fields":[{"name":"b","type":"long","default":9},{"name":"a","type":"long"}]})",
         "\2" + avro_text("x"), type_id::json) == R"({"a":1,"b":9})");
}

TEST_CASE("the unit of a timestamp and the scale of a decimal are those that were written") {
  CHECK(as(R"({"type":"long","logicalType":"timestamp-millis"})",
           R"({"type":"long","logicalType":"timestamp-micros"})", avro_long(1'000),
           type_id::timestamp) == R"("1970-01-01T00:00:01Z")");
  CHECK(as(R"({"type":"bytes","logicalType":"decimal","precision":9,"scale":1})",
           R"({"type":"bytes","logicalType":"decimal","precision":9,"scale":2})", avro_text("\x0F"),
           type_id::numeric) == "1.5");
  CHECK(as(R"("long")", R"({"type":"long","logicalType":"timestamp-millis"})", avro_long(1'000),
           type_id::timestamp) == R"("1970-01-01T00:00:01Z")");
}
