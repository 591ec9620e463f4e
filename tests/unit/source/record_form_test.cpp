#include "actors/stream/source/record_form.hpp"

#include <catch2/catch.hpp>

using namespace millrace;
using namespace millrace::source;

namespace {

std::string quoted(std::string_view field, const data::csv_dialect& dialect = {}) {
  std::string out;
  append_csv_field(out, field, dialect);
  return out;
}

}  // namespace

TEST_CASE("the key of a JSON record ends behind so many members, whatever its texts hold") {
  const auto one = form_of_json("gone", 1).length_of_key;
  const auto two = form_of_json("gone", 2).length_of_key;
  CHECK(one(R"({"id":1,"gone":true})") == 7);
  CHECK(two(R"({"a":"x,\",y","b":null,"gone":false,"c":1})") == 22);
  CHECK(one(R"({"a":"\\","gone":true})") == 9);
  CHECK_FALSE(one(R"({"a":1})"));
  CHECK_FALSE(one(""));
  CHECK(form_of_json("go\"ne", 1).is_there == R"(,"go\"ne":false)");
}

TEST_CASE("the key of a csv record ends behind so many fields, quoted or not") {
  const auto of = [](std::string_view record, std::size_t fields, const data::csv_dialect& dialect = {}) {
    return form_of_csv(dialect, fields).length_of_key(record);
  };
  CHECK(of("7,false,a", 1) == 1);
  CHECK(of("7,b,true,", 2) == 3);
  CHECK(of("\"a,\"\"b\",x,false", 1) == 7);
  CHECK(of(",,true", 2) == 1);
  CHECK(of("7;false", 1, {';', std::nullopt}) == 1);
  CHECK_FALSE(of("7", 1));
  CHECK_FALSE(of("7,a", 2));
  CHECK_FALSE(of("\"7,a", 1));
  CHECK(form_of_csv({';', '"'}, 1).is_gone == ";true");
}

TEST_CASE("fields of csv are taken apart and put together again") {
  const data::csv_dialect usual;
  using fields = std::vector<std::string_view>;
  CHECK(csv_fields_of("a,,c", usual) == fields{"a", "", "c"});
  CHECK(csv_fields_of("", usual) == fields{""});
  CHECK(csv_fields_of("a,", usual) == fields{"a", ""});
  CHECK(csv_fields_of("\"a,\nb\",\"c\"\"\"", usual) == fields{"\"a,\nb\"", "\"c\"\"\""});
  CHECK(csv_fields_of("a|\"b|c", {'|', std::nullopt}) == fields{"a", "\"b", "c"});
  for (const auto* const text : {"a", "", "a,b", "\"", "a\"b", "line\nbreak", "\r", " a "}) {
    INFO(text);
    CHECK(csv_text_of(quoted(text), usual) == text);
    CHECK(csv_fields_of(quoted(text) + ",x", usual).size() == 2);
  }
  CHECK(quoted("a") == "a");
  CHECK(csv_text_of("\"a\"", usual) == "a");
  CHECK(csv_text_of("'a'", {',', std::nullopt}) == "'a'");
}

TEST_CASE("numbers that are equal are one key") {
  CHECK(plain_number("1.50") == "1.5");
  CHECK(plain_number("1.000") == "1");
  CHECK(plain_number("-0.10") == "-0.1");
  CHECK(plain_number("100") == "100");
  CHECK(plain_number("1.50e10") == "1.50e10");
  CHECK(plain_number("0") == "0");
}
