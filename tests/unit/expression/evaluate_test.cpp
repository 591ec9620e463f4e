#include "runtime/expression/formats/case_mapping.hpp"
#include "tests/unit/expression/evaluate_one.hpp"

#include <cmath>
#include <thread>

using namespace millrace;
using namespace millrace::expression;
using Catch::Matchers::Contains;

namespace {

/// One bigint column of that many rows: 0, 1, 2 ...; every seventh is null.
data::batch numbers(std::size_t rows) {
  data::batch b;
  b.schema = std::make_shared<data::schema>(
      std::vector<data::field>{{"n", data::type_id::bigint}, {"t", data::type_id::text}});
  data::column_builder n(data::type_id::bigint);
  data::column_builder t(data::type_id::text);
  for (std::size_t i = 0; i < rows; ++i) {
    if (i % 7 == 6) {
      n.append_null();
      t.append_null();
    } else {
      n.append_int(static_cast<std::int64_t>(i));
      t.append_text(std::to_string(i));
    }
  }
  b.columns = {n.finish(), t.finish()};
  b.rows = rows;
  return b;
}

bound bound_over(std::string_view text, const data::batch& b) {
  auto e = expression::bind(text, scope{b.schema.get(), {}});
  REQUIRE(e);
  return *e;
}

}  // namespace

TEST_CASE("overflow and division by zero fail the row and no other") {
  CHECK(evaluated("a - 1") == "bigint: 6, null, !bigint out of range: -9223372036854775808 - 1");
  CHECK(evaluated("-a") == "bigint: -7, null, !bigint out of range: -(-9223372036854775808)");
  CHECK(evaluated("a / (a - a)") == "bigint: !division by zero, null, !division by zero");
  CHECK(evaluated("1 / 0") == "bigint: !division by zero, !division by zero, !division by zero");
  CHECK(evaluated("a / -1") == "bigint: -7, null, !bigint out of range: -9223372036854775808 / -1");
  CHECK(evaluated("a % -1") == "bigint: 0, null, 0");
  CHECK(evaluated("x * 1e308 * 10") == "double: !double out of range: 2.5 * 1e+308, null, NaN");
}

TEST_CASE("a time that leaves an expression lies in the years 1 to 9999; inside it may lie elsewhere") {
  const std::string far = "!the timestamp 10000-01-01 00:00:00+00 lies outside of the years 1 to 9999";
  CHECK(evaluated("timestamptz '9999-12-31 23:59:59' + interval '1 second'") ==
        fmt::format("timestamp: {0}, {0}, {0}", far));
  CHECK(evaluated("case when a = 7 then timestamptz '0044-03-15 BC' else ts end") ==
        "timestamp: !the timestamp 0044-03-15 00:00:00+00 BC lies outside of the years 1 to 9999, null, "
        "1970-01-01T00:00:00Z");
  CHECK(evaluated("timestamp '11021-08-02 00:00:00'") ==
        fmt::format("timestamp: {0}, {0}, {0}",
                    "!the timestamp 11021-08-02 00:00:00 lies outside of the years 1 to 9999"));
  CHECK(evaluated("array[ts, timestamptz '10000-01-01']") == fmt::format("[timestamp]: {0}, {0}, {0}", far));
  CHECK(evaluated("to_json(timestamptz '10000-01-01')") == fmt::format("json: {0}, {0}, {0}", far));
  CHECK(evaluated("to_json(array[ts + interval '9000 years'])") ==
        "json: !the timestamp 11021-04-24 19:55:00.796+00 lies outside of the years 1 to 9999, [null], "
        "!the timestamp 10970-01-01 00:00:00+00 lies outside of the years 1 to 9999");
  CHECK(evaluated("(ts + interval '9000 years') - interval '9000 years'") ==
        "timestamp: 2021-04-24T19:55:00.796Z, null, 1970-01-01T00:00:00Z");
  CHECK(evaluated("extract(year from timestamptz '0044-03-15 BC')") == "numeric(38,0): -44, -44, -44");
  CHECK(evaluated("(timestamptz '0044-03-15 BC')::text") ==
        R"(text: 0044-03-15 00:00:00+00 BC, 0044-03-15 00:00:00+00 BC, 0044-03-15 00:00:00+00 BC)");
  CHECK(evaluated("timestamptz '9999-12-31 23:59:59.999999'") ==
        fmt::format("timestamp: {0}, {0}, {0}", "9999-12-31T23:59:59.999999Z"));
}

