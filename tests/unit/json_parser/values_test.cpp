#include "runtime/expression/formats/calendar.hpp"
#include "tests/unit/json_parser/parser_fixture.hpp"

using namespace millrace;
using namespace millrace::parser;
using Catch::Matchers::Contains;
using Catch::Matchers::EndsWith;
using Catch::Matchers::StartsWith;
using data::type_id;

namespace {

std::string as(data::type type, const std::string& json) {
  return value_of("{\"v\":" + json + "}", {"v", type});
}
std::string as_time(format_kind kind, const std::string& json, std::string pattern = {},
                    bool trailing = false) {
  return value_of("{\"v\":" + json + "}", {"v", type_id::timestamp, {kind, std::move(pattern), trailing}});
}

}  // namespace

TEST_CASE("text takes strings, numbers with their digits kept, and booleans") {
  CHECK(as(type_id::text, R"("abc")") == R"("abc")");
  CHECK(as(type_id::text, R"("")") == R"("")");
  CHECK(as(type_id::text, "1.10") == R"("1.10")");
  CHECK(as(type_id::text, "-83") == R"("-83")");
  CHECK(as(type_id::text, "1541016707796.0") == R"("1541016707796.0")");
  CHECK(as(type_id::text, "1E+999") == R"("1E+999")");
  CHECK(as(type_id::text, " true ") == R"("true")");
  CHECK(as(type_id::text, "false") == R"("false")");
  CHECK(as(type_id::text, "null") == "null");
  CHECK_THAT(as(type_id::text, R"({"a":1})"),
             StartsWith(R"(dead: column "v": found an object, expected text; declare it json)"));
  CHECK_THAT(as(type_id::text, "[1]"), StartsWith(R"(dead: column "v": found a list)"));
}

TEST_CASE("escapes in strings are replaced") {
  CHECK(as(type_id::text, R"("a\"b\\c\/d\b\f\n\r\t")") == "\"a\\\"b\\\\c/d\\u0008\\u000c\\n\\r\\t\"");
  CHECK(as(type_id::text, R"("\u00e9\u20AC\ud83d\ude00")") == "\"\u00e9\u20ac\U0001f600\"");
  CHECK(as(type_id::text, "\"\u00e9\"") == "\"\u00e9\"");
}

TEST_CASE("no text holds NUL; json does, as it is written") {
  for (const std::string bad : {R"("x\u0000y")", R"("\u0000")", R"("\\\u0000")", R"("\n\u0000")"}) {
    INFO(bad);
    CHECK(as(type_id::text, bad) == "dead: column \"v\": found the string " + bad +
                                        ", expected text, which holds no NUL (\\u0000); declare it json");
    CHECK_THAT(as(data::type::list_of(type_id::text), "[\"a\"," + bad + "]"),
               StartsWith("dead: column \"v[1]\": "));
    CHECK(as(type_id::json, bad) == bad);
    CHECK(value_of("{\"v\":\"x\",\"unknown\":" + bad + "}", {"v", type_id::text}) == "\"x\"");
  }
  CHECK(as(type_id::text, R"("\\u0000")") == R"("\\u0000")");  // a backslash, and letters
  CHECK(as(type_id::text, R"("\u0001")") == R"("\u0001")");
}

TEST_CASE("invalid escapes and lone surrogates are dead letters, in any string of the record") {
  for (const std::string bad : {R"("\ud800")", R"("\udc00")", R"("\ud800\u0041")", R"("\ud800x")",
                                R"("\ude00\ud83d")", R"("\x")", R"("\u12")", R"("\u12g4")", R"("\U0041")"}) {
    INFO(bad);
    CHECK_THAT(as(type_id::text, bad), StartsWith("dead: not JSON at byte"));
    CHECK_THAT(value_of("{\"unknown\":" + bad + ",\"v\":\"x\"}", {"v", type_id::text}),
               StartsWith("dead: not JSON"));
    CHECK_THAT(value_of("{\"unknown\":[{\"a\":" + bad + "}],\"v\":\"x\"}", {"v", type_id::text}),
               StartsWith("dead: not JSON"));
    CHECK_THAT(value_of("{" + bad + ":1,\"v\":\"x\"}", {"v", type_id::text}), StartsWith("dead: not JSON"));
  }
}

