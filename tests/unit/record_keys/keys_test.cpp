// Keys that have a schema of their own are JSON in _key: whole records, scalars, what is wrong with one, and who looks at it.
#include "actors/parsers/keys/avro_keys.hpp"
#include "actors/parsers/keys/json_keys.hpp"
#include "actors/parsers/keys/protobuf_keys.hpp"
#include "actors/parsers/record_budget.hpp"
#include "actors/parsers/row_builder.hpp"
#include "runtime/data/render.hpp"
#include "runtime/data/text_encoding.hpp"
#include "runtime/expression/formats/json_text.hpp"
#include "tests/support/avro_bytes.hpp"
#include "tests/support/chunk_of.hpp"

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include <array>
#include <map>
#include <optional>
#include <random>

namespace millrace::parser {
namespace {

using namespace std::string_literals;
using Catch::Contains;
using Catch::StartsWith;
using test::avro_long;
using test::avro_text;

std::string with_id(char id, const std::string& body) { return "\0\0\0\0"s + id + body; }

std::shared_ptr<source::record_schemas> schemas_of(const std::map<std::uint64_t, std::string>& texts) {
  auto out = std::make_shared<source::record_schemas>();
  for (const auto& [id, text] : texts)
    out->by_id.emplace(id, std::make_shared<const std::string>(text));
  return out;
}

/// Decodes a key: gives its JSON, or the error.
std::string one(key_decoder& keys, const std::shared_ptr<source::record_schemas>& schemas,
                const std::string& key) {
  source::chunk c;
  c.schemas = schemas;
  std::string json;
  return keys.decode(c, key, json) ? json : keys.why();
}

const std::string id_record =
    R"({"type":"record","name":"Key","namespace":"shop.customers","fields":[{"name":"id","type":"long"}]})";

constexpr const char* proto = R"(syntax = "proto3";
package com.example;
message First { string other = 1; }
message Key { int64 id = 1; message Part { string name = 1; } Part part = 2; }
)";

}  // namespace

TEST_CASE("An Avro key is the JSON of its datum: a record, or a scalar") {
  const auto keys = make_avro_keys(prefix_form::confluent);
  const auto schemas =
      schemas_of({{1, id_record},
                  {2, R"("string")"},
                  {3, R"("long")"},
                  {4, R"({"type":"record","name":"K","fields":[{"name":"a","type":["null","string"]},)"
                      R"({"name":"b","type":{"type":"array","items":"int"}}]})"},
                  {5, R"(["null","string"])"},
                  {6, R"({"type":"bytes","logicalType":"decimal","precision":9,"scale":2})"}});
  CHECK(one(*keys, schemas, with_id(1, avro_long(42))) == R"({"id":42})");
  CHECK(one(*keys, schemas, with_id(2, avro_text("a\"b\n"))) == R"("a\"b\n")");
  CHECK(one(*keys, schemas, with_id(3, avro_long(-7))) == "-7");
  CHECK(one(*keys, schemas,
            with_id(4, avro_long(1) + avro_text("x") + avro_long(2) + avro_long(8) + avro_long(9) + "\0"s)) ==
        R"({"a":"x","b":[8,9]})");
  CHECK(one(*keys, schemas, with_id(5, "\0"s)) == "null");
  CHECK(one(*keys, schemas, with_id(6, avro_text("\1\0"s))) == "2.56");
  CHECK(one(*keys, schemas, with_id(1, avro_long(43))) == R"({"id":43})");
}

TEST_CASE("A key with Apicurio's prefix has an id of 8 bytes") {
  const auto keys = make_avro_keys(prefix_form::apicurio);
  CHECK(one(*keys, schemas_of({{1, id_record}}), "\0\0\0\0\0\0\0\0\1"s + avro_long(5)) == R"({"id":5})");
}

