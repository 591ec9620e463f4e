#include "actors/connectors/kafka/source/kafka_keys.hpp"

#include <catch2/catch.hpp>

#include <string_view>

using namespace millrace;
using namespace std::string_view_literals;
using source::key_form;
using source::key_text;

TEST_CASE("a bigint key is what Kafka's LongSerializer and IntegerSerializer write") {
  CHECK(key_text(key_form::bigint, "\0\0\0\0\0\0\0\x2A"sv) == "42");
  CHECK(key_text(key_form::bigint, "\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFE"sv) == "-2");
  CHECK(key_text(key_form::bigint, "\x80\0\0\0\0\0\0\0"sv) == "-9223372036854775808");
  CHECK(key_text(key_form::bigint, "\x7F\xFF\xFF\xFF\xFF\xFF\xFF\xFF"sv) == "9223372036854775807");
  CHECK(key_text(key_form::bigint, "\0\0\0\x2A"sv) == "42");
  CHECK(key_text(key_form::bigint, "\xFF\xFF\xFF\xFE"sv) == "-2");
  CHECK(key_text(key_form::bigint, "\x80\0\0\0"sv) == "-2147483648");
}

TEST_CASE("a key of another length is not a number, also where its bytes are digits") {
  CHECK(key_text(key_form::bigint, "") == "0 bytes");
  CHECK(key_text(key_form::bigint, "7") == "1 byte");
  CHECK(key_text(key_form::bigint, "42") == "2 bytes");
  CHECK(key_text(key_form::bigint, "123456789") == "9 bytes");
}

TEST_CASE("keys are kept as they are, or in base64") {
  CHECK(key_text(key_form::text, "a\0\xFF"sv) == "a\0\xFF"sv);
  CHECK(key_text(key_form::bytes, "a\0\xFF"sv) == "YQD/");
  CHECK(key_text(key_form::bytes, "").empty());
}

TEST_CASE("each form has a name, and a type of the column _key") {
  CHECK(source::key_type_of(source::key_form_of("text")) == data::type_id::text);
  CHECK(source::key_type_of(source::key_form_of("bigint")) == data::type_id::bigint);
  CHECK(source::key_type_of(source::key_form_of("bytes")) == data::type_id::text);
  CHECK(source::key_forms() == std::vector<std::string>{"text", "bigint", "bytes"});
}
