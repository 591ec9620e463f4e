// Aggregates of numerics: PostgreSQL 15's results and scales, in any order of records, merged and taken off.
#include "runtime/data/render.hpp"
#include "tests/unit/window/captures.hpp"

#include <catch2/catch.hpp>

#include <algorithm>

namespace millrace::window {

using data::type_id;
using expression::aggregate_function;
using namespace test;

namespace {

const data::type plain = type_id::numeric;
const data::type money = data::type::numeric_of(10, 2);

decimal number(std::string_view text) {
  decimal out;
  REQUIRE(read_decimal(text, out) == decimal_reading::ok);
  return out;
}

click priced(event_micros time, std::optional<std::string_view> price) {
  click c{time, "ann"};
  c.price = price ? std::optional(number(*price)) : std::nullopt;
  return c;
}

using prices = std::vector<std::optional<std::string_view>>;

delivery::fired_window fired(const aggregate& a, const prices& values) {
  const auto d = windows_of(10, 10, {a});
  const auto w = make_shard_windows(d);
  std::vector<click> clicks;
  for (const auto& v : values)
    clicks.push_back(priced(1, v));
  absorb(*w, d, clicks);
  auto all = fire_all(*w, no_watermark, end_of_time);
  REQUIRE(all.size() == 1);
  return std::move(all.front());
}

/// The result as text, in any order of the values; "failed: ..." where the row is set apart.
std::string result(const aggregate& a, prices values) {
  std::string out;
  for (std::size_t turn = 0; turn < std::max<std::size_t>(1, values.size()); ++turn) {
    const auto w = fired(a, values);
    std::string now;
    if (!w.failed.empty())
      now = "failed: " + w.failed.front().error;
    else
      data::append_json_value(now, *w.rows->columns[1], 0);
    if (turn > 0)
      CHECK(now == out);
    out = std::move(now);
    if (!values.empty())
      std::rotate(values.begin(), values.begin() + 1, values.end());
  }
  return out;
}

std::string of(expression::aggregate_function f, const prices& values) {
  return result(over(f, plain, plain), values);
}

const std::string ones(38, '1');
const std::string nines(38, '9');
const std::string least = "0." + std::string(37, '0') + "1";

}  // namespace

TEST_CASE("a sum of numerics is exact and has the greatest scale of its values") {
  CHECK(of(aggregate_function::sum, {"1.5", "2.25", "-0.05"}) == "3.70");
  CHECK(of(aggregate_function::sum, {"1", "2", "3"}) == "6");
  CHECK(of(aggregate_function::sum, {"1.50", "-1.5"}) == "0.00");
  CHECK(of(aggregate_function::sum, {"0.000", "5", std::nullopt}) == "5.000");
  CHECK(of(aggregate_function::sum, {std::nullopt}) == "null");
  CHECK(of(aggregate_function::sum, {"-0.1", "-0.2"}) == "-0.3");
  CHECK(of(aggregate_function::sum, {ones, "1"}) == std::string(37, '1') + "2");
  CHECK(of(aggregate_function::sum, {nines, "-" + nines, least}) ==
        least);  // the sum between them has 77 digits
  CHECK(result(over(aggregate_function::sum, money, data::type::numeric_of(38, 2)), {"1.5", "2", "-3.5"}) ==
        "0.00");
}

TEST_CASE("a sum, a mean and a variance of more than 38 digits set the row apart") {
  CHECK(of(aggregate_function::sum, {nines, "1"})
            .starts_with("failed: \"a0\" needs more than the 38 digits of a numeric"));
  CHECK(of(aggregate_function::sum, {nines, "1"}).ends_with("as in sum(x::double precision)"));
  CHECK(of(aggregate_function::sum, {"1", least}).starts_with("failed: "));
  CHECK(of(aggregate_function::avg, {least}).starts_with("failed: "));
  CHECK(of(aggregate_function::avg, {least}).ends_with("as in avg(x::double precision)"));
  CHECK(of(aggregate_function::var_samp, {nines, "1"}).starts_with("failed: "));
  CHECK(of(aggregate_function::var_samp, {nines, "1"}).ends_with("as in stddev(x::double precision)"));
  CHECK(of(aggregate_function::stddev_pop, {least, "0"}).starts_with("failed: "));
}

TEST_CASE("a mean of numerics has the scale of PostgreSQL's quotient") {
  CHECK(of(aggregate_function::avg, {"1", "2"}) == "1.5000000000000000");
  CHECK(of(aggregate_function::avg, {"1.5", "2.25", "-0.05"}) == "1.23333333333333333333");
  CHECK(of(aggregate_function::avg, {"3"}) == "3.0000000000000000");
  CHECK(of(aggregate_function::avg, {"-1", "-2"}) == "-1.5000000000000000");
  CHECK(of(aggregate_function::avg, {"0.00", "0"}) == "0.00000000000000000000");
  CHECK(of(aggregate_function::avg, {std::nullopt}) == "null");
  const std::string large = "9" + std::string(37, '0');
  CHECK(of(aggregate_function::avg, {large, large}) == large);  // the sum has 39 digits
  CHECK(of(aggregate_function::avg, {large, large, large}) == large);
  CHECK(result(over(aggregate_function::avg, money, plain), {"1", "2"}) == "1.5000000000000000");
}

TEST_CASE("variances of numerics are PostgreSQL's, and a deviation is the root of the rounded one") {
  const prices four{"1", "2", "3", "4"};
  CHECK(of(aggregate_function::var_samp, four) == "1.6666666666666667");
  CHECK(of(aggregate_function::stddev_samp, four) == "1.2909944487358056");
  CHECK(of(aggregate_function::var_pop, four) == "1.2500000000000000");
  CHECK(of(aggregate_function::stddev_pop, four) == "1.1180339887498948");
  CHECK(of(aggregate_function::var_samp, {"1"}) == "null");
  CHECK(of(aggregate_function::stddev_samp, {"1", std::nullopt}) == "null");
  CHECK(of(aggregate_function::var_pop, {"1.0"}) == "0");
  CHECK(of(aggregate_function::stddev_samp, {"7.25", "7.250"}) == "0");
  CHECK(of(aggregate_function::var_samp, {"-3", "3"}) == "18.0000000000000000");
  // Their squares need 77 digits; a root of 38 does not.
  CHECK(of(aggregate_function::stddev_pop, {"-" + ones, ones}) == ones);
  CHECK(of(aggregate_function::var_pop, {"-" + ones, ones}).starts_with("failed: "));
}

TEST_CASE("of equal numerics min and max give the one of the greatest scale, in any order") {
  CHECK(of(aggregate_function::max, {"1.5", "1.50", "1"}) == "1.50");
  CHECK(of(aggregate_function::min, {"1.5", "1.500", "2"}) == "1.500");
  CHECK(of(aggregate_function::max, {"-1", "-1.0", "-2"}) == "-1.0");
  CHECK(of(aggregate_function::min, {"0", "0.00", "0.1"}) == "0.00");
  CHECK(of(aggregate_function::max, {least, nines, "-" + nines}) == nines);
  CHECK(of(aggregate_function::min, {least, nines, "-" + nines}) == "-" + nines);
  CHECK(of(aggregate_function::min, {std::nullopt}) == "null");
  CHECK(result(over(aggregate_function::max, money, money), {"1.5", "2"}) == "2.00");
}

TEST_CASE("first, last and lists of numerics keep the scale, and distinct values are numbers") {
  const auto d =
      windows_of(10, 10,
                 {over(aggregate_function::first, plain, plain), over(aggregate_function::last, plain, plain),
                  over(aggregate_function::array_agg, plain, data::type::list_of(plain))});
  const auto w = make_shard_windows(d);
  absorb(*w, d, {priced(1, "1.50"), priced(2, "-2"), priced(3, std::nullopt), priced(4, "0.000")});
  const auto all = fire_all(*w, no_watermark, end_of_time);
  std::string row;
  for (std::size_t c = 1; c <= 3; ++c)
    data::append_json_value(row += ' ', *all.front().rows->columns[c], 0);
  CHECK(row == " 1.50 0.000 [1.50,-2,null,0.000]");
  CHECK(result(over(aggregate_function::count_distinct, plain, type_id::bigint),
               {"1.5", "1.50", "2", "2.0", "3"}) == "3");
  auto distinct = over(aggregate_function::array_agg, plain, data::type::list_of(plain));
  distinct.distinct = true;
  distinct.order = {{plain}};
  CHECK(result(distinct, {"2", "1.5", "1.50", "-1", "1.500", "2"}) == "[-1,1.500,2]");
  distinct.order[0].descending = true;
  CHECK(result(distinct, {"2", "1.5", "1.50", "-1", "0", "-0.0"}) == "[2,1.50,0.0,-1]");
}

TEST_CASE("percentiles of numerics are values, or doubles between them") {
  auto disc = over(aggregate_function::percentile_disc, plain, plain);
  disc.fraction = 0.5;
  disc.order = {{plain}};
  CHECK(result(disc, {"3", "1.50", "2.25"}) == "2.25");
  CHECK(result(disc, {"1.5", "1.50", "1.500", "1"}) == "1.5");
  auto cont = over(aggregate_function::percentile_cont, plain, type_id::float64);
  cont.fraction = 0.5;
  cont.order = {{plain}};
  CHECK(result(cont, {"1", "2.50"}) == "1.75");
}

TEST_CASE("a sum that slides has the scale of what has stayed") {
  const auto type = GENERATE(data::type(type_id::numeric), data::type::numeric_of(12, 3));
  const auto typed = type.precision() != 0;
  const auto d =
      windows_of(50, 10,
                 {over(aggregate_function::sum, type, typed ? data::type::numeric_of(38, 3) : type),
                  over(aggregate_function::max, type, type), over(aggregate_function::var_pop, type, plain)});
  const auto w = make_shard_windows(d);
  absorb(*w, d, {priced(5, "1.125"), priced(15, "2"), priced(25, "3.5")});
  std::vector<std::string> sums, greatest, variances;
  for (const auto& f : fire_all(*w, no_watermark, end_of_time)) {
    REQUIRE(f.rows->rows == 1);
    data::append_json_value(sums.emplace_back(), *f.rows->columns[1], 0);
    data::append_json_value(greatest.emplace_back(), *f.rows->columns[2], 0);
    data::append_json_value(variances.emplace_back(), *f.rows->columns[3], 0);
  }
  if (typed) {
    CHECK(sums == std::vector<std::string>{"1.125", "3.125", "6.625", "6.625", "6.625", "5.500", "3.500"});
    CHECK(greatest.back() == "3.500");
  } else {
    CHECK(sums == std::vector<std::string>{"1.125", "3.125", "6.625", "6.625", "6.625", "5.5", "3.5"});
    CHECK(greatest.back() == "3.5");
  }
  REQUIRE(variances.size() == 7);
  CHECK(variances[5] == "0.56250000000000000000");
  CHECK(variances[6] == "0");
}

TEST_CASE("states of numerics are read back, and damage is refused or harmless") {
  const auto d = windows_of(
      30, 10,
      {over(aggregate_function::sum, plain, plain), over(aggregate_function::avg, money, plain),
       over(aggregate_function::stddev_samp, plain, plain), over(aggregate_function::min, plain, plain),
       over(aggregate_function::max, money, money), over(aggregate_function::last, plain, plain),
       over(aggregate_function::array_agg, money, data::type::list_of(money)),
       over(aggregate_function::percentile_disc, plain, plain)});
  const auto w = make_shard_windows(d);
  for (int i = 0; i < 40; ++i) {
    auto c = priced(i % 20, i % 7 == 0 ? std::optional<std::string_view>() : "12.5");
    c.user = "user" + std::to_string(i % 9);
    if (c.price)
      c.price = decimal((i - 20) * static_cast<__int128>(power_of_ten(i % 30)), i % 39);
    absorb(*w, d, {c});
  }
  const auto bytes = all_of(*w);
  const auto again = make_shard_windows(d);
  REQUIRE(applied_to(*again, bytes));
  CHECK(all_of(*again) == bytes);
  for (std::size_t n = 0; n < bytes.size(); ++n) {
    const auto other = make_shard_windows(d);
    REQUIRE_FALSE(applied_to(*other, std::string_view(bytes).substr(0, n)));
  }
  CHECK(refusals_of_damage(d, bytes) > 1000);
  const auto all = fire_all(*w, no_watermark, end_of_time);
  const auto all_again = fire_all(*again, no_watermark, end_of_time);
  REQUIRE(all.size() == all_again.size());
  for (std::size_t i = 0; i < all.size(); ++i)
    CHECK(rows_of(all[i]) == rows_of(all_again[i]));
}

TEST_CASE("sums near the bounds of a limb are read back") {
  const auto d = windows_of(10, 10, {over(aggregate_function::sum, plain, plain)});
  for (const std::string_view v :
       {"0", "-1", "1", "9223372036854775807", "9223372036854775808", "-9223372036854775808",
        "-9223372036854775809", "18446744073709551616", "-18446744073709551616"}) {
    const auto w = make_shard_windows(d);
    absorb(*w, d, {priced(5, v)});
    const auto again = make_shard_windows(d);
    REQUIRE(applied_to(*again, all_of(*w)));
    std::string sum;
    data::append_json_value(sum, *fire_all(*again, no_watermark, end_of_time).front().rows->columns[1], 0);
    CHECK(sum == v);
  }
}

TEST_CASE("the states of numerics have the bytes that docs/development/formats.md describes") {
  const auto d = windows_of(
      10, 10,
      {over(aggregate_function::sum, plain, plain), over(aggregate_function::var_pop, plain, plain),
       over(aggregate_function::min, plain, plain), over(aggregate_function::last, plain, plain)});
  const auto w = make_shard_windows(d);
  absorb(*w, d, {priced(5, "-1.50"), priced(5, "1")});
  using namespace std::literals;
  const auto limb = [](std::uint64_t v) {
    return std::string(reinterpret_cast<const char*>(&v),
                       sizeof v);  // least significant byte aggregate_function::first
  };
  const auto minus_fifty = "\x01"s + limb(static_cast<std::uint64_t>(-50));
  const auto sum_state = "\x02\x01\x02"s + minus_fifty;
  const auto squares = "\x01"s + limb(150 * 150 + 100 * 100);
  const auto least_state = "\x01\x02"s + limb(static_cast<std::uint64_t>(-150)) + limb(~0ULL);
  const auto bytes = all_of(*w);
  CHECK(bytes.find(sum_state + sum_state + squares + least_state) != std::string::npos);
  CHECK(bytes.ends_with("\x05\x01\xc1\x02\x00\x00"s));  // 1 as a key of five bytes with its scale
}

TEST_CASE("a key of a numeric column with too many digits is a damaged one") {
  auto d = windows_of(10, 10, {test::count_rows()});
  const auto of_any = [&](data::type type) {
    d.keys[0].type = type;
    auto fields = d.output->fields();
    fields[0].type = type;
    d.output = std::make_shared<data::schema>(std::move(fields));
    return make_shard_windows(d);
  };
  const auto w = of_any(plain);
  data::column_builder keys(plain);
  keys.append_decimal(decimal(1555, 3));
  const std::vector<data::column_ptr> columns{keys.finish()};
  const std::vector<data::column_ptr> none{nullptr};
  const std::vector<event_micros> times{1}, watermarks{no_watermark};
  partials_builder b(d);
  std::vector<std::uint32_t> late;
  b.add({columns, none, none, times, watermarks}, late);
  w->absorb_partials(*b.finish()[0], no_watermark);
  const auto bytes = all_of(*w);
  CHECK(applied_to(*of_any(plain), bytes));
  CHECK(applied_to(*of_any(data::type::numeric_of(4, 3)), bytes));
  for (const auto& narrow : {money, data::type::numeric_of(3, 3)}) {
    const auto applied = applied_to(*of_any(narrow), bytes);
    REQUIRE_FALSE(applied);
    CHECK(applied.error().code == ec::corrupt);
  }
}

}  // namespace millrace::window