TEST_CASE("The error of a key that cannot be decoded begins with the key, and says what to do") {
  const auto keys = make_avro_keys(prefix_form::confluent);
  auto schemas = schemas_of({{1, id_record},
                             {2, "{}"},
                             {3, R"({"type":"record","name":"K","fields":[{"name":"a","type":)"
                                 R"({"type":"array","items":"string"}}]})"}});
  schemas->unknown.emplace(9, "schema 9 of the registry http://r: not found");
  const auto is_about = [&](const std::string& key, const std::string& why) {
    const auto found = one(*keys, schemas, key);
    CHECK_THAT(found, StartsWith("the key cannot be decoded: "));
    CHECK_THAT(found, Contains(why));
    CHECK_THAT(found, Contains("say what keys are in \"key_format\" (it is \"avro\")"));
  };
  is_about("", "it has 0 bytes; expected a zero byte and 4 bytes of the schema's id in front");
  is_about("{\"id\":1}", "it begins with the byte 0x7b; expected a zero byte");
  is_about(with_id(1, ""), "\"id\": the record ends");
  is_about(with_id(1, avro_long(1) + "x"), "1 byte stands behind its last value; is it of another schema?");
  is_about(with_id(2, "x"), "the schema with the id 2 cannot be read as Avro");
  is_about(with_id(3, avro_long(1) + avro_text("\xff") + "\0"s), "\"a[0]\": the string is not UTF-8");
  is_about(with_id(9, "x"), "schema 9 of the registry http://r: not found");
  is_about(with_id(8, "x"), "the registry did not give the schema with the id 8");
}

