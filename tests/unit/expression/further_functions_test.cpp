// Quoting, counts of nulls, spans of time, numbers of texts, texts of intervals, and the numbers about a numeric.
#include "tests/unit/expression/evaluate_one.hpp"

#include <pthread.h>

using namespace millrace;
using namespace millrace::expression;
using Catch::Matchers::Contains;

namespace {

/// The text of the value that all rows have.
std::string one_text(std::string_view call) {
  const auto all = evaluated(fmt::format("({})::text", call));
  const auto value = all.substr(all.find(' ') + 1);
  const auto one = value.substr(0, value.size() / 3 - 1);
  CHECK(value == fmt::format("{0}, {0}, {0}", one));
  return one;
}

}  // namespace

TEST_CASE("values and names are quoted as SQL reads them back") {
  CHECK(evaluated("quote_nullable(s)") == "text: 'Hà Nội', NULL, ''");
  CHECK(evaluated("quote_nullable(a)") == "text: '7', NULL, '-9223372036854775808'");
  CHECK(evaluated("quote_literal(p)") == "text: 'true', null, 'false'");
  CHECK(one_text("quote_nullable(null)") == "NULL");
  CHECK(one_text("quote_ident('order_id')") == "order_id");
  CHECK(one_text("quote_ident('order')") == "\"order\"");
  CHECK(one_text("quote_ident('between')") == "\"between\"");
  CHECK(one_text("quote_ident('name')") == "name");
  CHECK(one_text("quote_ident('Name')") == "\"Name\"");
  CHECK(one_text("quote_ident('a\"b')") == "\"a\"\"b\"");
  CHECK(one_text("quote_ident('1a')") == "\"1a\"");
  CHECK(one_text("quote_ident('')") == "\"\"");
  CHECK_THAT(evaluated("quote_literal(venue)"), Contains("problem"));
}

TEST_CASE("nulls are counted among arguments of any type") {
  CHECK(evaluated("num_nulls(a, x, s, p, ts, j, venue, venue.lat)") == "bigint: 0, 8, 1");
  CHECK(evaluated("num_nonnulls(a, null, 'x', array[1], ts - ts)") == "bigint: 4, 2, 4");
  CHECK(evaluated("num_nulls(1 / (a % 7))") == "bigint: !division by zero, 1, 0");
  CHECK(evaluated("num_nulls()") == "problem at 0: num_nulls takes more arguments");
}

TEST_CASE("spans of time overlap, or one cannot know") {
  CHECK(one_text("(timestamp '2021-01-01', timestamp '2021-02-01') overlaps "
                 "(timestamp '2021-01-31', interval '1 day')") == "true");
  CHECK(one_text("(timestamp '2021-01-01', timestamp '2021-02-01') overlaps "
                 "(timestamp '2021-02-01', timestamp '2021-03-01')") == "false");
  CHECK(evaluated("(ts, ts) overlaps ('2021-01-01', '2022-01-01')") == "boolean: true, null, false");
  CHECK(evaluated("(ts, interval '300000 years') overlaps (ts, ts)") ==
        "boolean: !timestamp out of range, null, !timestamp out of range");
  CHECK_THAT(evaluated("('2021-01-01', '2021-02-01') overlaps ('2021-01-15', '2021-03-01')"),
             Contains("there is no overlaps(unknown, unknown, unknown, unknown)"));
  CHECK_THAT(evaluated("(a, a) overlaps (a, a)"), Contains("there is no overlaps(bigint"));
}

TEST_CASE("a number is read by a template") {
  CHECK(one_text("to_number('$12,454.8-', '$99G999D9S')") == "-12454.8");
  CHECK(one_text("to_number('<12>', '99PR')") == "-12");
  CHECK(one_text("to_number('1.239', '9.99')") == "1.23");
  CHECK(one_text("to_number('', '99')") ==
        "!to_number('', '99'): the text has no digit where the template has one");
  CHECK(one_text("to_number('12', '')") == "null");
  CHECK(one_text("to_number('abc', '999')") ==
        "!to_number('abc', '999'): the text has no digit where the template has one");
  CHECK(one_text("to_number('123', '99.')") ==
        "!to_number('123', '99.'): the text has more digits before the point than the template");
  CHECK_THAT(evaluated("to_number(s, 'RN')"), Contains("problem") && Contains("RN is not offered"));
  CHECK(evaluated("to_number(s, s)") == "numeric: !to_number('Hà Nội', 'Hà Nội'): the text has no digit "
                                        "where the template has one, null, null");
}

TEST_CASE("an interval is written by a template") {
  CHECK(one_text("to_char(interval '36 hours 5 minutes', 'HH24:MI:SS')") == "36:05:00");
  CHECK(one_text("to_char(interval '-14 months -3 days', 'YYYY-MM-DD')") == "-0001--02--3");
  CHECK(one_text("to_char(interval '1 day', '')") == "null");
  CHECK(evaluated("to_char(interval '1 day', 'Month')") ==
        "problem at 26: to_char cannot write Month of an interval, which lies on no calendar");
  CHECK(evaluated("to_char(ts - ts, coalesce(s, 'IW'))") ==
        "text: !to_char cannot write i of an interval, which lies on no calendar, null, null");
}

TEST_CASE("numerics have divisors, multiples, factorials and scales") {
  CHECK(evaluated("gcd(12.50, 7.5)") == "numeric(38,2): 2.50, 2.50, 2.50");
  CHECK(evaluated("lcm(-0.6, 0.80)") == "numeric(38,2): 2.40, 2.40, 2.40");
  CHECK(one_text("gcd(0.00, 0)") == "0.00");
  CHECK(one_text("gcd(0, 5.000)") == "5.000");
  CHECK(one_text("gcd(1e37, 0.00)") == fmt::format("!gcd(1{:037}, 0.00) has more than 38 digits", 0));
  CHECK(evaluated("factorial(33)") ==
        fmt::format("numeric(38,0): {0}, {0}, {0}", "8683317618811886495518194401280000000"));
  CHECK(evaluated("factorial(a)") ==
        "numeric(38,0): 5040, null, !factorial(-9223372036854775808): a negative number has none");
  CHECK(one_text("factorial(34)") == "!factorial(34) has more than 38 digits");
  CHECK(one_text("scale(8.4100)") == "4");
  CHECK(one_text("min_scale(8.4100)") == "2");
  CHECK(one_text("trim_scale(8.4100)") == "8.41");
  CHECK(one_text("pi()") == "3.141592653589793");
}

TEST_CASE("parsing keeps no key of thread-specific data") {
  const auto keys_left = [] {
    std::vector<pthread_key_t> keys;
    for (pthread_key_t key{}; pthread_key_create(&key, nullptr) == 0;)
      keys.push_back(key);
    for (const auto key : keys)
      pthread_key_delete(key);
    return keys.size();
  };
  (void)evaluated("1 + 1");
  const auto before = keys_left();
  for (int i = 0; i < 20; ++i)
    (void)evaluated("1 + 1");
  CHECK(keys_left() == before);
}