TEST_CASE("bigint takes any integral number") {
  CHECK(as(type_id::bigint, "0") == "0");
  CHECK(as(type_id::bigint, "-0") == "0");
  CHECK(as(type_id::bigint, "-0.0e5") == "0");
  CHECK(as(type_id::bigint, "1541016707796.0") == "1541016707796");
  CHECK(as(type_id::bigint, "1e3") == "1000");
  CHECK(as(type_id::bigint, "1.5E1") == "15");
  CHECK(as(type_id::bigint, "-1.500e+2") == "-150");
  CHECK(as(type_id::bigint, "1000e-3") == "1");
  CHECK(as(type_id::bigint, "1000000000000000000000e-20") == "10");
  CHECK(as(type_id::bigint, "0e999999999999999999999") == "0");
  CHECK(as(type_id::bigint, "9223372036854775807") == "9223372036854775807");
  CHECK(as(type_id::bigint, "-9223372036854775808") == "-9223372036854775808");
  CHECK(as(type_id::bigint, "9223372036854775807.000") == "9223372036854775807");
  CHECK(as(type_id::bigint, "0.00000000000000000001e20") == "1");
  CHECK(as(type_id::bigint, "null") == "null");
}

TEST_CASE("fractions and numbers beyond its range are no bigint") {
  CHECK(as(type_id::bigint, "1.5") ==
        R"(dead: column "v": found the number 1.5, expected bigint, a number without )"
        "a fraction; declare it double, or text");
  CHECK_THAT(as(type_id::bigint, "1e-1"), Contains("without a fraction"));
  CHECK_THAT(as(type_id::bigint, "1e-999999999999"), Contains("without a fraction"));
  for (const std::string beyond :
       {"9223372036854775808", "-9223372036854775809", "1e19", "1e999999999999999999999",
        "18446744073709551616", "18446744073709551617", "99999999999999999999999999"}) {
    INFO(beyond);
    CHECK(as(type_id::bigint, beyond) == "dead: column \"v\": the number " + beyond +
                                             " is beyond the range of bigint; declare it text or double");
  }
}

TEST_CASE("double takes any number within its range") {
  CHECK(as(type_id::float64, "1") == "1");
  CHECK(as(type_id::float64, "-0.1") == "-0.1");
  CHECK(as(type_id::float64, "1e308") == "1e+308");
  CHECK(as(type_id::float64, "5e-324") == "5e-324");
  CHECK(as(type_id::float64, "0e-999") == "0");
  CHECK(as(type_id::float64, "9007199254740993") == "9007199254740992");
  CHECK_THAT(as(type_id::float64, "1e309"), Contains("beyond the range of double; declare it text"));
  CHECK_THAT(as(type_id::float64, "-1e309"), Contains("beyond the range of double"));
  CHECK_THAT(as(type_id::float64, "1e-400"), Contains("beyond the range of double"));
  CHECK(as(type_id::float64, R"("1.5")") ==
        R"(dead: column "v": found the string "1.5", expected double; declare it text and cast it)");
}

TEST_CASE("numeric keeps the digits as they are written, never by way of a double") {
  const auto numeric = [](const std::string& json) { return as(type_id::numeric, json); };
  for (const std::string kept :
       {"0", "1.50", "-1.50", "0.1", "0.00", "123456789012345678", "1234567890123456789",
        "12345678901234567890", "0.30000000000000004", "99999999999999999999999999999999999999",
        "-0.99999999999999999999999999999999999999", "9007199254740993.1", "null"})
    CHECK(numeric(kept) == kept);
  CHECK(numeric("-0") == "0");
  CHECK(numeric("-0.00") == "0.00");
  CHECK(numeric("1.5e-3") == "0.0015");
  CHECK(numeric("1e3") == "1000");
  CHECK(numeric("1.50E+1") == "15.0");
  CHECK(numeric("1e37") == "1" + std::string(37, '0'));
  CHECK(numeric("1e-38") == "0." + std::string(37, '0') + "1");
  const std::string nines(39, '9');
  for (const auto& beyond : {nines, "-" + nines, std::string("1e38"), std::string("1e-39"),
                             std::string("1e999999999999999999999"), "0." + nines})
    CHECK(numeric(beyond) ==
          "dead: column \"v\": found the number " + beyond +
              ", expected numeric, a number of at most 38 digits; declare it double, or text");
  CHECK(numeric(R"("1.5")") ==
        R"(dead: column "v": found the string "1.5", expected numeric; declare it text and cast it)");
  CHECK(numeric("true") == R"(dead: column "v": found the boolean true, expected numeric)");
}

