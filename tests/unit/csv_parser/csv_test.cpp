// CSV records to rows: fields, quotes, types, header lines, dead letters.
#include "actors/parsers/csv/csv_parser.hpp"
#include "runtime/data/render.hpp"
#include "runtime/expression/formats/calendar.hpp"
#include "tests/support/chunk_of.hpp"

#include <catch2/catch.hpp>

#include <random>
#include <string>
#include <vector>

using namespace millrace;
using namespace millrace::parser;
using Catch::Matchers::Contains;
using data::type_id;
using test::chunk_of;
using format_kind = enum parser_options::timestamp_format::kind;

namespace {

parser_options options_of(std::vector<data::field> columns) {
  parser_options o;
  o.declared = columns.size();
  o.used.assign(columns.size(), true);
  o.formats.resize(columns.size());
  o.schema = std::make_shared<data::schema>(std::move(columns));
  return o;
}

std::vector<std::string> shown(const parsed& p) {
  std::vector<std::string> out;
  for (std::size_t row = 0; row < p.rows.rows; ++row) {
    std::string text;
    for (const auto& c : p.rows.columns) {
      text += text.empty() ? "" : " ";
      if (c)
        data::append_json_value(text, *c, row);
      else
        text += "-";
    }
    out.push_back(std::move(text));
  }
  for (const auto& d : p.dead)
    out.push_back("dead " + std::to_string(d.record) + ": " + d.error);
  return out;
}

std::vector<std::string> texts(const std::string& record, std::size_t columns, char delimiter = ',') {
  std::vector<data::field> fields;
  for (std::size_t i = 0; i < columns; ++i)
    fields.push_back({"c" + std::to_string(i), type_id::text});
  return shown(make_csv_parser(options_of(fields), {delimiter}, false)->parse(chunk_of({record})));
}

std::string value(const std::string& field, const data::type& type,
                  parser_options::timestamp_format format = {}) {
  auto o = options_of({{"v", type}});
  o.formats[0] = std::move(format);
  return shown(make_csv_parser(o, {}, false)->parse(chunk_of({field}))).front();
}

}  // namespace

TEST_CASE("a record is cut at its delimiters, and what is empty is null unless it is quoted") {
  CHECK(texts("a,b,c", 3) == std::vector<std::string>{R"("a" "b" "c")"});
  CHECK(texts(",\"\", ", 3) == std::vector<std::string>{R"(null "" " ")"});
  CHECK(texts("a;b,c;", 3, ';') == std::vector<std::string>{R"("a" "b,c" null)"});
  CHECK(texts("a\tb", 2, '\t') == std::vector<std::string>{R"("a" "b")"});
  CHECK(texts("Hà Nội,🎉", 2) == std::vector<std::string>{R"("Hà Nội" "🎉")"});
}

TEST_CASE("a record is cut at the same places wherever they lie, with and without characters beyond ASCII") {
  for (const std::string last : {"", "z", "\xC3\xA0", "5\" pipe"})
    for (std::size_t first = 0; first < 20; ++first)
      for (std::size_t second = 0; second < 20; ++second) {
        const std::vector<std::string> fields{std::string(first, 'a'), "", std::string(second, 'b'), last};
        std::string record, wanted;
        for (const auto& f : fields) {
          record += (&f == &fields.front() ? "" : ",") + f;
          wanted += wanted.empty() ? "" : " ";
          std::string shown = "null";
          if (!f.empty())
            shown = f == "5\" pipe" ? R"("5\" pipe")" : "\"" + f + "\"";
          wanted += shown;
        }
        if (record.empty())
          continue;
        REQUIRE(texts(record, fields.size()) == std::vector<std::string>{wanted});
        // Bytes of the next record are never this one's.
        auto two = chunk_of({record, ",\"\xff"});
        std::vector<data::field> columns;
        for (std::size_t i = 0; i < fields.size(); ++i)
          columns.push_back({"c" + std::to_string(i), type_id::text});
        REQUIRE(shown(make_csv_parser(options_of(columns), {}, false)->parse(two)).front() == wanted);
      }
}

