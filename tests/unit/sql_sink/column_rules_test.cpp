// Tests which column holds which of our values, as a table: by type, and then value by value.
#include "actors/connectors/sql/sink/column_rules.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <initializer_list>

using namespace millrace;
using namespace millrace::sink::sql;
using data::type_id;

namespace {

constexpr std::initializer_list<family> all_families{
    family::text,       family::varying, family::stripped,  family::cut,       family::integer,
    family::decimal,    family::real,    family::boolean,   family::timestamp, family::date,
    family::moment,     family::time,    family::uuid,      family::label,     family::json,
    family::json_value, family::any,     family::generated, family::other};

/// Checks that of all families but those of texts and `any`, which take everything, the type goes into these alone.
void check_taken(type_id type, std::initializer_list<family> into) {
  for (const auto f : all_families) {
    const bool everything = keeps_texts(f) || f == family::any;
    INFO("type " << static_cast<int>(type) << ", family " << static_cast<int>(f));
    CHECK(takes(f, type) == (everything || std::find(into.begin(), into.end(), f) != into.end()));
  }
}

decimal decimal_of_text(std::string_view text) {
  decimal out;
  REQUIRE(read_decimal(text, out) == decimal_reading::ok);
  return out;
}

/// Checks which numerics a column holds, and which it would change.
void check_numerics(const table_column& into, std::initializer_list<std::string_view> held,
                    std::initializer_list<std::string_view> changed) {
  for (const auto text : held) {
    INFO(into.declared << " and " << text);
    CHECK_FALSE(change_of(decimal_of_text(text), into));
  }
  for (const auto text : changed) {
    INFO(into.declared << " and " << text);
    CHECK(change_of(decimal_of_text(text), into));
  }
}

/// Checks which texts a column holds, and which it would change.
void check_held(const table_column& into, std::initializer_list<std::string_view> held,
                std::initializer_list<std::string_view> changed) {
  for (const auto text : held) {
    INFO(into.declared << " and '" << text << "'");
    CHECK_FALSE(change_of(text, into));
  }
  for (const auto text : changed) {
    INFO(into.declared << " and '" << text << "'");
    CHECK(change_of(text, into));
  }
}

}  // namespace

TEST_CASE("each type goes only into columns that hold all its values or refuse them one by one") {
  check_taken(type_id::text,
              {family::decimal, family::date, family::time, family::uuid, family::label, family::json});
  check_taken(type_id::bigint, {family::integer, family::decimal});
  check_taken(type_id::numeric, {family::integer, family::decimal});
  check_taken(type_id::float64, {family::real});
  check_taken(type_id::boolean, {family::boolean, family::integer});
  check_taken(type_id::timestamp, {family::timestamp, family::moment});
  check_taken(type_id::date, {family::date, family::moment});
  for (const auto type : {type_id::json, type_id::object, type_id::list})
    check_taken(type, {family::json, family::json_value});
}

TEST_CASE("columns of texts: blanks at the end and length are what they change") {
  check_held({.declared = "text", .holds = family::text}, {"", " ", "a  ", "a\n"}, {});
  // The server refuses a text that is too long without blanks at its end.
  check_held({.declared = "varchar(3)", .holds = family::varying, .length = 3},
             {"", "ab ", "   ", "abcd", "\xC3\xA9\xC3\xA9 ", "abc\n"},
             {"abc ", "    ", "a    ", "\xC3\xA9\xC3\xA9\xC3\xA9 "});
  check_held({.declared = "tinytext", .holds = family::varying, .length = 3, .length_in_bytes = true},
             {"ab ", "\xC3\xA9 "}, {"\xC3\xA9\xC3\xA9 ", "abc "});
  check_held({.declared = "char(3)", .holds = family::stripped}, {"", "ab", "abcd", " b", "a\t"},
             {" ", "ab ", "abc "});
  check_held({.declared = "name", .holds = family::cut, .length = 3}, {"", "ab ", "abc", "\xC3\xA9 "},
             {"abcd", "abc ", "\xC3\xA9\xC3\xA9"});
}