TEST_CASE("numeric(p,s) takes what fits it, and no digit is lost") {
  const auto in = [](int precision, int scale, const std::string& json) {
    return as(data::type::numeric_of(precision, scale), json);
  };
  for (const std::string number : {"12.5", "12.50", "12.500", "1250e-2", "0.125e2"})
    CHECK(in(10, 2, number) == "12.50");
  CHECK(in(10, 2, "12.5" + std::string(60, '0')) == "12.50");
  CHECK(in(10, 2, "0") == "0.00");
  CHECK(in(10, 2, "-0") == "0.00");
  CHECK(in(10, 2, "0e999999999999") == "0.00");
  CHECK(in(10, 2, "null") == "null");
  CHECK(in(10, 2, "-99999999.99") == "-99999999.99");
  CHECK(in(10, 0, "1e9") == "1000000000");
  CHECK(in(2, 2, "-0.99") == "-0.99");
  CHECK(in(38, 0, std::string(38, '9')) == std::string(38, '9'));
  CHECK(in(38, 38, "0." + std::string(38, '9')) == "0." + std::string(38, '9'));
  CHECK(in(38, 37, "9") == "9." + std::string(37, '0'));
  const auto dead = [](const std::string& number, const std::string& expected) {
    return "dead: column \"v\": found the number " + number + ", expected " + expected +
           "; declare it numeric";
  };
  for (const std::string number : {"1.005", "0.001", "-1e-3", "123456789.001"})
    CHECK(in(10, 2, number) ==
          dead(number, "numeric(10,2), a number with at most 2 digits behind the point"));
  for (const std::string number : {"100000000", "-123456789.5", "1e8"})
    CHECK(in(10, 2, number) ==
          dead(number, "numeric(10,2), a number with at most 8 digits in front of the point"));
  CHECK(in(10, 0, "1.5") == dead("1.5", "numeric(10,0), a number without a fraction"));
  CHECK(in(4, 1, "1.55") == dead("1.55", "numeric(4,1), a number with at most 1 digit behind the point"));
  CHECK(in(3, 2, "10") == dead("10", "numeric(3,2), a number with at most 1 digit in front of the point"));
  CHECK(in(2, 2, "1") == dead("1", "numeric(2,2), a number between -1 and 1"));
  CHECK(in(38, 37, "10") ==
        dead("10", "numeric(38,37), a number with at most 1 digit in front of the point"));
  for (const std::string number :
       {"1e40", "1e-40", "1e999999999999", "1e-999999999999", "0.000000000000000000000000000000000000001"})
    CHECK_THAT(in(10, 2, number), EndsWith(" the point; declare it double, or text"));
  CHECK(in(10, 2, R"("1.5")") ==
        R"(dead: column "v": found the string "1.5", expected numeric(10,2); declare it text and cast it)");
}

TEST_CASE("numerics stand in lists and objects") {
  const auto money = data::type::numeric_of(10, 2);
  CHECK(as(data::type::list_of(money), "[1, null, 2.5]") == "[1.00,null,2.50]");
  CHECK(as(data::type::object_of({{"net", money}, {"any", type_id::numeric}}), R"({"any":1.500,"net":2})") ==
        R"({"net":2.00,"any":1.500})");
  CHECK_THAT(as(data::type::list_of(data::type::object_of({{"net", money}})), R"([{"net":1},{"net":1.005}])"),
             StartsWith(R"(dead: column "v[1].net": found the number 1.005, expected numeric(10,2))"));
}

TEST_CASE("boolean takes only booleans") {
  CHECK(as(type_id::boolean, "true") == "true");
  CHECK(as(type_id::boolean, "false") == "false");
  CHECK(as(type_id::boolean, "null") == "null");
  for (const std::string bad : {"1", "0", R"("true")", "[]", "{}"})
    CHECK_THAT(as(type_id::boolean, bad), StartsWith(R"(dead: column "v": found )"));
}

TEST_CASE("a string is not a number, and the error says the remedy") {
  CHECK(as(type_id::bigint, R"("83")") ==
        R"(dead: column "v": found the string "83", expected bigint; declare it text and cast it)");
  CHECK(as(type_id::bigint, "true") == R"(dead: column "v": found the boolean true, expected bigint)");
}

TEST_CASE("long values are cut between characters in errors") {
  std::string text;
  for (int i = 0; i < 100; ++i)
    text += "\u20ac";
  const auto error = as(type_id::bigint, '"' + text + '"');
  CHECK_THAT(error, Contains("\u20ac...,"));
  CHECK(error.size() < 200);
}

