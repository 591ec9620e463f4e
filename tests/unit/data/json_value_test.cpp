#include "runtime/data/json_value.hpp"

#include <boost/json.hpp>
#include <catch2/catch.hpp>

#include <limits>

using namespace millrace;

TEST_CASE("numbers are written in their shortest usual form") {
  for (const auto& [value, text] : std::vector<std::pair<double, std::string>>{{0.0, "0"},
                                                                               {-0.5, "-0.5"},
                                                                               {1.0, "1"},
                                                                               {2.5, "2.5"},
                                                                               {0.1, "0.1"},
                                                                               {1234.0, "1234"},
                                                                               {1e300, "1e+300"}})
    CHECK(data::json_text(value) == text);
  CHECK(data::json_text(std::uint64_t{18'446'744'073'709'551'615U}) == "18446744073709551615");
  CHECK(data::json_text(std::int64_t{-7}) == "-7");
  CHECK(data::json_text(std::numeric_limits<double>::infinity()) == "\"Infinity\"");
}

TEST_CASE("a document reads back as what was written") {
  const auto v = boost::json::parse(
      R"({"a":[1,2.5,"x\n\"y\"\u0001"],"b":{},"c":[],"d":null,"e":true,"f":false,"größer":{"0":[[]]}})");
  CHECK(boost::json::parse(data::json_text(v)) == v);
  CHECK(data::json_text(v) ==
        R"({"a":[1,2.5,"x\n\"y\"\u0001"],"b":{},"c":[],"d":null,"e":true,"f":false,"größer":{"0":[[]]}})");
}

TEST_CASE("numbers that are read keep their digits") {
  for (const std::string digits : {"1.50", "0.0", "12345678901234567890.5", "18446744073709551616", "1E2",
                                   "-0", "1e999", "1e-05", "7", "-7", "2.5", "18446744073709551615"}) {
    const auto v = data::number_of_digits(digits);
    CHECK(data::json_text(v) == digits);
    const auto text = R"({"a":[)" + digits + R"(],"b":)" + digits + "}";
    const auto read = data::read_json_value(text);
    REQUIRE(read);
    CHECK(data::json_text(*read) == text);
    CHECK(data::read_json_value(digits) == v);
  }
  CHECK(data::number_of_digits("7").is_int64());
  CHECK(data::number_of_digits("0.1").is_double());
  CHECK(data::kept_digits(data::number_of_digits("1.50")) == "1.50");
  CHECK_FALSE(data::kept_digits("1.50"));
  CHECK(data::json_text("\xFF x") == "\"\uFFFD x\"");
}

TEST_CASE("a text that is not JSON, too deep or too large is not read") {
  const std::string document = R"({"a":[1,2.5,"x\n\"y\"\u0001"],"b":{},"c":[],"d":null,"e":true,"f":false})";
  const auto read = data::read_json_value(document + " \n");
  REQUIRE(read);
  CHECK(data::json_text(*read) == document);
  for (const auto* const wrong : {"", " ", "{", "1 2", "{}x", "[1,]", "01", "1.", "\xFF", "\"\xFF\""})
    CHECK_FALSE(data::read_json_value(wrong));
  CHECK(data::read_json_value("[[1]]", {.most_depth = 2}));
  CHECK_FALSE(data::read_json_value("[[[1]]]", {.most_depth = 2}));
  CHECK_FALSE(data::read_json_value("[[],[],[],[]]", {.most_memory = 64}));
}
