// Times of day, types with a size or fields, intervals of parts, and what is refused beside them.
#include "runtime/expression/formats/time_text.hpp"
#include "tests/unit/expression/evaluate_one.hpp"

using namespace millrace;
using namespace millrace::expression;
using Catch::Matchers::Contains;

namespace {

std::string time_read(std::string_view text) {
  std::int64_t micros = 0;
  switch (read_time(text, micros)) {
  case reading::malformed:
    return "malformed";
  case reading::out_of_range:
    return "out of range";
  default:
    break;
  }
  std::string out;
  write_time(out, micros);
  return out;
}

/// The text of the value that all rows have.
std::string text_of_all(std::string_view call) {
  const auto all = evaluated(fmt::format("({})::text", call));
  const auto value = all.substr(all.find(' ') + 1);
  const auto one = value.substr(0, value.size() / 3 - 1);
  CHECK(value == fmt::format("{0}, {0}, {0}", one));
  return one;
}

data::batch days(std::initializer_list<std::int64_t> of) {
  data::batch out;
  out.schema = std::make_shared<data::schema>(std::vector<data::field>{{"d", data::type_id::date}});
  data::column_builder column(data::type_id::date);
  for (const auto day : of)
    column.append_int(day);
  out.columns.push_back(column.finish());
  out.rows = of.size();
  return out;
}

}  // namespace

TEST_CASE("a time of day is read as PostgreSQL reads it") {
  CHECK(time_read("10:30") == "10:30:00");
  CHECK(time_read("103015.5") == "10:30:15.5");
  CHECK(time_read("10:30 PM") == "22:30:00");
  CHECK(time_read("24:00") == "24:00:00");
  CHECK(time_read("23:59:59.9999999") == "24:00:00");
  CHECK(time_read("24:00:01") == "out of range");
  CHECK(time_read("13:00 pm") == "out of range");
  CHECK(time_read("10:30+07") == "10:30:00");
  CHECK(time_read("040506-08") == "04:05:06");
  CHECK(time_read("t 103015-07") == "10:30:15");
  CHECK(time_read("10:30 t") == "malformed");
  CHECK(time_read("allballs") == "00:00:00");
  CHECK(time_read("10") == "malformed");
  CHECK(time_read("now") == "malformed");
  CHECK(time_read("") == "malformed");
}

TEST_CASE("a time of day takes a zone whose clocks change only behind a date") {
  CHECK(time_read("10:30 Etc/GMT+5") == "10:30:00");
  CHECK(time_read("10:30 America/New_York") == "malformed");
  CHECK(time_read("2021-03-04 10:30 America/New_York") == "10:30:00");
  CHECK(time_read("2021-02-30 10:30") == "out of range");
  CHECK(time_read("10:30 2021-03-04") == "malformed");
  CHECK(time_read("2021-03-04") == "malformed");
  CHECK(time_read("10:30 feb") == "malformed");
}

TEST_CASE("a time of day goes around midnight") {
  CHECK(text_of_all("time '23:00' + interval '2 days 3 hours'") == "02:00:00");
  CHECK(text_of_all("time '01:00' - interval '100000000 hours'") == "09:00:00");
  CHECK(text_of_all("time '24:00' + interval '0'") == "00:00:00");
  CHECK(text_of_all("time '10:00' - time '11:00:00.5'") == "-01:00:00.5");
  CHECK(text_of_all("(interval '-1 hour')::time") == "23:00:00");
  CHECK(evaluated("ts::time + '1 hour' > '20:00'") == "boolean: true, null, false");
  CHECK(evaluated("extract(hour from ts::time)") == "numeric(38,0): 19, null, 0");
  CHECK(evaluated("(ts::time, interval '5 hours') overlaps ('00:00', time '01:00')") ==
        "boolean: true, null, true");
}