TEST_CASE("json keeps the raw text of the value") {
  CHECK(as(type_id::json, R"({ "a" : [1, 2.50 ,"x\u0041"] })") == R"({ "a" : [1, 2.50 ,"x\u0041"] })");
  CHECK(as(type_id::json, " 1.10 ") == "1.10");
  CHECK(as(type_id::json, R"("s")") == R"("s")");
  CHECK(as(type_id::json, "[ ]") == "[ ]");
  CHECK(as(type_id::json, "null") == "null");
}

TEST_CASE("ISO timestamps come from strings only") {
  CHECK(as_time(format_kind::iso, R"("2021-04-24 19:55:00.796+0000")") == R"("2021-04-24T19:55:00.796Z")");
  CHECK(as_time(format_kind::iso, R"("2021-04-24T21:55:00+02:00")") == R"("2021-04-24T19:55:00Z")");
  CHECK(as_time(format_kind::iso, R"("2021\u002d04-24")") == R"("2021-04-24T00:00:00Z")");
  CHECK(as_time(format_kind::iso, R"("0001-01-01")") == R"("0001-01-01T00:00:00Z")");
  CHECK(as_time(format_kind::iso, R"("9999-12-31T23:59:59.999999Z")") == R"("9999-12-31T23:59:59.999999Z")");
  CHECK(as_time(format_kind::iso, "null") == "null");
  CHECK_THAT(as_time(format_kind::iso, R"("9999-12-31T23:59:59.999999-01")"),
             Contains("outside of the years 1 to 9999"));
  CHECK_THAT(as_time(format_kind::iso, R"("0001-01-01T00:00:00+01")"),
             Contains("outside of the years 1 to 9999"));
  CHECK_THAT(as_time(format_kind::iso, R"("2021-02-29")"), Contains("expected a timestamp such as"));
  CHECK_THAT(as_time(format_kind::iso, R"("")"), Contains("expected a timestamp such as"));
  CHECK_THAT(as_time(format_kind::iso, "1619294100"), Contains("say \"format\": \"epoch_s\""));
}

TEST_CASE("strptime timestamps read a prefix where what trails is ignored") {
  const std::string pattern = "%Y-%m-%d %H:%M:%S";
  CHECK(as_time(format_kind::strptime, R"("2021-04-24 19:55:00.796+0000")", pattern, true) ==
        R"("2021-04-24T19:55:00Z")");
  CHECK(as_time(format_kind::strptime, R"("2021-04-24 19:55:00")", pattern) == R"("2021-04-24T19:55:00Z")");
  CHECK_THAT(as_time(format_kind::strptime, R"("2021-04-24 19:55:00.796+0000")", pattern),
             Contains("nothing after it"));
  CHECK_THAT(as_time(format_kind::strptime, R"("24.04.2021")", pattern, true),
             Contains("of the format \"%Y-%m-%d"));
  CHECK_THAT(as_time(format_kind::strptime, "2021", pattern, true), Contains("a timestamp as text"));
}

TEST_CASE("a text that says another moment is not read over where what trails is ignored") {
  CHECK_THAT(as_time(format_kind::strptime, R"("2021-04-24 19:55:00+0200")", "%Y-%m-%d %H:%M:%S", true),
             Contains("no AM, PM or zone after it that the format does not read"));
}

TEST_CASE("blanks around a timestamp do not count") {
  CHECK(as_time(format_kind::iso, R"(" 2021-04-24 19:55:00 ")") == R"("2021-04-24T19:55:00Z")");
  CHECK(as_time(format_kind::iso, R"("2021-04-24 19:55:00\t")") == R"("2021-04-24T19:55:00Z")");
  CHECK(as_time(format_kind::strptime, R"(" 2021-04-24 ")", "%Y-%m-%d") == R"("2021-04-24T00:00:00Z")");
}

