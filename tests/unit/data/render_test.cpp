#include "runtime/data/render.hpp"
#include "tests/unit/data/data_fixture.hpp"

#include <catch2/catch.hpp>

#include <charconv>
#include <functional>

using namespace millrace;
using namespace millrace::data;

namespace {

batch one_row(std::vector<field> fields, const std::function<void(std::vector<column_builder>&)>& fill) {
  std::vector<column_builder> builders;
  for (const auto& f : fields)
    builders.emplace_back(f.type);
  fill(builders);
  batch b{std::make_shared<schema>(std::move(fields)), {}, 1};
  for (auto& x : builders)
    b.columns.push_back(x.finish());
  return b;
}

std::string json_string(std::string_view text) {
  std::string out;
  append_json_string(out, text);
  return out;
}

std::string number(double v) {
  std::string out;
  append_double(out, v);
  return out;
}

}  // namespace

TEST_CASE("a JSON string is valid UTF-8 whatever the text is") {
  CHECK(json_string("gr\xC3\xB6\xC3\x9F\n") == "\"gr\xC3\xB6\xC3\x9F\\n\"");
  CHECK(json_string("\"\xFF\x01\xC3") == "\"\\\"\xEF\xBF\xBD\\u0001\xEF\xBF\xBD\"");
}

TEST_CASE("JSON strings escape what they must and nothing else") {
  CHECK(json_string("") == R"("")");
  CHECK(json_string("a\"b\\c/d") == R"("a\"b\\c/d")");
  CHECK(json_string(std::string_view("\0\x01\n\r\t\x1f\x7f", 7)) == "\"\\u0000\\u0001\\n\\r\\t\\u001f\x7f\"");
  CHECK(json_string("\u00e9\u20ac") == "\"\u00e9\u20ac\"");
}

TEST_CASE("doubles are written in their shortest form that reads back the same") {
  CHECK(number(1) == "1");
  CHECK(number(0.1) == "0.1");
  CHECK(number(-0.0) == "-0");
  CHECK(number(1e21) == "1e+21");
  CHECK(number(NAN) == "NaN");
  CHECK(number(INFINITY) == "Infinity");
  CHECK(number(-INFINITY) == "-Infinity");
  random_columns random(1);
  for (int i = 0; i < 2000; ++i) {
    const auto v = random.real();
    if (!std::isfinite(v))
      continue;
    const auto text = number(v);
    double back = 0;
    std::from_chars(text.data(), text.data() + text.size(), back);
    REQUIRE(back == v);
  }
}

TEST_CASE("a row as JSON has the columns in their order, and nulls") {
  const auto b = one_row({{"ti\"me", type_id::timestamp},
                          {"n", type_id::bigint},
                          {"d", type_id::float64},
                          {"no", type_id::text},
                          {"raw", type_id::json},
                          {"ok", type_id::boolean},
                          {"inf", type_id::float64}},
                         [](auto& c) {
                           c[0].append_int(1'619'294'100'796'000);
                           c[1].append_int(-7);
                           c[2].append_double(1.5);
                           c[3].append_null();
                           c[4].append_text(R"({ "a":1})");
                           c[5].append_boolean(false);
                           c[6].append_double(INFINITY);
                         });
  std::string out;
  append_json_row(out, b, 0);
  CHECK(
      out ==
      R"({"ti\"me":"2021-04-24T19:55:00.796Z","n":-7,"d":1.5,"no":null,"raw":{ "a":1},"ok":false,"inf":"Infinity"})");
}

TEST_CASE("a numeric is written with all digits of its scale, in JSON as a number") {
  std::string nines(38, '9');
  decimal greatest;
  REQUIRE(read_decimal(nines, greatest) == decimal_reading::ok);
  const auto b = one_row({{"price", type::numeric_of(10, 2)},
                          {"least", type_id::numeric},
                          {"greatest", type_id::numeric},
                          {"zero", type_id::numeric},
                          {"none", type_id::numeric},
                          {"list", type::list_of(type::numeric_of(4, 1))}},
                         [&](auto& c) {
                           c[0].append_decimal({-150, 2});
                           c[1].append_decimal({1, 38});
                           c[2].append_decimal(greatest);
                           c[3].append_decimal({0, 3});
                           c[4].append_null();
                           c[5].child(0).append_decimal({10, 1});
                           c[5].child(0).append_null();
                           c[5].append_list();
                         });
  const auto least = "0." + std::string(37, '0') + "1";
  std::string out;
  append_json_row(out, b, 0);
  CHECK(out == R"({"price":-1.50,"least":)" + least + R"(,"greatest":)" + nines +
                   R"(,"zero":0.000,"none":null,"list":[1.0,null]})");
  out.clear();
  append_csv_row(out, b, 0);
  CHECK(out == "-1.50," + least + "," + nines + ",0.000,,\"[1.0,null]\"");
}

TEST_CASE("CSV quotes what needs it and tells null from the empty text") {
  const auto b = one_row({{"a,b", type_id::text},
                          {"null", type_id::text},
                          {"empty", type_id::text},
                          {"quote", type_id::text},
                          {"lines", type_id::text},
                          {"list", type::list_of(type_id::bigint)},
                          {"t", type_id::timestamp}},
                         [](auto& c) {
                           c[0].append_text("plain");
                           c[1].append_null();
                           c[2].append_text("");
                           c[3].append_text("say \"hi\"");
                           c[4].append_text("a\nb");
                           c[5].child(0).append_int(1);
                           c[5].child(0).append_int(2);
                           c[5].append_list();
                           c[6].append_int(0);
                         });
  std::string out;
  append_csv_header(out, *b.schema);
  CHECK(out == R"("a,b",null,empty,quote,lines,list,t)");
  out.clear();
  append_csv_row(out, b, 0);
  CHECK(out == "plain,,\"\",\"say \"\"hi\"\"\",\"a\nb\",\"[1,2]\",1970-01-01T00:00:00Z");
}

TEST_CASE("the bare text of a value has no quotes, and a null none at all") {
  const auto b =
      one_row({{"t", type_id::text}, {"n", type_id::bigint}, {"o", type::object_of({{"x", type_id::text}})}},
              [](auto& c) {
                c[0].append_text("a\"b");
                c[1].append_null();
                c[2].child(0).append_text("y");
                c[2].append_object();
              });
  std::string out;
  for (const auto& c : b.columns) {
    append_text_value(out, *c, 0);
    out += '|';
  }
  CHECK(out == R"(a"b||{"x":"y"}|)");
}
