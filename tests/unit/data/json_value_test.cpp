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