TEST_CASE("epoch timestamps come from numbers, integral or fractional, rounded to microseconds") {
  CHECK(as_time(format_kind::epoch_ms, "1541016707796.0") == R"("2018-10-31T20:11:47.796Z")");
  CHECK(as_time(format_kind::epoch_s, "1541016707.796") == R"("2018-10-31T20:11:47.796Z")");
  CHECK(as_time(format_kind::epoch_s, "1.541016707796E9") == R"("2018-10-31T20:11:47.796Z")");
  CHECK(as_time(format_kind::epoch_us, "1541016707796001") == R"("2018-10-31T20:11:47.796001Z")");
  CHECK(as_time(format_kind::epoch_s, "0.0000005") == R"("1970-01-01T00:00:00.000001Z")");
  CHECK(as_time(format_kind::epoch_s, "0.00000049") == R"("1970-01-01T00:00:00Z")");
  CHECK(as_time(format_kind::epoch_s, "-0.5") == R"("1969-12-31T23:59:59.5Z")");
  CHECK(as_time(format_kind::epoch_s, "1e-999999999") == R"("1970-01-01T00:00:00Z")");
  CHECK(as_time(format_kind::epoch_s, "253402300799.999999") == R"("9999-12-31T23:59:59.999999Z")");
  CHECK(as_time(format_kind::epoch_s, "-62135596800") == R"("0001-01-01T00:00:00Z")");
  for (const std::string beyond :
       {"253402300800", "-62135596800.000001", "1541016707796000", "1e300", "-1e18"})
    CHECK_THAT(as_time(format_kind::epoch_s, beyond), Contains("outside of the years 1 to 9999"));
}

TEST_CASE("epoch timestamps come from numbers in quotes, too, as numbers do") {
  CHECK(as_time(format_kind::epoch_ms, R"("1619294100796")") == R"("2021-04-24T19:55:00.796Z")");
  CHECK(as_time(format_kind::epoch_ms, R"(" 1619294100796.0\t")") == R"("2021-04-24T19:55:00.796Z")");
  CHECK(as_time(format_kind::epoch_s, R"("1619294100.796")") == R"("2021-04-24T19:55:00.796Z")");
  CHECK(as_time(format_kind::epoch_s, R"("1.619294100796E9")") == R"("2021-04-24T19:55:00.796Z")");
  CHECK(as_time(format_kind::epoch_us, R"("1619294100796001")") == R"("2021-04-24T19:55:00.796001Z")");
  CHECK(as_time(format_kind::epoch_s, R"("-0.5")") == R"("1969-12-31T23:59:59.5Z")");
  CHECK(as_time(format_kind::epoch_s, R"("\u0031")") == R"("1970-01-01T00:00:01Z")");
  for (const std::string bad :
       {R"("")", R"(" ")", R"("-")", R"("+1")", R"("007")", R"("1 2")", R"("1e")", R"("0x1")", R"("soon")",
        R"("2021-04-24")", R"("1619294100796Z")", R"("NaN")", R"("1,5")", "true", "[1]", R"({"s":1})"}) {
    INFO(bad);
    CHECK_THAT(as_time(format_kind::epoch_ms, bad), Contains("a number of milliseconds since 1970"));
  }
  for (const std::string beyond : {R"("253402300800")", R"("1541016707796000")", R"("-1e300")"})
    CHECK_THAT(as_time(format_kind::epoch_s, beyond), Contains("outside of the years 1 to 9999"));
}

TEST_CASE("text without a zone shows the clocks of the column's zone") {
  const auto in_paris = [](const std::string& text, std::string pattern = {}, bool trailing_ignored = false) {
    const auto kind = pattern.empty() ? format_kind::iso : format_kind::strptime;
    return value_of("{\"v\":" + text + "}",
                    {"v",
                     type_id::timestamp,
                     {kind, std::move(pattern), trailing_ignored, expression::find_zone("Europe/Paris")}});
  };
  const std::string pattern = "%Y-%m-%d %H:%M:%S";
  CHECK(in_paris(R"("2021-03-28 02:30:00")") == R"("2021-03-28T01:30:00Z")");
  CHECK(in_paris(R"("2021-10-31 02:30:00")") == R"("2021-10-31T01:30:00Z")");
  CHECK(in_paris(R"("2021-10-31T02:30:00+02:00")") == R"("2021-10-31T00:30:00Z")");
  CHECK(in_paris(R"("2021-10-31 02:30:00")", pattern) == R"("2021-10-31T01:30:00Z")");
  CHECK(in_paris(R"("2021-07-01 14:00:00 CEST")", pattern, true) == R"("2021-07-01T12:00:00Z")");
  CHECK_THAT(in_paris(R"("2021-07-01 14:00:00 UTC")", pattern, true),
             Contains("no AM, PM or zone after it but the column's"));
}