TEST_CASE(
    "quotes keep delimiters, doubled quotes and line breaks; within a plain field they are themselves") {
  CHECK(texts(R"("a,b","say ""hi""","")", 3) == std::vector<std::string>{R"("a,b" "say \"hi\"" "")"});
  CHECK(texts(R"("""",""""""," x ")", 3) == std::vector<std::string>{R"("\"" "\"\"" " x ")"});
  CHECK(texts(R"(5" pipe,a"b"c)", 2) == std::vector<std::string>{R"("5\" pipe" "a\"b\"c")"});
  CHECK(texts("\"two\nlines\",b", 2) == std::vector<std::string>{R"("two\nlines" "b")"});
}

TEST_CASE("a message's own line end is none of its last field") {
  CHECK(texts("a,b\r\n", 2) == std::vector<std::string>{R"("a" "b")"});
  CHECK(texts("a,\n", 2) == std::vector<std::string>{R"("a" null)"});
}

TEST_CASE("a record that cannot be cut, or has another number of fields, is a dead letter") {
  CHECK_THAT(texts("a,\"b", 2).front(), Contains("dead 0: field 2") && Contains("not closed"));
  CHECK_THAT(texts("\"a\"b,c", 2).front(), Contains("follows the closing quote"));
  CHECK_THAT(texts("a,b", 3).front(), Contains("found 2 fields, expected 3"));
  CHECK_THAT(texts("a,b,", 2).front(), Contains("found 3 fields, expected 2"));
  CHECK_THAT(texts("a,\xff", 2).front(), Contains("UTF-8"));
  CHECK_THAT(texts(std::string("a,b\0", 4), 2).front(),
             Contains("the record holds a NUL byte, which no text can"));
  CHECK_THAT(
      shown(make_csv_parser(options_of({{"v", type_id::text}}), {}, false)->parse(chunk_of({""}, false)))
          .front(),
      Contains("empty"));
  auto tombstone = chunk_of({"x"});
  tombstone.lengths[0] = source::no_value;
  CHECK_THAT(shown(make_csv_parser(options_of({{"v", type_id::text}}), {}, false)->parse(tombstone)).front(),
             Contains("no value"));
}

TEST_CASE("the beginning of a line that was too long is a dead letter, whatever it looks like") {
  for (const bool header : {false, true}) {
    const auto parser = make_csv_parser(options_of({{"n", type_id::bigint}}), {}, header);
    auto c = chunk_of({"1", "2", "", "3", "\"open", "\xe2\x82", "4"});
    if (header)
      c.header = source::header_line{"n", {-1, -1}};
    c.cut = {1, 2, 4, 5};
    const auto p = parser->parse(c);
    CHECK(p.records == std::vector<std::uint32_t>{0, 3, 6});
    REQUIRE(p.dead.size() == 4);
    for (const auto& d : p.dead)
      CHECK(d.error == cut_record);
  }
}

TEST_CASE("fields become values of their column's type") {
  CHECK(value("42", type_id::bigint) == "42");
  CHECK(value(" -007 ", type_id::bigint) == "-7");
  CHECK(value("1541016707796.0", type_id::bigint) == "1541016707796");
  CHECK_THAT(value("1.5", type_id::bigint), Contains("column \"v\": found \"1.5\", expected bigint"));
  CHECK_THAT(value("9223372036854775808", type_id::bigint), Contains("range of bigint"));
  CHECK_THAT(value("\"\"", type_id::bigint), Contains("expected bigint"));
  CHECK(value("1e3", type_id::float64) == "1000");
  CHECK(value(" -1234.5 ", type_id::float64) == "-1234.5");
  CHECK(value("+.5", type_id::float64) == "0.5");
  CHECK(value("5.", type_id::float64) == "5");
  CHECK(value("9007199254740993", type_id::float64) == "9007199254740992");
  CHECK(value("+12", type_id::bigint) == "12");
  CHECK(value("NaN", type_id::float64) == "\"NaN\"");
  CHECK_THAT(value("1e999", type_id::float64), Contains("range of double"));
  CHECK(value("t", type_id::boolean) == "true");
  CHECK(value("no", type_id::boolean) == "false");
  CHECK_THAT(value("2", type_id::boolean), Contains("boolean"));
  CHECK(value(R"("{""a"": [1]}")", type_id::json) == R"({"a": [1]})");
  CHECK_THAT(value("{", type_id::json), Contains("JSON"));
}

TEST_CASE("dates are read as the cast reads them, by a pattern, or from whole days") {
  CHECK(value("2021-04-24", type_id::date) == "\"2021-04-24\"");
  CHECK(value(" 20210424 ", type_id::date) == "\"2021-04-24\"");
  CHECK(value("2021-04-24 23:59:59+02", type_id::date) == "\"2021-04-24\"");
  CHECK(value("24.04.2021", type_id::date, {format_kind::strptime, "%d.%m.%Y", false}) == "\"2021-04-24\"");
  CHECK(value("18741", type_id::date, {format_kind::epoch_d, {}, false}) == "\"2021-04-24\"");
  CHECK_THAT(value("2021-02-29", type_id::date), Contains("expected a date such as 2021-04-24"));
  CHECK_THAT(value("18741.5", type_id::date, {format_kind::epoch_d, {}, false}),
             Contains("expected a date as a whole number of days since 1970"));
  CHECK_THAT(value("10000-01-01", type_id::date), Contains("expected a date within the years 1 to 9999"));
}

TEST_CASE("numerics keep their digits, and no digit is lost") {
  const auto money = data::type::numeric_of(10, 2);
  for (const std::string kept :
       {"1.50", "-0.05", "0.30000000000000004", "99999999999999999999999999999999999999",
        "-0.99999999999999999999999999999999999999"})
    CHECK(value(kept, type_id::numeric) == kept);
  CHECK(value(" 1.5e-3 ", type_id::numeric) == "0.0015");
  CHECK(value("1e3", type_id::numeric) == "1000");
  CHECK(value("+1.50", type_id::numeric) == "1.50");
  CHECK(value(".5", type_id::numeric) == "0.5");
  CHECK(value("5.", type_id::numeric) == "5");
  for (const std::string number : {"12.5", " 12.500 ", "+12.50", "1250e-2", "012.5"})
    CHECK(value(number, money) == "12.50");
  CHECK(value("7.", money) == "7.00");
  CHECK(value(".07", money) == "0.07");
  CHECK(value("-99999999.99", money) == "-99999999.99");
  CHECK(value("1.005", money) ==
        R"(dead 0: column "v": found "1.005", expected numeric(10,2), a number with at most 2 digits behind )"
        "the point; declare it numeric");
  CHECK(
      value("+123456789", money) ==
      R"(dead 0: column "v": found "+123456789", expected numeric(10,2), a number with at most 8 digits in )"
      "front of the point; declare it numeric");
  CHECK(value("1e38", type_id::numeric) ==
        R"(dead 0: column "v": found "1e38", expected numeric, a number of at most 38 digits; declare it )"
        "double, or text");
  for (const std::string none :
       {"abc", "1,5", "1.2.3", ".", "-", "NaN", "Infinity", "1e", "0x10", "1 2", "--1"}) {
    CHECK_THAT(value('"' + none + '"', type_id::numeric),
               Contains("expected numeric; declare it text and cast it"));
    CHECK_THAT(value('"' + none + '"', money),
               Contains("expected numeric(10,2); declare it text and cast it"));
  }
}

TEST_CASE("a block of numerics is read with and without nulls and errors") {
  const auto parser =
      make_csv_parser(options_of({{"v", data::type::numeric_of(6, 2)}, {"w", type_id::numeric}}), {}, false);
  CHECK(shown(parser->parse(chunk_of({"1,2.50", "-3.5,4"}))) ==
        std::vector<std::string>{"1.00 2.50", "-3.50 4"});
  CHECK(
      shown(parser->parse(chunk_of({"1,", "2.001,2", ",3.0"}))) ==
      std::vector<std::string>{
          "1.00 null", "null 3.0",
          R"(dead 1: column "v": found "2.001", expected numeric(6,2), a number with at most 2 digits behind )"
          "the point; declare it numeric"});
}

TEST_CASE("timestamps are read as those of JSON are") {
  CHECK(value("2021-04-24 19:55:00.796+0000", type_id::timestamp) == "\"2021-04-24T19:55:00.796Z\"");
  CHECK(value(" 2021-04-24 19:55:00 ", type_id::timestamp) == "\"2021-04-24T19:55:00Z\"");
  CHECK(value(" 2021-04-24 ", type_id::timestamp, {format_kind::strptime, "%Y-%m-%d", false}) ==
        "\"2021-04-24T00:00:00Z\"");
  CHECK(value("24.04.2021 19:55", type_id::timestamp, {format_kind::strptime, "%d.%m.%Y %H:%M", false}) ==
        "\"2021-04-24T19:55:00Z\"");
  CHECK(value("1541016707796.0", type_id::timestamp, {format_kind::epoch_ms, {}, false}) ==
        "\"2018-10-31T20:11:47.796Z\"");
  CHECK_THAT(value("yesterday", type_id::timestamp), Contains("format"));
  CHECK(value("\" -0.5 \"", type_id::timestamp, {format_kind::epoch_s, {}, false}) ==
        "\"1969-12-31T23:59:59.5Z\"");
  for (const std::string bad : {"+1", "007", "1 2", "soon"})
    CHECK_THAT(value(bad, type_id::timestamp, {format_kind::epoch_s, {}, false}),
               Contains("seconds since 1970"));
  CHECK_THAT(value("1e30", type_id::timestamp, {format_kind::epoch_s, {}, false}),
             Contains("within the years 1 to 9999"));
  const auto* const paris = expression::find_zone("Europe/Paris");
  CHECK(value("2021-10-31 02:30:00", type_id::timestamp, {format_kind::iso, {}, false, paris}) ==
        "\"2021-10-31T01:30:00Z\"");
  CHECK(value("31.10.2021 02:30", type_id::timestamp,
              {format_kind::strptime, "%d.%m.%Y %H:%M", false, paris}) == "\"2021-10-31T01:30:00Z\"");
}

TEST_CASE("by a header line columns are found by name, and the line is no row") {
  const auto parser =
      make_csv_parser(options_of({{"name", type_id::text}, {"n", type_id::bigint}}), {}, true);
  auto first = chunk_of({"\xEF\xBB\xBFn,other,name", "1,x,a"});
  first.header = source::header_line{"\xEF\xBB\xBFn,other,name", {0, 0}};
  const auto p = parser->parse(first);
  CHECK(shown(p) == std::vector<std::string>{"\"a\" 1"});
  CHECK(p.header_lines == 1);
  // files that were joined into one
  auto joined = chunk_of({"\xEF\xBB\xBFn,other,name", "1,x,a", "n,other,name", "2,x,b"});
  joined.header = first.header;
  const auto all = parser->parse(joined);
  CHECK(shown(all) == std::vector<std::string>{"\"a\" 1", "\"b\" 2"});
  CHECK(all.header_lines == 2);
  // the middle of the file, and then another one with its columns elsewhere
  auto middle = chunk_of({"2,x,b"}, true, 100);
  middle.header = first.header;
  CHECK(shown(parser->parse(middle)) == std::vector<std::string>{"\"b\" 2"});
  auto next = chunk_of({"name,n", "c,3"});
  next.header = source::header_line{"name,n", {0, 0}};
  CHECK(shown(parser->parse(next)) == std::vector<std::string>{"\"c\" 3"});
}

TEST_CASE("a header line without a column, or with it twice, makes dead letters of itself and of the file's "
          "records") {
  const auto parser = make_csv_parser(options_of({{"name", type_id::text}}), {}, true);
  for (const auto* names : {"nme,n", "name,name", "\"name"}) {
    auto c = chunk_of({names, "a,1"});
    c.header = source::header_line{names, {0, 0}};
    const auto out = shown(parser->parse(c));
    REQUIRE(out.size() == 2);
    CHECK_THAT(out[0], Contains("dead 0: the file's header line"));
    CHECK_THAT(out[1], Contains("dead 1: the file's header line"));
  }
}

TEST_CASE("a header line that has almost the column says which one, and what the difference is") {
  const auto said = [](const char* header, std::vector<data::field> columns) {
    const auto parser = make_csv_parser(options_of(std::move(columns)), {}, true);
    auto c = chunk_of({header, "a,1"});
    c.header = source::header_line{header, {0, 0}};
    return shown(parser->parse(c)).at(1);
  };
  CHECK_THAT(said("ID,Name", {{"id", type_id::text}}),
             Contains("the file's header line has no column \"id\", but \"ID\"; capitals count, so that the "
                      "schema has to name it as the header does; it is: ID,Name"));
  CHECK_THAT(said("n, id", {{"id", type_id::text}}),
             Contains("has no column \"id\", but \" id\"; blanks count"));
  CHECK_THAT(
      said("id;name", {{"id", type_id::text}, {"name", type_id::text}}),
      Contains("has no column \"id\", and one column in all; \"delimiter\" may be another; it is: id;name"));
  CHECK_THAT(said("id;name", {{"x", type_id::text}}), Contains("has no column \"x\"; it is: id;name"));
  CHECK_THAT(said("x,x", {{"x", type_id::text}}), Contains("has the column \"x\" twice; it is: x,x"));
}

TEST_CASE("a column that nobody reads is checked and not built; projected leaves it alone") {
  auto o = options_of({{"a", type_id::bigint}, {"b", type_id::text}});
  o.used = {false, true};
  CHECK(shown(make_csv_parser(o, {}, false)->parse(chunk_of({"1,x"}))) ==
        std::vector<std::string>{"- \"x\""});
  CHECK_THAT(shown(make_csv_parser(o, {}, false)->parse(chunk_of({"one,x"}))).front(),
             Contains("column \"a\""));
  o.validate_whole = false;
  CHECK(shown(make_csv_parser(o, {}, false)->parse(chunk_of({"one,x"}))) ==
        std::vector<std::string>{"- \"x\""});
}

TEST_CASE("hidden columns and event time go with the row") {
  auto o = options_of({{"t", type_id::timestamp}, {"_raw", type_id::text}, {"_position", type_id::bigint}});
  o.declared = 1;
  o.formats.resize(1);
  o.event_time = 0;
  const auto out =
      shown(make_csv_parser(o, {}, false)->parse(chunk_of({"2021-04-24", "\"\"", "x", "2021-04-25"})));
  REQUIRE(out.size() == 4);
  CHECK(out[0] == "\"2021-04-24T00:00:00Z\" \"2021-04-24\" 0");
  CHECK(out[1] == "\"2021-04-25T00:00:00Z\" \"2021-04-25\" 16");
  auto empty = chunk_of({","});
  auto two = options_of({{"t", type_id::timestamp}, {"u", type_id::text}});
  two.event_time = 0;
  CHECK_THAT(shown(make_csv_parser(two, {}, false)->parse(empty)).front(),
             Contains("no event time in column \"t\""));
}

namespace {

/// Goes over a record byte by byte: the text of a row of text, bigint and double, or why it is none.
std::string slowly_read(const std::string& record) {
  std::vector<std::string> fields{""};
  std::vector<bool> quoted{false};
  bool open = false, closed = false;
  for (std::size_t i = 0; i < record.size(); ++i) {
    const char c = record[i];
    const bool begins = fields.back().empty() && !quoted.back();
    if (open && c == '"' && i + 1 < record.size() && record[i + 1] == '"') {
      fields.back() += c;
      ++i;
    } else if (open && c == '"') {
      open = false;
      closed = true;
    } else if (open) {
      fields.back() += c;
    } else if (c == ',') {
      fields.emplace_back();
      quoted.push_back(false);
      closed = false;
    } else if (closed) {
      return "something follows the closing quote";
    } else if (c == '"' && begins) {
      open = true;
      quoted.back() = true;
    } else {
      fields.back() += c;
    }
  }
  if (open)
    return "is not closed";
  if (fields.size() != 3)
    return "found " + std::to_string(fields.size()) + " field";
  for (std::size_t i = 1; i < 3; ++i) {
    const auto& f = fields[i];
    const bool is_short = f.find_first_not_of("0123456789") == std::string::npos;
    if (f.empty() && !quoted[i])
      continue;
    if (f.empty() || !is_short)
      return "column \"" + std::string(i == 1 ? "n" : "v") + "\"";
  }
  std::string out;
  for (std::size_t i = 0; i < 3; ++i) {
    out += i == 0 ? "" : " ";
    if (fields[i].empty() && !quoted[i])
      out += "null";
    else if (i == 0)
      data::append_json_string(out, fields[i]);
    else
      out += std::to_string(std::stoll(fields[i]));
  }
  return out;
}

std::string random_csv(std::mt19937_64& random) {
  const std::vector<std::string> texts{"a",        "\"\"", "\"b,\"\"c\"\"\"", "",    "\xC3\xA0",
                                       "5\" pipe", "\"x",  "\"x\"y",          "1,2", std::string(80, 'z')};
  const std::vector<std::string> numbers{"7",      "12345678", "123456789", "",
                                         "\"42\"", "\"\"",     "x",         "\"4\"\"2\""};
  const bool is_good = random() % 3 != 0;
  const auto of = [&](const auto& some, std::size_t good) {
    return some[random() % (is_good ? good : some.size())];
  };
  return of(texts, 6) + ',' + of(numbers, 5) + ',' + of(numbers, 5);
}

}  // namespace

TEST_CASE("many records are what each is when it is gone over byte by byte") {
  std::mt19937_64 random(7);
  auto o = options_of({{"s", type_id::text}, {"n", type_id::bigint}, {"v", type_id::float64}});
  for (int round = 0; round < 60; ++round) {
    std::vector<std::string> records;
    for (auto n = random() % 700; n > 0; --n)
      records.push_back(round % 4 == 0 ? "some text,1234,12345" : random_csv(random));
    const auto p = make_csv_parser(o, {}, false)->parse(chunk_of(records));
    const auto out = shown(p);
    REQUIRE(out.size() == records.size());
    std::size_t row = 0, dead = 0;
    for (std::size_t i = 0; i < records.size(); ++i) {
      const auto wanted = slowly_read(records[i]);
      INFO(records[i]);
      if (row < p.records.size() && p.records[row] == i) {
        REQUIRE(out[row++] == wanted);
      } else {
        REQUIRE(p.dead.at(dead).record == i);
        REQUIRE_THAT(p.dead[dead++].error, Contains(wanted));
      }
    }
  }
}

TEST_CASE("a dialect has a delimiter and a quote of its own, or none") {
  const auto with = [](data::csv_dialect dialect, const std::string& record) {
    const std::vector<data::field> fields{{"a", type_id::text}, {"b", type_id::text}};
    return shown(make_csv_parser(options_of(fields), dialect, false)->parse(chunk_of({record}))).front();
  };
  CHECK(with({';', '\''}, "'x;''y';\"z\"") == R"("x;'y" "\"z\"")");
  CHECK_THAT(with({';', '\''}, "'x'y;z"), Contains("expected the delimiter, and '' for a quote"));
  CHECK(with({'\t', std::nullopt}, "\"x\t'y\"") == R"("\"x" "'y\"")");
  CHECK_THAT(with({',', std::nullopt}, "\"x,y\",z"), Contains("found 3 fields"));
}

TEST_CASE("a blank line is filtered, of one column and of several, and an empty message is a dead letter") {
  for (const std::size_t columns : {1, 2}) {
    std::vector<data::field> schema{{"n", type_id::bigint}, {"m", type_id::bigint}};
    if (columns == 1)
      schema.pop_back();
    const std::string row = columns == 1 ? "1" : "1,2";
    const auto parser = make_csv_parser(options_of(schema), {}, false);
    const auto p = parser->parse(chunk_of({"", row, "", row}));
    CHECK(p.records == std::vector<std::uint32_t>{1, 3});
    CHECK(p.filtered == std::vector<std::uint32_t>{0, 2});
    CHECK(p.dead.empty());
    CHECK(parser->parse(chunk_of({row, ""}, false)).dead.size() == 1);
  }
}

TEST_CASE("a null is a dead letter, is passed over, or is a row of nulls") {
  auto c = chunk_of({"1", "", "2"});
  c.lengths[1] = source::no_value;
  auto o = options_of({{"n", type_id::bigint}});
  CHECK_THAT(shown(make_csv_parser(o, {}, false)->parse(c)).at(2), Contains("the record has no value"));
  o.on_null = data::valueless::skip;
  const auto p = make_csv_parser(o, {}, false)->parse(c);
  CHECK(shown(p) == std::vector<std::string>{"1", "2"});
  CHECK(p.filtered == std::vector<std::uint32_t>{1});
  o.on_null = data::valueless::row;
  CHECK(shown(make_csv_parser(o, {}, false)->parse(c)) == std::vector<std::string>{"1", "null", "2"});
}