TEST_CASE("A key's JSON is bounded by the key's bytes") {
  const auto keys = make_avro_keys(prefix_form::confluent);
  const auto name = std::string(1'000, 'n');
  const auto schemas = schemas_of({{1, fmt::format(R"({{"type":"array","items":{{"type":"record","name":"K",)"
                                                   R"("fields":[{{"name":"{}","type":"int"}}]}}}})",
                                                   name)}});
  CHECK_THAT(one(*keys, schemas, with_id(1, avro_long(10'000) + std::string(10'000, '\2') + "\0"s)),
             Contains(std::string(record_budget::exceeded)));
}

TEST_CASE("A schema that comes again with another text decodes later keys") {
  const auto keys = make_avro_keys(prefix_form::confluent);
  CHECK(one(*keys, schemas_of({{1, R"("long")"}}), with_id(1, avro_long(1))) == "1");
  CHECK(one(*keys, schemas_of({{1, R"("long")"}}), with_id(1, avro_long(2))) == "2");
  CHECK(one(*keys, schemas_of({{1, id_record}}), with_id(1, avro_long(3))) == R"({"id":3})");
  for (std::uint64_t id = 2; id < 200; ++id) {
    INFO(id);
    CHECK(one(*keys, schemas_of({{id, R"("long")"}}), with_id(static_cast<char>(id), avro_long(4))) == "4");
  }
}

TEST_CASE("A Protobuf key is the message that its indexes name") {
  const auto keys = make_protobuf_keys(prefix_form::confluent);
  const auto schemas = schemas_of({{1, proto}, {2, "message"}});
  const auto second = avro_long(1) + avro_long(1);
  const auto within = avro_long(2) + avro_long(1) + avro_long(0);
  CHECK(one(*keys, schemas, with_id(1, second + "\x08\x2a")) == R"({"id":42})");
  CHECK(one(*keys, schemas, with_id(1, second + "\x08\x2a\x12\3\x0a\1x")) ==
        R"({"id":42,"part":{"name":"x"}})");
  CHECK(one(*keys, schemas, with_id(1, within + "\x0a\1y")) == R"({"name":"y"})");
  CHECK(one(*keys, schemas, with_id(1, "\0\x0a\1z"s)) == R"({"other":"z"})");
  CHECK_THAT(one(*keys, schemas, with_id(1, avro_long(1) + avro_long(7))),
             Contains("the key cannot be decoded: ") && Contains("message 7"));
  CHECK_THAT(one(*keys, schemas, with_id(1, second + "\x08")), Contains("the key cannot be decoded: "));
  CHECK_THAT(one(*keys, schemas, with_id(2, "\0"s)), Contains("the schema with the id 2"));
}

TEST_CASE("A JSON key is the value behind the prefix, whatever its id") {
  const auto keys = make_json_keys(prefix_form::confluent);
  CHECK(one(*keys, nullptr, with_id(1, R"({"id": 1})")) == R"({"id": 1})");
  CHECK(one(*keys, nullptr, with_id(1, R"("a")")) == R"("a")");
  CHECK(one(*keys, nullptr, R"({"id":2})") == R"({"id":2})");
  CHECK_THAT(one(*keys, nullptr, with_id(1, "{} {}")), StartsWith("the key cannot be decoded: "));
  CHECK_THAT(one(*keys, nullptr, with_id(1, "\"\xff\"")), Contains("is not a JSON value"));
  CHECK_THAT(one(*keys, nullptr, with_id(1, "")), Contains("an empty text is not a JSON value"));
  CHECK_THAT(one(*keys, nullptr, "\0x"s), Contains("it has 2 bytes"));
}

TEST_CASE("Whatever bytes a key has, it is one JSON value or an error about the key") {
  const auto schemas = schemas_of(
      {{1,
        R"({"type":"record","name":"K","fields":[{"name":"a","type":["null","string","K"]},)"
        R"({"name":"b","type":{"type":"map","values":"double"}},{"name":"c","type":{"type":"array","items":"int"}}]})"},
       {2, proto}});
  const std::array<std::shared_ptr<key_decoder>, 3> all{make_avro_keys(prefix_form::confluent),
                                                        make_protobuf_keys(prefix_form::confluent),
                                                        make_json_keys(prefix_form::confluent)};
  std::mt19937 random(1);
  const auto likely = "\0\1\2\3\4\x08\x0a\x12{}[]\",:a1\xc3\xbc\xff"s;
  std::size_t good = 0;
  for (int i = 0; i < 30'000; ++i) {
    std::string body(i % 2 != 0 && i % 3 != 2 ? 1 : 0, '\0');  // a null, the first message
    for (auto n = random() % 12; n > 0; --n)
      body.push_back(random() % 4 == 0 ? static_cast<char>(random()) : likely[random() % likely.size()]);
    source::chunk c;
    c.schemas = schemas;
    std::string json;
    auto& keys = *all.at(static_cast<std::size_t>(i) % all.size());
    const auto key = with_id(i % 3 == 1 ? '\2' : '\1', body);
    if (keys.decode(c, key, json)) {
      ++good;
      INFO(data::excerpt(json));
      REQUIRE((data::is_utf8(json) && expression::is_json(json)));
    } else {
      REQUIRE_THAT(keys.why(), StartsWith("the key cannot be decoded: "));
    }
  }
  CHECK(good > 100);
}

TEST_CASE("A schema of another kind is one that cannot be read") {
  const auto schemas = schemas_of({{1, id_record}, {2, proto}});
  CHECK_THAT(one(*make_avro_keys(prefix_form::confluent), schemas, with_id(2, "\0"s)),
             StartsWith("the key cannot be decoded: the schema with the id 2 cannot be read as Avro"));
  CHECK_THAT(one(*make_protobuf_keys(prefix_form::confluent), schemas, with_id(1, "\0"s)),
             StartsWith("the key cannot be decoded: the schema with the id 1"));
}

TEST_CASE("Keys of records that were written down are JSON") {
  const auto keys = make_avro_keys(prefix_form::confluent);
  CHECK(one(*keys, nullptr, R"({"id":1})") == R"({"id":1})");
  CHECK_THAT(one(*keys, nullptr, "k"), Contains("not a JSON value, as keys of tests are"));
}

TEST_CASE("A row has the key of its record, a tombstone's too; where nobody uses _key, none is decoded") {
  parser_options o;
  o.schema = std::make_shared<data::schema>(data::schema({{"_key", data::type_id::json}}));
  o.used = {true};
  o.on_null = data::valueless::row;
  o.keys = make_avro_keys(prefix_form::confluent);
  auto c = test::chunk_of({"a", "b", "c", "d"}, false);
  c.lengths[1] = source::no_value;
  c.keys = {with_id(1, avro_long(1)), with_id(1, avro_long(2)), std::nullopt, "bad"};
  c.schemas = schemas_of({{1, id_record}});
  const auto play = [&] {
    row_builder rows(o);
    std::vector<std::string> out;
    for (std::size_t i = 0; i < c.records(); ++i)
      out.push_back((rows.is_row_of_nulls(c, i) ? rows.accept_nulls(c, i) : rows.accept(c, i, std::nullopt))
                        ? ""
                        : rows.why());
    const auto made = rows.finish();
    std::size_t row = 0;
    for (auto& text : out)
      if (text.empty()) {
        const auto* const column = made.rows.columns[0].get();
        if (column == nullptr)
          text = "-";
        else
          data::append_json_value(text, *column, row);
        ++row;
      }
    return out;
  };
  const auto out = play();
  CHECK(out[0] == R"({"id":1})");
  CHECK(out[1] == R"({"id":2})");
  CHECK(out[2] == "null");
  CHECK_THAT(out[3], StartsWith("the key cannot be decoded: "));
  o.used = {false};
  CHECK(play() == std::vector<std::string>{"-", "-", "-", "-"});
}

}  // namespace millrace::parser
