// Numerics in expressions: exact, with PostgreSQL's scales, and with a type where the scale is the same for all rows.
#include "tests/unit/expression/evaluate_one.hpp"

using namespace millrace;
using namespace millrace::expression;

namespace {

/// Columns n numeric, p numeric(10,2), a bigint, x double, l [numeric]; rows: plain ones, all null, the widest.
data::batch numerics() {
  using enum data::type_id;
  data::batch b;
  b.schema = std::make_shared<data::schema>(std::vector<data::field>{{"n", numeric},
                                                                     {"p", data::type::numeric_of(10, 2)},
                                                                     {"a", bigint},
                                                                     {"x", float64},
                                                                     {"l", data::type::list_of(numeric)}});
  std::vector<data::column_builder> out;
  for (const auto& f : *b.schema)
    out.emplace_back(f.type);
  out[0].append_decimal({150, 2});
  out[1].append_decimal({-1999, 2});
  out[2].append_int(3);
  out[3].append_double(0.1);
  out[4].child(0).append_decimal({150, 2});
  out[4].child(0).append_null();
  out[4].append_list();
  for (auto& c : out)
    c.append_null();
  out[0].append_decimal({static_cast<__int128>(power_of_ten(38) - 1), 0});
  out[1].append_decimal({9'999'999'999, 2});
  out[2].append_int(std::numeric_limits<std::int64_t>::max());
  out[3].append_double(1e300);
  out[4].append_list();
  for (auto& c : out)
    b.columns.push_back(c.finish());
  b.rows = 3;
  return b;
}

std::string numeric_result(std::string_view text) { return evaluated(text, numerics()); }

constexpr auto widest = "99999999999999999999999999999999999999";

}  // namespace

TEST_CASE("a literal with a point is exact") {
  CHECK(numeric_result("0.1 + 0.2") == "numeric(38,1): 0.3, 0.3, 0.3");
  CHECK(numeric_result("1.10") == "numeric(38,2): 1.10, 1.10, 1.10");
  CHECK(numeric_result("1.5e-3") == "numeric(38,4): 0.0015, 0.0015, 0.0015");
  CHECK(numeric_result("0.1 + 0.2 = 0.3") == "boolean: true, true, true");
  CHECK(numeric_result("x + 0.2") == "double: 0.30000000000000004, null, 1e+300");
  CHECK(numeric_result("1e300") == "double: 1e+300, 1e+300, 1e+300");
  CHECK(numeric_result("1e400") == "problem at 0: the number 1e400 is out of range for double");
}

TEST_CASE("operators keep PostgreSQL's scales, and a row with more than 38 digits fails") {
  CHECK(numeric_result("n + p") ==
        fmt::format("numeric: -18.49, null, !{} + 99999999.99 has more than 38 digits", widest));
  CHECK(numeric_result("p - 0.005") == "numeric(38,3): -19.995, null, 99999999.985");
  CHECK(numeric_result("p * p") == "numeric(38,4): 399.6001, null, 9999999998000000.0001");
  CHECK(numeric_result("p / 3") == "numeric: -6.6633333333333333, null, 33333333.330000000000");
  CHECK(numeric_result("n / a") == "numeric: 0.50000000000000000000, null, 10842021724855044341");
  CHECK(numeric_result("p % 7") == "numeric(38,2): -5.99, null, 1.99");
  CHECK(numeric_result("div(p, 7)") == "numeric(38,0): -2, null, 14285714");
  CHECK(numeric_result("p / 0") == "numeric: !division by zero, null, !division by zero");
  CHECK(numeric_result("-p") == "numeric(10,2): 19.99, null, -99999999.99");
  CHECK(numeric_result("a * 1.5") == "numeric(38,1): 4.5, null, 13835058055282163710.5");
}

TEST_CASE("rounding has the scale that is asked for") {
  CHECK(numeric_result("round(p, 1)") == "numeric(38,1): -20.0, null, 100000000.0");
  CHECK(numeric_result("round(p)") == "numeric(38,0): -20, null, 100000000");
  CHECK(numeric_result("trunc(p, 1)") == "numeric(38,1): -19.9, null, 99999999.9");
  CHECK(numeric_result("round(p, -2)") == "numeric(38,0): 0, null, 100000000");
  CHECK(numeric_result("floor(p)") == "numeric(38,0): -20, null, 99999999");
  CHECK(numeric_result("ceil(p)") == "numeric(38,0): -19, null, 100000000");
  CHECK(numeric_result("round(2.5)") == "numeric(38,0): 3, 3, 3");
  CHECK(numeric_result("round(x, 2)") ==
        "numeric(38,2): 0.10, null, !round(1e+300, 2) has more than 38 digits");
  CHECK(numeric_result("round(p, a)").starts_with("numeric: -19.990, null, !round("));
}

TEST_CASE("a cast gives a numeric its scale, or fails the row") {
  CHECK(numeric_result("n::numeric(10,1)") ==
        fmt::format("numeric(10,1): 1.5, null, !{} is out of range for numeric(10,1)", widest));
  CHECK(numeric_result("x::numeric(5,2)")
            .starts_with("numeric(5,2): 0.10, null, !1e+300 is out of range for numeric"));
  CHECK(numeric_result("'1.005'::numeric(5,2)") == "numeric(5,2): 1.01, 1.01, 1.01");
  CHECK(numeric_result("a::numeric(20)").starts_with("numeric(20,0): 3, null, 9223372036854775807"));
  CHECK(numeric_result("p::bigint") == "bigint: -20, null, 100000000");
  CHECK(numeric_result("n::bigint") ==
        fmt::format("bigint: 2, null, !{} is out of range for bigint", widest));
  CHECK(numeric_result("n::text") == fmt::format("text: 1.50, null, {}", widest));
  CHECK(numeric_result("n::double precision") == "double: 1.5, null, 1e+38");
  CHECK(numeric_result("'NaN'::numeric").starts_with("problem at 0: 'NaN' is out of range for numeric"));
  CHECK(numeric_result("n::numeric(39,2)").starts_with("problem at 3: a numeric has 1 to 38 digits"));
  CHECK(numeric_result("n::numeric(2,3)").starts_with("problem at 3: a numeric has 1 to 38 digits"));
}

TEST_CASE("numerics compare by value") {
  CHECK(numeric_result("n = 1.5") == "boolean: true, null, false");
  CHECK(numeric_result("n > p") == "boolean: true, null, true");
  CHECK(numeric_result("n in (1.500, 2)") == "boolean: true, null, false");
  CHECK(numeric_result("1.5 = any(l)") == "boolean: true, null, false");
  CHECK(numeric_result("greatest(p, n)") == fmt::format("numeric: 1.50, null, {}", widest));
  CHECK(numeric_result("coalesce(p, 0)") == "numeric: -19.99, 0, 99999999.99");
  CHECK(numeric_result("coalesce(p, 0.00)") == "numeric(38,2): -19.99, 0.00, 99999999.99");
  CHECK(numeric_result("case when a = 3 then p end") == "numeric(10,2): -19.99, null, null");
}

TEST_CASE("lists, json and templates have a numeric's digits") {
  CHECK(numeric_result("l") == "[numeric]: [1.50,null], null, []");
  CHECK(numeric_result("array[p, p]") ==
        "[numeric(10,2)]: [-19.99,-19.99], [null,null], [99999999.99,99999999.99]");
  CHECK(numeric_result("array[p, n]").starts_with("[numeric]: [-19.99,1.50]"));
  CHECK(numeric_result("to_json(n)") == fmt::format("json: 1.50, null, {}", widest));
  CHECK(numeric_result("to_char(p, 'FM999999990.000')") == "text: -19.990, null, 99999999.990");
  CHECK(numeric_result("to_char(n, '0.0')") == "text:  1.5, null,  #.#");
  CHECK(numeric_result("to_char(0.125, 'FM0.00')") == "text: 0.13, 0.13, 0.13");
}

TEST_CASE("fields of a time have PostgreSQL's scales") {
  CHECK(evaluated("extract(epoch from ts)") == "numeric(38,6): 1619294100.796000, null, 0.000000");
  CHECK(evaluated("extract(second from ts)") == "numeric(38,6): 0.796000, null, 0.000000");
  CHECK(evaluated("extract(milliseconds from ts)") == "numeric(38,3): 796.000, null, 0.000");
  CHECK(evaluated("extract(year from ts)") == "numeric(38,0): 2021, null, 1970");
  CHECK(evaluated("date_part('epoch', ts)") == "double: 1619294100.796, null, 0");
}

TEST_CASE("roots, powers and logarithms have sixteen digits at least") {
  const auto of = [](std::string_view call, std::string_view digits) {
    CHECK(numeric_result(fmt::format("({})::text", call)) == fmt::format("text: {0}, {0}, {0}", digits));
  };
  of("sqrt(2.0)", "1.414213562373095");
  of("exp(1.0)", "2.7182818284590452");
  of("ln(2.0)", "0.6931471805599453");
  of("power(2.0, 3)", "8.0000000000000000");
  of("power(99999999.99, 0.5)", "9999.999999500000");
  of("2.0 ^ -2", "0.2500000000000000");
  of("log(100.0)", "2.0000000000000000");
  of("power(-1.0, 3000000000)", "1.0000000000000000");
  of("power(-1.0, 3000000001)", "-1.0000000000000000");
  of("power(-1.00000000001, 30000000000.00)", "1.3498588075739783");
  CHECK(numeric_result("ln(p)").starts_with("numeric: !cannot take the logarithm of -19.99, null, "));
  CHECK(numeric_result("exp(100.0)").starts_with("numeric: !exp(100.0) has more than 38 digits"));
}