TEST_CASE("a text goes into a number, a time or a UUID where its value stays, into a date or an enumeration "
          "as it is read back") {
  check_held({.declared = "numeric(10,2)", .holds = family::decimal, .fraction_digits = 2},
             {"12.50", "0.00", "-0.01", "12345678901234567890123456789012345678.90", "1", "12.5", "12.500",
              "0", "-1.0"},
             {"", "1.005", "-0.001", "012.50", "-0.00", "-0", "+1.00", ".50", "1e2", " 1.00", "1.00 ", "NaN",
              "1,00", "-", "1."});
  check_held({.declared = "decimal(5,0)", .holds = family::decimal, .fraction_digits = 0},
             {"1", "1.0", "0.00"}, {"1.5", "1.", "0.01"});
  check_held({.declared = "numeric", .holds = family::decimal, .fraction_digits = every_fraction_digit},
             {"0", "12", "12.5", "12.50", "-0.5"}, {"-0", "-0.0", "00", "1.", "--1", "Infinity"});
  check_held({.declared = "numeric(9,-2)", .holds = family::decimal, .fraction_digits = -2},
             {"0", "100", "-1200", "100.0"}, {"1", "150", "00", "-50", "100.5"});
  check_held({.declared = "date", .holds = family::date}, {"2021-04-24", "2021-02-30"},
             {"", "2021-4-24", "20210424", "2021-04-24 00:00:00", "2021-04-24 ", "today", "24.04.2021",
              "12021-04-24"});
  for (const bool whole : {false, true}) {
    check_held({.declared = "time(3)", .holds = family::time, .fraction_digits = 3, .whole_fraction = whole},
               {"19:55:00", "24:00:00", "19:55:00.7", "19:55:00.70", "19:55:00.796", "19:55:00.7960",
                "19:55:00.000000"},
               {"", "19:55", "9:55:00", "23:59:60", "19:55:00.", "19:55:00.7961", "19:55:00+01",
                "19:55:00.7+01", "19:55:00 "});
    check_held({.declared = "time", .holds = family::time, .fraction_digits = 0, .whole_fraction = whole},
               {"19:55:00", "19:55:00.0"}, {"19:55:00.", "19:55:00.1"});
  }
  check_held({.declared = "uuid", .holds = family::uuid},
             {"a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", "A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11"},
             {"", "a0eebc999c0b4ef8bb6d6bb9bd380a11", "{a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11}",
              "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a1g"});
  check_held({.declared = "enum('a','')", .holds = family::label, .labels = {"a", ""}}, {"a", ""},
             {"A", "a ", "1", "0"});
  check_held({.declared = "an enum of PostgreSQL", .holds = family::label}, {"a", "A", "1"}, {});
}

TEST_CASE("texts of a key stay different: each goes in only as it is read back") {
  check_held({.declared = "numeric(10,2)", .holds = family::decimal, .fraction_digits = 2, .is_key = true},
             {"12.50", "0.00"}, {"12.5", "12", "12.500"});
  check_held({.declared = "numeric(9,-2)", .holds = family::decimal, .fraction_digits = -2, .is_key = true},
             {"0", "100"}, {"100.0", "150"});
  check_held({.declared = "numeric",
              .holds = family::decimal,
              .fraction_digits = every_fraction_digit,
              .is_key = true},
             {"0", "12", "12.5", "-0.05", "100"}, {"12.50", "12.0", "0.0"});
  check_held({.declared = "time(3)", .holds = family::time, .fraction_digits = 3, .is_key = true},
             {"19:55:00", "19:55:00.7"}, {"19:55:00.0", "19:55:00.70"});
  check_held({.declared = "time(2)",
              .holds = family::time,
              .fraction_digits = 2,
              .whole_fraction = true,
              .is_key = true},
             {"19:55:00.70"}, {"19:55:00", "19:55:00.7", "19:55:00.700", "12"});
  check_held({.declared = "uuid", .holds = family::uuid, .is_key = true},
             {"a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"}, {"A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11"});
  check_held({.declared = "character(3)", .holds = family::stripped, .is_key = true}, {"", "ab", "abc"},
             {"ab "});
}