TEST_CASE("zones at the end of all times do not overflow") {
  CHECK_THAT(evaluated("('294247-01-10 04:00:54-15'::timestamptz)::text"),
             Contains("out of range for timestamp"));
  CHECK_THAT(evaluated("to_timestamp('294247-01-10 04:00:54 -15', 'YYYYYY-MM-DD HH24:MI:SS TZH')::text"),
             Contains("!"));
}

TEST_CASE("what a row does not come to cannot fail it") {
  CHECK(evaluated("case when a = 7 then 1 else 1 / 0 end") ==
        "bigint: 1, !division by zero, !division by zero");
  CHECK(evaluated("coalesce(a, 1 / 0)") == "bigint: 7, !division by zero, -9223372036854775808");
  CHECK(evaluated("a > 0 or s::bigint = 1") == "boolean: true, null, !'' is not a bigint");
  CHECK(evaluated("a is null or a / 0 = 1") == "boolean: !division by zero, true, !division by zero");
  CHECK(evaluated("false and 1 / 0 = 1") == "boolean: false, false, false");
  CHECK(evaluated("case when false then 1 / 0 else 5 end") == "bigint: 5, 5, 5");
}

TEST_CASE("three-valued logic") {
  const auto truth = [](std::string_view t) {
    return evaluated(std::string("(") + std::string(t) + ")::text");
  };
  const auto all = [](std::string_view v) { return fmt::format("text: {0}, {0}, {0}", v); };
  CHECK(truth("null and false") == all("false"));
  CHECK(truth("null::boolean and true") == all("null"));
  CHECK(truth("null or true") == all("true"));
  CHECK(truth("null::boolean or false") == all("null"));
  CHECK(truth("not null::boolean") == all("null"));
  CHECK(truth("1 in (2, null)") == all("null"));
  CHECK(truth("1 not in (2, null)") == all("null"));
  CHECK(truth("1 in (1, null)") == all("true"));
  CHECK(truth("1 between null and 0") == all("false"));
  CHECK(truth("1 between null and 2") == all("null"));
  CHECK(truth("null is distinct from 1") == all("true"));
  CHECK(truth("null::boolean is unknown") == all("true"));
}

TEST_CASE("chunks, nulls and constants give the same rows at every size") {
  for (const std::size_t rows : {0U, 1U, 7U, 8U, 1023U, 1024U, 1025U, 5000U}) {
    const auto b = numbers(rows);
    std::vector<row_failure> failures;
    const auto sum = evaluate(bound_over("n * 2 + length(t)", b), b, 0, failures);
    const auto text = evaluate(bound_over("case when n % 2 = 0 then t || '!' end", b), b, 0, failures);
    const auto constant = evaluate(bound_over("'c'", b), b, 0, failures);
    REQUIRE(failures.empty());
    REQUIRE(sum->size() == rows);
    REQUIRE(constant->size() == rows);
    for (std::size_t i = 0; i < rows; ++i) {
      const bool null = i % 7 == 6;
      REQUIRE(sum->is_null(i) == null);
      REQUIRE(text->is_null(i) == (null || i % 2 == 1));
      REQUIRE(constant->text_at(i) == "c");
      if (!null)
        REQUIRE(sum->ints()[i] == static_cast<std::int64_t>(i * 2 + std::to_string(i).size()));
      if (!text->is_null(i))
        REQUIRE(text->text_at(i) == std::to_string(i) + "!");
    }
  }
}