TEST_CASE("a date and a time of day are a timestamp") {
  const auto input = days({18'741, -1, 106'751'991});
  const scope names{input.schema.get(), {}};
  const auto shown = [&](std::string_view text) {
    const auto e = expression::bind(text, names);
    return e ? shown_result(*e, input) : e.error().front().message;
  };
  CHECK(shown("(d + time '10:30')::text") ==
        "text: 2021-04-24 10:30:00, 1969-12-31 10:30:00, !timestamp out of range");
  CHECK(shown("(time '24:00' + d)::text") ==
        "text: 2021-04-25 00:00:00, 1970-01-01 00:00:00, !timestamp out of range");
}

TEST_CASE("a time of day is not a column and no element of a list, and is json as a text") {
  CHECK(evaluated("ts::time") ==
        "problem at 4: a time of day cannot be a column; use extract(epoch from x) for "
        "seconds, or (x)::text");
  CHECK_THAT(evaluated("array[ts::time]"), Contains("times of day cannot stand in a list"));
  CHECK_THAT(evaluated("'{10:30}'::time[]"), Contains("cannot be cast to a list of time"));
  CHECK_THAT(evaluated("coalesce(ts::time, ts)"), Contains("do not mix"));
  CHECK(evaluated("to_json(ts::time)") == "json: \"19:55:00.796\", null, \"00:00:00\"");
  CHECK(evaluated("to_json(ts - ts)") == "json: \"00:00:00\", null, \"00:00:00\"");
}

TEST_CASE("the clock's time of day is now() in UTC") {
  CHECK(text_of_all("localtime") == "00:00:01");
  CHECK(text_of_all("localtime(0)") == "00:00:01");
  CHECK(evaluated("localtimestamp = now() at time zone 'UTC'") == "boolean: true, true, true");
  CHECK(evaluated("current_timestamp(0) = now()") == "boolean: true, true, true");
  CHECK_THAT(evaluated("current_time"), Contains("use localtime"));
  const auto input = sample();
  for (const auto* text : {"localtime::text", "localtimestamp", "current_timestamp(2)"}) {
    const auto e = expression::bind(text, scope{input.schema.get(), "a window follows"});
    REQUIRE(!e);
    CHECK_THAT(e.error().front().message, Contains("cannot be used here: a window follows"));
  }
}

TEST_CASE("a type with a size cuts a text and rounds a time") {
  CHECK(evaluated("s::varchar(4)") == "text: Hà N, null, ");
  CHECK(evaluated("a::character varying(2)") == "text: 7, null, -9");
  CHECK(evaluated("ts::timestamptz(0)") == "timestamp: 2021-04-24T19:55:01Z, null, 1970-01-01T00:00:00Z");
  CHECK(text_of_all("timestamp(0) '1999-12-31 23:59:58.5'") == "1999-12-31 23:59:58");
  CHECK(text_of_all("timestamp(0) '2000-01-01 00:00:00.5'") == "2000-01-01 00:00:01");
  CHECK(text_of_all("time(0) '23:59:59.5'") == "24:00:00");
  CHECK(text_of_all("interval(0) '-1.5'") == "-00:00:02");
  CHECK(text_of_all("timestamp(9) '2021-01-01 00:00:00.123456'") == "2021-01-01 00:00:00.123456");
  CHECK(evaluated("s::varchar(0)") == "problem at 3: a varchar(n) has 1 to 10485760 characters");
  CHECK(evaluated("s::varchar(10485761)") == "problem at 3: a varchar(n) has 1 to 10485760 characters");
  CHECK(evaluated("s::text(3)") == "problem at 3: the type text takes no size; leave it out");
  CHECK(evaluated("s::json(3)") == "problem at 3: the type json takes no size; leave it out");
  CHECK_THAT(evaluated("s::timestamp(0)"), Contains("!'Hà Nội' is not a timestamp"));
}

TEST_CASE("an interval keeps the fields of its type, and its literal is read by them") {
  CHECK(text_of_all("interval '90' minute") == "01:30:00");
  CHECK(text_of_all("interval '1:2' minute to second") == "00:01:02");
  CHECK(text_of_all("interval '1 2' day to hour") == "1 day 02:00:00");
  CHECK(text_of_all("interval '1 year 2 mons 3 days' year") == "1 year");
  CHECK(text_of_all("interval '1.555' second(2)") == "00:00:01.56");
  CHECK(text_of_all("'5'::text::interval day") == "00:00:00");
  CHECK(text_of_all("(interval '36:15')::interval hour") == "36:00:00");
  CHECK(evaluated("(interval '1 2' hour to minute)::text") ==
        "problem at 10: '1 2' is not an interval of these fields");
  CHECK_THAT(evaluated("'{1 day}'::interval(0)[]"),
             Contains("a list of interval with a size or fields in its type cannot be used"));
}

TEST_CASE("types that are not offered name another one") {
  const auto named = [](std::string_view text, std::string_view remedy) {
    CHECK_THAT(evaluated(text), Contains(std::string(remedy)));
  };
  named("s::char(3)", "problem at 3: there is no type character(n) here; use varchar(n)");
  named("s::character(3)", "use varchar(n)");
  named("s::bpchar", "use varchar(n)");
  named("x::real", "problem at 3: there is no type real here; use double precision");
  named("x::float(24)", "there is no type real here; use double precision");
  named("s::timetz", "there is no type time with time zone here; use time");
  named("time with time zone '10:30+07'", "use time");
  CHECK(evaluated("a::float(25)") == evaluated("a::double precision"));
}

TEST_CASE("an interval is made of parts, of which any may be left out or named") {
  CHECK(text_of_all("make_interval()") == "00:00:00");
  CHECK(text_of_all("make_interval(1, 2)") == "1 year 2 mons");
  CHECK(text_of_all("make_interval(1, mins => 90)") == "1 year 01:30:00");
  CHECK(text_of_all("make_interval(secs := 1.5, weeks => 1)") == "7 days 00:00:01.5");
  CHECK(text_of_all("make_interval(years => 200000000)") == "!interval out of range");
  CHECK(text_of_all("make_interval(secs => 1e300)") == "!interval out of range");
  CHECK(evaluated("make_interval(day => 1)::text") ==
        "problem at 21: make_interval(...) has no argument named day; there are: years, months, weeks, days, "
        "hours, mins, secs");
  CHECK(evaluated("make_interval(1, years => 2)::text") ==
        "problem at 26: the argument years of make_interval(...) is given twice");
  CHECK(evaluated("make_interval(days => 1, 2)::text") ==
        "problem at 25: an argument by its place cannot follow one by its name; name it, too");
  CHECK(evaluated("make_time(1, min => 2)::text") == "problem at 0: make_time(...) needs its argument sec");
  CHECK_THAT(evaluated("make_interval(1, 2, 3, 4, 5, 6, 7, 8)"),
             Contains("there is no make_interval(bigint"));
  CHECK_THAT(evaluated("make_time(1, 2)"), Contains("there is no make_time(bigint, bigint)"));
  CHECK_THAT(evaluated("length(string => s)"), Contains("give the arguments by position"));
  CHECK(text_of_all("make_timestamp(2021, 1, 2, 3, sec => 5, min => 4)") == "2021-01-02 03:04:05");
}

TEST_CASE("an interval is justified to the ends of its range") {
  CHECK(text_of_all("justify_interval(interval '-178956970 years -8 mons')") == "-178956970 years -8 mons");
  CHECK(text_of_all("justify_hours(interval '-2147483648 days')") == "-2147483648 days");
  CHECK(text_of_all("justify_interval(interval '178956970 years 7 mons 30 days -1 second')") ==
        "!interval out of range");
  CHECK(text_of_all("justify_interval(interval '1 mon -1 second')") == "29 days 23:59:59");
}

TEST_CASE("a list is json with an element a line") {
  CHECK(text_of_all("array_to_json(array[1, null, 3], true)") == "[1,\n null,\n 3]");
  CHECK(text_of_all("array_to_json(array[array[1, 2], array[3]], true)") == "[[1,2],\n [3]]");
  CHECK(text_of_all("array_to_json(array[1, 2], false)") == "[1,2]");
}

TEST_CASE("a subquery is told of the stages that do its work") {
  CHECK_THAT(evaluated("a > (select 1)"),
             Contains("a stage with \"join\" adds the columns of another stage's rows"));
}
