// Rows as Avro and Protobuf: read by the parsers, with the schema that was made of the columns, they are the same rows.
#include "actors/connectors/kafka/sink/json_schema.hpp"
#include "actors/connectors/kafka/sink/made_message.hpp"
#include "actors/connectors/kafka/sink/record_encoder.hpp"
#include "actors/parsers/avro/avro_parser.hpp"
#include "actors/parsers/protobuf/protobuf_parser.hpp"
#include "runtime/avro/made_schema.hpp"
#include "runtime/base/time.hpp"
#include "runtime/data/render.hpp"
#include "tests/support/chunk_of.hpp"

#include <catch2/catch.hpp>

#include <limits>
#include <random>

using namespace millrace;
using Catch::Contains;
using data::type;
using data::type_id;

namespace {

const std::vector<data::field>& columns() {
  static const std::vector<data::field> all{
      {"flag", type_id::boolean},
      {"n", type_id::bigint},
      {"real", type_id::float64},
      {"name", type_id::text},
      {"price", type::numeric_of(12, 3)},
      {"large", type::numeric_of(38, 0)},
      {"at", type_id::timestamp},
      {"day", type_id::date},
      {"tags", type::list_of(type_id::text)},
      {"numbers", type::list_of(type_id::bigint)},
      {"place", type::object_of({{"lat", type_id::float64},
                                 {"names", type::list_of(type_id::text)},
                                 {"more", type::object_of({{"deep", type_id::bigint}})}})},
      {"stops", type::list_of(type::object_of({{"at", type_id::timestamp}, {"n", type_id::bigint}}))}};
  return all;
}

class random_rows {
public:
  /// `nulls_in_lists`: elements of lists may be null.
  random_rows(unsigned seed, bool nulls_in_lists) : random_(seed), nulls_in_lists_(nulls_in_lists) {}