TEST_CASE("chunks without nulls and chunks with some follow each other in one column") {
  for (const std::size_t null_row : {0U, 1023U, 1024U, 2999U}) {
    data::batch b;
    b.schema = std::make_shared<data::schema>(std::vector<data::field>{{"n", data::type_id::bigint}});
    data::column_builder n(data::type_id::bigint);
    for (std::size_t i = 0; i < 3000; ++i) {
      if (i == null_row)
        n.append_null();
      else
        n.append_int(static_cast<std::int64_t>(i));
    }
    b.columns = {n.finish()};
    b.rows = 3000;
    std::vector<row_failure> failures;
    const auto ints = evaluate(bound_over("n + 1", b), b, 0, failures);
    const auto doubles = evaluate(bound_over("n * 0.5::double precision", b), b, 0, failures);
    REQUIRE(ints->null_count() == 1);
    REQUIRE(doubles->null_count() == 1);
    for (std::size_t i = 0; i < 3000; ++i) {
      REQUIRE(ints->is_null(i) == (i == null_row));
      if (i != null_row) {
        REQUIRE(ints->ints()[i] == static_cast<std::int64_t>(i) + 1);
        REQUIRE(doubles->doubles()[i] == static_cast<double>(i) * 0.5);
      }
    }
  }
}

TEST_CASE("failures are ascending and once a row, over chunks") {
  const auto b = numbers(3000);
  std::vector<row_failure> failures;
  const auto c = evaluate(bound_over("10 / (n % 1000) + 1 / (n % 1000)", b), b, 0, failures);
  REQUIRE(failures.size() == 2);  // row 1000 is null
  CHECK(failures[0].row == 0);
  CHECK(failures[1].row == 2000);
  CHECK(c->is_null(0));
  CHECK(c->is_null(1000));
}

TEST_CASE("letters of all scripts have upper and lower case, one character for one") {
  CHECK(lower_case("ÀÉÎ ĐẶNG ΣΑΣ ЖЯ 🎉 İ") == "àéî đặng σασ жя 🎉 i");
  CHECK(upper_case("àéî đặng ς жя 🎉 straße ŉ") == "ÀÉÎ ĐẶNG Σ ЖЯ 🎉 STRAßE ŉ");
  CHECK(capitalised("élan ĐẶNG thị-hà 3ème d'été") == "Élan Đặng Thị-Hà 3ème D'Été");
  CHECK(upper_case(std::string("a\xFF\xC3z\0b", 6)) ==
        std::string("A\xFF\xC3Z\0B", 6));  // no UTF-8: as it is
}

TEST_CASE("a program is evaluated by many threads at once") {
  const auto b = numbers(4000);
  const auto e =
      bound_over("to_char(to_timestamp(n) at time zone 'Asia/Ho_Chi_Minh', 'YYYY-MM-DD HH24:MI:SS') || "
                 "md5(t) || case when n in (1, 2, 3) then 'few' else upper('many') end",
                 b);
  std::vector<row_failure> failures;
  const auto expected = evaluate(e, b, 0, failures);
  std::vector<data::column_ptr> found(4);
  std::vector<std::thread> threads;
  for (auto& f : found)
    threads.emplace_back([&] {
      std::vector<row_failure> none;
      f = evaluate(e, b, 0, none);
    });
  for (auto& t : threads)
    t.join();
  for (const auto& f : found)
    CHECK(f->bytes() == expected->bytes());
}

TEST_CASE("texts that grow beyond every bound fail their row") {
  CHECK_THAT(evaluated("repeat('x', 2000000)"), Contains("too much"));
  CHECK_THAT(evaluated("length(replace(repeat('ab', 500000), 'a', repeat('y', 1000000)))"),
             Contains("too long"));
  CHECK_THAT(evaluated("lpad('x', 9223372036854775807)"), Contains("too much"));
  CHECK_THAT(evaluated("length(repeat('x', 1000000))"), Contains("1000000"));
}