TEST_CASE(
    "dates come from strings, whatever time of day and zone follows, by a pattern, or from whole days") {
  const auto as_date = [](const std::string& json, format_kind kind = format_kind::iso,
                          std::string pattern = {}, bool trailing = false) {
    return value_of("{\"v\":" + json + "}", {"v", type_id::date, {kind, std::move(pattern), trailing}});
  };
  CHECK(as_date(R"("2021-04-24")") == R"("2021-04-24")");
  CHECK(as_date(R"(" 24 Apr 2021 ")") == R"("2021-04-24")");
  CHECK(as_date(R"("2021-04-24T23:59:59.999-08:00")") == R"("2021-04-24")");
  CHECK(as_date("null") == "null");
  CHECK_THAT(as_date(R"("2021-02-29")"),
             StartsWith(R"(dead: column "v": found the string "2021-02-29", expected a date such as)"));
  CHECK_THAT(as_date("18741"), EndsWith("say \"format\": \"epoch_d\""));
  CHECK_THAT(as_date("[]"), StartsWith(R"(dead: column "v": found a list, expected a date such as)"));
  CHECK_THAT(as_date(R"("0044-03-15 BC")"), EndsWith("lies outside of the years 1 to 9999"));
  CHECK_THAT(as_date(R"("10000-01-01")"), EndsWith("lies outside of the years 1 to 9999"));
  CHECK(as_date(R"("24.04.2021")", format_kind::strptime, "%d.%m.%Y") == R"("2021-04-24")");
  CHECK(as_date(R"("24.04.2021 19:55")", format_kind::strptime, "%d.%m.%Y", true) == R"("2021-04-24")");
  CHECK_THAT(as_date(R"("24/04/2021")", format_kind::strptime, "%d.%m.%Y"),
             EndsWith("expected a date of the format \"%d.%m.%Y\" and nothing after it (\"trailing\": "
                      "\"ignore\" allows that)"));
  CHECK(as_date("18741", format_kind::epoch_d) == R"("2021-04-24")");
  CHECK(as_date(R"("18741")", format_kind::epoch_d) == R"("2021-04-24")");
  CHECK(as_date("-1.0", format_kind::epoch_d) == R"("1969-12-31")");
  CHECK(as_date("-719162", format_kind::epoch_d) == R"("0001-01-01")");
  CHECK(as_date("2932896", format_kind::epoch_d) == R"("9999-12-31")");
  CHECK_THAT(as_date("2932897", format_kind::epoch_d), EndsWith("lies outside of the years 1 to 9999"));
  CHECK_THAT(as_date("1e300", format_kind::epoch_d), EndsWith("lies outside of the years 1 to 9999"));
  CHECK_THAT(as_date("1.5", format_kind::epoch_d),
             EndsWith("expected a date as a whole number of days since 1970"));
  CHECK_THAT(as_date("true", format_kind::epoch_d),
             EndsWith("expected a date as a whole number of days since 1970"));
}

TEST_CASE("nested objects fill nested columns") {
  const auto venue = data::type::object_of(
      {{"name", type_id::text},
       {"at", data::type::object_of({{"lat", type_id::float64}, {"lon", type_id::float64}})},
       {"since", type_id::timestamp}});
  CHECK(as(venue, R"({"at":{"lon":2,"x":[{}],"lat":1.5},"name":"n\n","since":"2021-04-24"})") ==
        R"({"name":"n\n","at":{"lat":1.5,"lon":2},"since":"2021-04-24T00:00:00Z"})");
  CHECK(as(venue, "{}") == R"({"name":null,"at":null,"since":null})");
  CHECK(as(venue, "null") == "null");
  CHECK(as(venue, R"({"name":"a","n\u0061me":"b","at":{"lat":1},"at":null})") ==
        R"({"name":"b","at":null,"since":null})");
  CHECK_THAT(as(venue, R"({"at":{"lat":"1"}})"),
             StartsWith(R"(dead: column "v.at.lat": found the string "1", expected double)"));
  CHECK_THAT(as(venue, "[]"), Contains("expected an object {name text"));
}

TEST_CASE("lists fill list columns") {
  const auto list = data::type::list_of(type_id::bigint);
  CHECK(as(list, "[1,2.0,null]") == "[1,2,null]");
  CHECK(as(list, "[ ]") == "[]");
  CHECK(as(list, "null") == "null");
  CHECK_THAT(as(list, R"([1,"2"])"), StartsWith(R"(dead: column "v[1]": found the string "2")"));
  CHECK_THAT(as(list, "1"), Contains("expected a list [bigint]"));
  const auto nested =
      data::type::list_of(data::type::object_of({{"tags", data::type::list_of(type_id::text)}}));
  CHECK(as(nested, R"([{"tags":["a",true]},null,{},{"tags":[]}])") ==
        R"([{"tags":["a","true"]},null,{"tags":null},{"tags":[]}])");
}