  void append(data::column_builder& out, bool may_be_null = true) {
    if (may_be_null && random_() % 5 == 0)
      return out.append_null();
    switch (out.type().id()) {
    case type_id::boolean:
      return out.append_boolean(random_() % 2 == 0);
    case type_id::bigint:
      return out.append_int(integer());
    case type_id::float64:
      return out.append_double(static_cast<double>(integer()) / 7);
    case type_id::text:
    case type_id::json:
      return out.append_text(std::string(random_() % 200, 'x') + "ü");
    case type_id::numeric: {
      const auto most = static_cast<__int128>(power_of_ten(out.type().precision()));
      const auto units = static_cast<__int128>(static_cast<unsigned __int128>(random_()) << 60 ^ random_());
      const __int128 edges[] = {0, 1, -1, 127, 128, -128, -129, most - 1, 1 - most};
      return out.append_decimal(
          {random_() % 2 == 0 ? edges[random_() % 9] % most : units % most, out.type().scale()});
    }
    case type_id::timestamp: {
      const event_micros edges[] = {0, -1, 1, first_timestamp, last_timestamp, -1'000'000, 999'999};
      return out.append_int(random_() % 2 == 0
                                ? edges[random_() % 7]
                                : first_timestamp + static_cast<event_micros>(
                                                        random_() % static_cast<std::uint64_t>(
                                                                        last_timestamp - first_timestamp)));
    }
    case type_id::date:
      return out.append_int(first_date + static_cast<std::int64_t>(
                                             random_() % static_cast<std::uint64_t>(last_date - first_date)));
    case type_id::object:
      for (std::size_t i = 0; i < out.type().fields().size(); ++i)
        append(out.child(i));
      return out.append_object();
    case type_id::list:
      for (auto n = random_() % 4; n > 0; --n)
        append(out.child(0), nulls_in_lists_);
      return out.append_list();
    }
  }

  data::batch rows(const std::vector<data::field>& of, std::size_t count) {
    data::batch out;
    out.schema = std::make_shared<data::schema>(of);
    out.rows = count;
    for (const auto& f : of) {
      data::column_builder b(f.type);
      for (std::size_t i = 0; i < count; ++i)
        append(b);
      out.columns.push_back(b.finish());
    }
    return out;
  }

private:
  std::int64_t integer() {
    const std::int64_t edges[] = {0,
                                  -1,
                                  63,
                                  64,
                                  -64,
                                  -65,
                                  std::numeric_limits<std::int64_t>::min(),
                                  std::numeric_limits<std::int64_t>::max()};
    return random_() % 2 == 0 ? edges[random_() % 8] : static_cast<std::int64_t>(random_() >> random_() % 60);
  }

  std::mt19937_64 random_;
  bool nulls_in_lists_;
};

std::vector<std::size_t> all_of(const data::batch& b) {
  std::vector<std::size_t> out;
  for (std::size_t i = 0; i < b.columns.size(); ++i)
    out.push_back(i);
  return out;
}

parser::parser_options options_of(const std::vector<data::field>& declared) {
  parser::parser_options o;
  o.schema = std::make_shared<data::schema>(declared);
  o.declared = declared.size();
  o.used.assign(declared.size(), true);
  o.formats.resize(declared.size());
  return o;
}

source::chunk chunk_with(const std::vector<std::string>& records, const std::string& schema) {
  auto c = test::chunk_of(records, false);
  auto schemas = std::make_shared<source::record_schemas>();
  schemas->by_id.emplace(7, std::make_shared<const std::string>(schema));
  c.schemas = std::move(schemas);
  return c;
}

const std::string seven("\0\0\0\0\7", 5);

std::vector<std::string> shown(const data::batch& b) {
  std::vector<std::string> out(b.rows);
  for (std::size_t i = 0; i < b.rows; ++i)
    data::append_json_row(out[i], b, i);
  return out;
}

void check_same(const parser::parsed& p, const data::batch& rows) {
  for (const auto& d : p.dead)
    FAIL_CHECK(d.error);
  REQUIRE(p.rows.rows == rows.rows);
  CHECK(shown(p.rows) == shown(rows));
}

}  // namespace

TEST_CASE("rows as Avro are the same rows again") {
  for (unsigned seed = 0; seed < 10; ++seed) {
    const auto rows = random_rows(seed, true).rows(columns(), 50);
    const auto schema = avro::schema_of_columns("com.example.Row", columns());
    REQUIRE(schema);
    const auto encoder = sink::make_avro_encoder(*schema, {*rows.schema, all_of(rows)});
    REQUIRE(encoder);
    std::vector<std::string> records;
    for (std::size_t i = 0; i < rows.rows; ++i) {
      auto record = seven;
      REQUIRE((*encoder)->append(record, rows, i));
      records.push_back(std::move(record));
    }
    const auto parser = parser::make_avro_parser(options_of(columns()), parser::prefix_form::confluent);
    REQUIRE(parser);
    check_same((*parser)->parse(chunk_with(records, *schema)), rows);
  }
}

TEST_CASE("rows as Protobuf are the same rows again, but that no list is an empty one") {
  auto all = columns();
  std::erase_if(all, [](const auto& f) { return f.type.id() == type_id::numeric; });  // these are texts
  for (unsigned seed = 0; seed < 10; ++seed) {
    auto rows = random_rows(seed, false).rows(all, 50);
    const auto schema = sink::message_of_columns("com.example.Row", all);
    REQUIRE(schema);
    const auto encoder = sink::make_message_encoder(*schema, {}, {*rows.schema, all_of(rows)});
    REQUIRE(encoder);
    std::vector<std::string> records;
    for (std::size_t i = 0; i < rows.rows; ++i) {
      auto record = seven + (*encoder)->head();
      REQUIRE((*encoder)->append(record, rows, i));
      records.push_back(std::move(record));
    }
    const auto parser = parser::make_protobuf_parser(options_of(all), {{}, parser::prefix_form::confluent});
    REQUIRE(parser);
    const auto p = (*parser)->parse(chunk_with(records, *schema));
    for (const auto& d : p.dead)
      FAIL_CHECK(d.error);
    REQUIRE(p.rows.rows == rows.rows);
    const auto wanted = shown(rows);
    const auto got = shown(p.rows);
    for (std::size_t i = 0; i < rows.rows; ++i) {
      auto text = wanted[i];
      for (const std::string_view list : {"\"tags\":", "\"numbers\":", "\"names\":", "\"stops\":"})
        if (const auto at = text.find(std::string(list) + "null"); at != std::string::npos)
          text.replace(at + list.size(), 4, "[]");
      CHECK(got[i] == text);
    }
  }
}

TEST_CASE("exact numbers are texts in Protobuf") {
  const std::vector<data::field> some{{"price", type::numeric_of(12, 3)}, {"any", type(type_id::numeric)}};
  data::batch rows;
  rows.schema = std::make_shared<data::schema>(some);
  for (const auto& f : some) {
    data::column_builder b(f.type);
    b.append_decimal({-1500, 3});
    rows.columns.push_back(b.finish());
  }
  rows.rows = 1;
  std::string out;
  const auto encoder =
      sink::make_message_encoder(sink::message_of_columns("R", some).value(), {}, {*rows.schema, {0, 1}});
  REQUIRE(encoder);
  REQUIRE((*encoder)->append(out, rows, 0));
  CHECK(out == "\x0A\x06-1.500\x12\x06-1.500");
}

TEST_CASE("a list with a null among its elements is not a Protobuf") {
  data::column_builder b(type::list_of(type_id::bigint));
  b.child(0).append_null();
  b.append_list();
  data::batch rows;
  rows.schema = std::make_shared<data::schema>(std::vector<data::field>{{"l", b.type()}});
  rows.columns.push_back(b.finish());
  rows.rows = 1;
  std::string out;
  const auto encoder = sink::make_message_encoder(
      sink::message_of_columns("R", rows.schema->fields()).value(), {}, {*rows.schema, {0}});
  REQUIRE(encoder);
  CHECK_FALSE((*encoder)->append(out, rows, 0));
  CHECK_THAT((*encoder)->why(), Contains("\"l[0]\"") && Contains("null among its elements"));
}

TEST_CASE("schemas of columns are these") {
  const std::vector<data::field> some{{"n", type_id::bigint},
                                      {"price", type::numeric_of(10, 2)},
                                      {"any", type_id::json},
                                      {"tags", type::list_of(type_id::text)},
                                      {"at", type::object_of({{"t", type_id::timestamp}})}};
  CHECK(
      avro::schema_of_columns("a.Row", some).value() ==
      R"({"type":"record","name":"a.Row","fields":[{"name":"n","type":["null","long"],"default":null},)"
      R"({"name":"price","type":["null",{"type":"bytes","logicalType":"decimal","precision":10,"scale":2}],)"
      R"("default":null},{"name":"any","type":["null","string"],"default":null},)"
      R"({"name":"tags","type":["null",{"type":"array","items":["null","string"]}],"default":null},)"
      R"({"name":"at","type":["null",{"type":"record","name":"a.Row_at","fields":[{"name":"t",)"
      R"("type":["null",{"type":"long","logicalType":"timestamp-micros"}],"default":null}]}],"default":null}]})");
  CHECK(sink::message_of_columns("a.Row", some).value() ==
        "syntax = \"proto3\";\npackage a;\nimport \"google/protobuf/timestamp.proto\";\nmessage Row {\n"
        "  optional int64 n = 1;\n  optional string price = 2;\n  optional string any = 3;\n"
        "  repeated string tags = 4;\n  message at_value {\n    optional google.protobuf.Timestamp t = 1;\n  "
        "}\n"
        "  optional at_value at = 5;\n}\n");
  CHECK(sink::json_schema_of_columns("Row", {{"n", type_id::bigint}, {"any", type_id::json}}) ==
        R"({"$schema":"http://json-schema.org/draft-07/schema#","title":"Row","type":"object","properties":)"
        R"({"n":{"oneOf":[{"type":"null"},{"type":"integer"}]},"any":{}}})");
}

TEST_CASE("names that a schema does not take are told with a remedy") {
  for (const std::string name : {"a-b", "", "1st", "ü"}) {
    CHECK_THAT(avro::schema_of_columns("R", {{name, type_id::text}}).error().message,
               Contains("\"" + name + "\"") && Contains("name it so in \"columns\""));
    CHECK_THAT(sink::message_of_columns("R", {{name, type_id::text}}).error().message,
               Contains("\"" + name + "\"") && Contains("name it so in \"columns\""));
  }
  for (const std::string name : {"a-b.R", "a.1", "a..R", ".R", "R.", "", "a\",\"x\":\"R"}) {
    CHECK_THAT(avro::schema_of_columns(name, {{"n", type_id::text}}).error().message,
               Contains("\"" + name + "\"") && Contains("give another \"record\""));
    CHECK_THAT(sink::message_of_columns(name, {{"n", type_id::text}}).error().message,
               Contains("\"" + name + "\"") && Contains("give another \"record\""));
  }
  CHECK_THAT(
      sink::message_of_columns("R", {{"l", type::list_of(type::list_of(type_id::text))}}).error().message,
      Contains("list of lists"));
  CHECK(avro::name_of("my-topic.v1") == "my_topic_v1");
  CHECK(avro::name_of("1") == "_1");
  // Nested records of one name.
  const auto twice = avro::schema_of_columns(
      "a", {{"b_c", type::object_of({{"x", type_id::text}})},
            {"b", type::object_of({{"c", type::object_of({{"x", type_id::text}})}})}});
  CHECK_THAT(twice.value(), Contains("\"a_b_c\"") && Contains("\"a_b_c_\""));
}