TEST_CASE("a whole number is exact in a decimal, but where its last digits are cut off") {
  const table_column hundreds{.declared = "numeric(9,-2)", .holds = family::decimal, .fraction_digits = -2};
  CHECK_FALSE(change_of(std::int64_t{1200}, hundreds));
  CHECK(change_of(std::int64_t{1250}, hundreds));
  const table_column cents{.declared = "numeric(9,2)", .holds = family::decimal, .fraction_digits = 2};
  CHECK_FALSE(change_of(std::int64_t{1250}, cents));
  CHECK_FALSE(change_of(std::int64_t{12}, {.declared = "character(3)", .holds = family::stripped}));
}

TEST_CASE("a numeric goes into a decimal where no digit that counts is lost, and whole into whole numbers") {
  const std::string_view all_digits = "99999999999999999999999999999999999999";
  const std::string_view least = "-0.00000000000000000000000000000000000001";
  for (const bool key : {false, true}) {
    check_numerics(
        {.declared = "numeric(10,2)", .holds = family::decimal, .fraction_digits = 2, .is_key = key},
        {"12.50", "12.5", "12", "12.500", "-0.01", "0.000", all_digits}, {"1.005", "-0.001", least});
    check_numerics(
        {.declared = "decimal(38,38)", .holds = family::decimal, .fraction_digits = 38, .is_key = key},
        {least, "0"}, {});
    check_numerics({.declared = "numeric",
                    .holds = family::decimal,
                    .fraction_digits = every_fraction_digit,
                    .is_key = key},
                   {"12.50", all_digits, least, "0.00"}, {});
    check_numerics(
        {.declared = "numeric(9,-2)", .holds = family::decimal, .fraction_digits = -2, .is_key = key},
        {"0", "100", "-1200.00"}, {"1", "150", "100.5", "-99.99"});
    // PostgreSQL's scales go from -1000 to 1000.
    check_numerics(
        {.declared = "numeric(3,-1000)", .holds = family::decimal, .fraction_digits = -1000, .is_key = key},
        {"0", "0.00"}, {"1", all_digits});
    check_numerics(
        {.declared = "numeric(1000,1000)", .holds = family::decimal, .fraction_digits = 1000, .is_key = key},
        {"0.5", least}, {});
    check_numerics({.declared = "bigint", .holds = family::integer, .is_key = key},
                   {"12", "12.00", "-0.0", all_digits}, {"12.5", "0.01", least});
  }
  for (const auto f : {family::text, family::varying, family::stripped, family::any})
    check_numerics({.declared = "text", .holds = f, .length = 3}, {"12.50", all_digits, least}, {});
  CHECK(change_of(decimal_of_text("12.50"), {.name = "n", .declared = "bigint", .holds = family::integer}) ==
        "column n: its type bigint would change \"12.50\"; expected a whole number");
  CHECK(change_of(decimal_of_text("1.005"), {.name = "price",
                                             .declared = "numeric(6,2)",
                                             .holds = family::decimal,
                                             .fraction_digits = 2,
                                             .is_key = true}) ==
        "column price: its type numeric(6,2) would change \"1.005\"; expected plain digits, at most 2 of "
        "them after "
        "the point");
}

TEST_CASE("a change is said with the column, its type, the value and the remedy") {
  CHECK(change_of(
            "1.005",
            {.name = "price", .declared = "numeric(6,2)", .holds = family::decimal, .fraction_digits = 2}) ==
        "column price: its type numeric(6,2) would change \"1.005\"; expected plain digits, at most 2 of "
        "them after "
        "the point");
}