TEST_CASE("md5 is md5") {
  CHECK_THAT(evaluated("md5('')"), Contains("d41d8cd98f00b204e9800998ecf8427e"));
  CHECK_THAT(evaluated("md5('hello')"), Contains("5d41402abc4b2a76b9719d911017c592"));
}

TEST_CASE("the session's zone is UTC, whatever the machine's is, and rules go on after 2037") {
  CHECK_THAT(evaluated("to_char(ts at time zone 'Asia/Ho_Chi_Minh', 'YYYY-MM-DD HH24:MI')"),
             Contains("2021-04-25 02:55"));
  CHECK_THAT(evaluated("(timestamptz '2060-07-01 12:00' at time zone 'America/New_York')::text"),
             Contains("2060-07-01 08:00:00"));
  CHECK_THAT(evaluated("ts::text"), Contains("2021-04-24 19:55:00.796+00"));
}

TEST_CASE("json is carried, turned into text and compared with nothing") {
  CHECK(evaluated("j") == "json: {\"k\":1}, null, null");
  CHECK(evaluated("j::text") == "text: {\"k\":1}, null, null");
  CHECK(evaluated("coalesce(j, j) is null") == "boolean: false, true, false");
  CHECK_THAT(evaluated("j = j"), Contains("problem"));
}

TEST_CASE("functions on text cost what their texts have added, not multiplied") {
  const std::string many_a = "repeat('a', 1000000)";
  const std::string needle = "(repeat('a', 500000) || 'b')";
  const auto whole = [](const std::string& of) { return evaluated("length(" + of + ")"); };
  CHECK_THAT(whole("translate(" + many_a + ", repeat('bc', 500000) || 'a', 'x')"), Contains("0"));
  CHECK_THAT(whole("btrim(" + many_a + ", repeat('bc', 500000))"), Contains("1000000"));
  CHECK_THAT(whole("replace(" + many_a + ", " + needle + ", '')"), Contains("1000000"));
  CHECK_THAT(whole("split_part(" + many_a + ", " + needle + ", -2)"), Contains("0"));
  CHECK_THAT(evaluated("strpos(" + many_a + ", " + needle + ")"), Contains("0"));
  CHECK_THAT(evaluated("cardinality(string_to_array(" + many_a + ", " + needle + "))"), Contains("1"));
  CHECK_THAT(evaluated(many_a + " like '%' || " + needle + " || '%'"), Contains("false"));
  CHECK_THAT(evaluated(many_a + " like '%_' || " + needle + " || '%'"),
             Contains("a part with _ or an escape that is too long"));
}

TEST_CASE("characters that are replaced or trimmed may be others in each row") {
  const auto b = numbers(4);
  const auto of_rows = [&](std::string_view text) { return shown_result(bound_over(text, b), b); };
  CHECK(of_rows("translate('0123é0', t || 'é', 'xÄ')") == "text: x123Äx, 0x23Ä0, 01x3Ä0, 012xÄ0");
  CHECK(of_rows("translate('0123é', '01é', t)") == "text: 023, 123, 223, 323");
  CHECK(of_rows("translate(t, '0123', case when t > '1' then 'abcd' else 'ä' end)") == "text: ä, , c, d");
  CHECK(of_rows("btrim('0é1210é', case t when '1' then '' else t || 'é' end)") ==
        "text: 121, 0é1210é, 0é1210, 0é1210");
  CHECK(of_rows("trim('  ' || t || ' ')") == "text: 0, 1, 2, 3");
}

TEST_CASE("a row whose values have no room fails alone, whoever its neighbours are") {
  const std::string large = "length(repeat(s, 1000000))";
  std::string all = large;
  for (int i = 0; i < 40; ++i)
    all += " + " + large;
  data::batch b;
  b.schema = std::make_shared<data::schema>(std::vector<data::field>{{"s", data::type_id::text}});
  data::column_builder s(data::type_id::text);
  for (std::size_t row = 0; row < 40; ++row)
    s.append_text(row % 20 == 7 ? "0123456789" : row % 2 == 0 ? "01" : "");
  b.rows = 40;
  b.columns.push_back(s.finish());
  std::vector<row_failure> failures;
  const auto out = evaluate(*expression::bind(all, scope{b.schema.get(), {}}), b, 0, failures);
  REQUIRE(failures.size() == 2);
  for (std::size_t i = 0; i < failures.size(); ++i) {
    CHECK(failures[i].row == 7 + i * 20);
    CHECK(failures[i].message == "the row's values take more than 268435456 bytes together");
  }
  for (std::size_t row = 0; row < b.rows; ++row)
    if (row % 20 != 7)
      REQUIRE(out->ints()[row] == (row % 2 == 0 ? 41 * 2'000'000 : 0));
}

TEST_CASE("nothing is found in a part of a text that has no character") {
  CHECK(evaluated("replace(substr(s, 1, 0), 'a', s)") == "text: , null, ");
  CHECK(evaluated("strpos(substr(s, 1, 0), 'a')") == "bigint: 0, null, 0");
}

TEST_CASE("parts are counted from the end as they are found from the beginning") {
  CHECK_THAT(evaluated("split_part('aaa', 'aa', -1)"), Contains(": a, a"));
  CHECK_THAT(evaluated("split_part('a,b,c', ',', -3)"), Contains(": a, a"));
  CHECK_THAT(evaluated("split_part('a,b,c', ',', -4)"), Contains(": , ,"));
}

TEST_CASE("like finds what a search of all ways finds") {
  const auto fits = [](auto&& self, std::string_view s, std::string_view p) -> bool {
    if (p.empty())
      return s.empty();
    if (p.front() == '%')
      return self(self, s, p.substr(1)) || (!s.empty() && self(self, s.substr(1), p));
    return !s.empty() && (p.front() == '_' || p.front() == s.front()) && self(self, s.substr(1), p.substr(1));
  };
  std::uint32_t state = 1;
  const auto text_of = [&](std::string_view letters, std::size_t most) {
    std::string out;
    for (auto n = (state = state * 1664525U + 1013904223U) >> 8U; out.size() < n % (most + 1);)
      out += letters[((state = state * 1664525U + 1013904223U) >> 16U) % letters.size()];
    return out;
  };
  for (int i = 0; i < 3'000; ++i) {
    const auto s = text_of("ab", 8);
    const auto p = text_of("ab%_%", 8);
    INFO(s << " like " << p);
    REQUIRE_THAT(evaluated("'" + s + "' like '" + p + "'"), Contains(fits(fits, s, p) ? "true" : "false"));
  }
}

TEST_CASE("a like pattern with many wildcards takes no exponential time") {
  const auto long_text = "repeat('a', 100000)";
  CHECK_THAT(evaluated(std::string(long_text) + " like '%a%a%a%a%a%a%a%a%b'"), Contains("false"));
}

TEST_CASE("an interval of any length is read back from its own text") {
  const std::string_view greatest = "2562047788:00:54.775807", least = "-2562047788:00:54.775808";
  for (const auto text : {greatest, least, std::string_view("1991336935:04:15.84")}) {
    const auto same = std::string(text);
    CHECK(evaluated("interval '" + same + "'::text") == "text: " + same + ", " + same + ", " + same);
  }
  CHECK(evaluated("interval '2562047788:00:54.775808'").starts_with("problem"));
  CHECK(evaluated("interval '-9223372036854775808:00'").starts_with("problem"));
}

TEST_CASE("a list of numbers of several kinds takes the wider one") {
  CHECK(evaluated("array[1, 2.5]") == "[numeric]: [1,2.5], [1,2.5], [1,2.5]");
}
