#include "tests/property/window/oracle.hpp"

#include "runtime/expression/formats/calendar.hpp"
#include "tests/property/window/exact_numbers.hpp"
#include "tests/property/window/local_clock.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <tuple>
#include <utility>

namespace millrace::window::oracle {
namespace {

/// -1, 0, 1; `zeros`: whether -0 and 0 differ.
int compare(const value& a, const value& b, bool zeros) {
  if (a.null || b.null)
    return static_cast<int>(a.null) - static_cast<int>(b.null);
  if (a.type == data::type_id::float64) {
    if (std::isnan(a.number) || std::isnan(b.number))
      return static_cast<int>(std::isnan(a.number)) - static_cast<int>(std::isnan(b.number));
    if (a.number == b.number)
      return zeros ? static_cast<int>(std::signbit(b.number)) - static_cast<int>(std::signbit(a.number)) : 0;
    return a.number < b.number ? -1 : 1;
  }
  if (a.type == data::type_id::numeric)
    return a.exact < b.exact ? -1 : a.exact > b.exact ? 1 : 0;
  if (a.type == data::type_id::text) {
    const auto c = a.text.compare(b.text);
    return c < 0 ? -1 : c > 0 ? 1 : 0;
  }
  return a.integer < b.integer ? -1 : a.integer > b.integer ? 1 : 0;
}

value integer_value(data::type_id type, std::int64_t v) { return {type, false, v, 0, {}}; }
value number_value(double v) { return {data::type_id::float64, false, 0, v, {}}; }

value exact_value(const decimal& v) { return {data::type_id::numeric, false, 0, 0, {}, v}; }

std::vector<decimal> decimals_of(const std::vector<const value*>& values) {
  std::vector<decimal> out;
  for (const auto* v : values)
    out.push_back(v->exact);
  return out;
}

/// Equal numerics in the order of their scales, 0 for other values.
int compare_scales(const value& a, const value& b) {
  return a.type == data::type_id::numeric ? a.exact.scale() - b.exact.scale() : 0;
}

/// Returns false where there is none.
bool take(const decimal_or_none& v, value& out) {
  if (v)
    out = exact_value(*v);
  return v.has_value();
}

value zero_unsigned(value v) {
  if (v.type == data::type_id::float64 && v.number == 0)
    v.number = 0;
  return v;
}

using aggregate_function = expression::aggregate_function;

bool of_sample(aggregate_function f) {
  return f == aggregate_function::var_samp || f == aggregate_function::stddev_samp;
}
bool is_variance(aggregate_function f) {
  return of_sample(f) || f == aggregate_function::var_pop || f == aggregate_function::stddev_pop;
}

/// Returns false beyond double, or beyond 38 digits of a numeric.
bool variance_of(const aggregate& a, const std::vector<const value*>& values, value& out) {
  const auto divisor = values.size() - (of_sample(a.function) ? 1 : 0);
  if (divisor == 0)
    return true;
  const bool root =
      a.function == aggregate_function::stddev_samp || a.function == aggregate_function::stddev_pop;
  if (a.argument.id() == data::type_id::numeric)
    return take(exact_variance(decimals_of(values), divisor, root), out);
  double variance = 0;
  if (a.argument.id() == data::type_id::bigint) {
    std::vector<std::int64_t> numbers;
    for (const auto* v : values)
      numbers.push_back(v->integer);
    variance = exact_variance(numbers, divisor);
  } else {
    std::vector<double> numbers;
    bool large = false;
    bool special = false;
    for (const auto* v : values) {
      numbers.push_back(v->number);
      special = special || !std::isfinite(v->number);
      large = large || std::abs(v->number) >= std::ldexp(1, 511);
    }
    if (large && !special)
      return false;
    variance = special ? std::numeric_limits<double>::quiet_NaN() : exact_variance(numbers, divisor);
  }
  out = number_value(root ? std::sqrt(variance) : variance);
  return true;
}

/// Keeps one of the values that are equal, of numerics that of the greatest scale.
std::vector<const value*> different(const std::vector<const value*>& values) {
  std::vector<const value*> out;
  for (const auto* v : values) {
    const auto at =
        std::find_if(out.begin(), out.end(), [&](const auto* x) { return compare(*x, *v, false) == 0; });
    if (at == out.end())
      out.push_back(v);
    else if (compare_scales(**at, *v) < 0)
      *at = v;
  }
  return out;
}

bool reads_x(aggregate_function f) {
  return f != aggregate_function::regr_avgy && f != aggregate_function::regr_syy;
}
bool reads_y(aggregate_function f) {
  return f != aggregate_function::regr_avgx && f != aggregate_function::regr_sxx;
}
/// Returns whether a function reads x * x, or y * y.
bool squares_x(aggregate_function f) {
  using enum expression::aggregate_function;
  return f == regr_sxx || f == regr_slope || f == regr_intercept || f == corr || f == regr_r2;
}
bool squares_y(aggregate_function f) {
  using enum expression::aggregate_function;
  return f == regr_syy || f == corr || f == regr_r2;
}
bool multiplies(aggregate_function f) { return reads_x(f) && reads_y(f); }

/// One of the numbers of each pair, as a mean: it tells infinities and NaN from numbers.
double mean_of(const std::vector<number_pair>& pairs, double number_pair::*member) {
  std::vector<double> numbers;
  for (const auto& p : pairs)
    numbers.push_back(p.*member);
  return exact_quotient(numbers, pairs.size());
}

bool any_is_special(const std::vector<number_pair>& pairs, double number_pair::*member) {
  return std::any_of(pairs.begin(), pairs.end(), [&](const auto& p) { return !std::isfinite(p.*member); });
}

/// Returns whether a product of finite numbers is too large.
bool any_is_large(const std::vector<number_pair>& pairs, double number_pair::*a, double number_pair::*b) {
  return std::any_of(pairs.begin(), pairs.end(), [&](const auto& p) {
    return std::isfinite(p.*a) && std::isfinite(p.*b) && std::abs(p.*a * (p.*b)) >= std::ldexp(1, 1022);
  });
}

/// The pairs with 0 for a number that is not read.
std::vector<number_pair> without(std::vector<number_pair> pairs, double number_pair::*member) {
  for (auto& p : pairs)
    p.*member = 0;
  return pairs;
}

/// The aggregate over the pairs of these records; false where a product is beyond double. Nulls and NaN as PostgreSQL's float.c has them.
bool statistic_of(aggregate_function f, std::vector<number_pair> pairs, value& out) {
  using enum expression::aggregate_function;
  constexpr auto x = &number_pair::x;
  constexpr auto y = &number_pair::y;
  if (pairs.empty() || (f == covar_samp && pairs.size() == 1))
    return true;
  if (f == regr_avgx || f == regr_avgy) {
    out = number_value(mean_of(pairs, f == regr_avgx ? x : y));
    return true;
  }
  const bool special_x = any_is_special(pairs, x);
  const bool special_y = any_is_special(pairs, y);
  const bool large_x = any_is_large(pairs, x, x);
  const bool large_y = any_is_large(pairs, y, y);
  const bool no_spread_of_x = !special_x && !large_x && exact_statistic(regr_sxx, without(pairs, y)) == 0;
  const bool no_spread_of_y = !special_y && !large_y && exact_statistic(regr_syy, without(pairs, x)) == 0;
  if (no_spread_of_x && squares_x(f) && f != regr_sxx)
    return true;
  if (no_spread_of_y && f == corr)
    return true;
  if (no_spread_of_y && f == regr_r2) {
    out = number_value(1);
    return true;
  }
  if ((reads_x(f) && special_x) || (reads_y(f) && special_y)) {
    out = number_value(std::numeric_limits<double>::quiet_NaN());
    return true;
  }
  if ((squares_x(f) && large_x) || (squares_y(f) && large_y) || (multiplies(f) && any_is_large(pairs, x, y)))
    return false;
  if (!reads_x(f))
    pairs = without(std::move(pairs), x);
  if (!reads_y(f))
    pairs = without(std::move(pairs), y);
  const auto result = exact_statistic(f, pairs);
  if (result)
    out = number_value(*result);
  return true;
}

/// Ascending, or as the order says.
int compare_by(const value& a, const value& b, const ordering& by) {
  if (a.null || b.null)
    return a.null == b.null ? 0 : a.null == by.nulls_first ? -1 : 1;
  return by.descending ? compare(b, a, false) : compare(a, b, false);
}

value percentile_of(const aggregate& a, std::vector<const value*> values) {
  std::stable_sort(values.begin(), values.end(), [&](const auto* x, const auto* y) {
    if (const int c = compare_by(*x, *y, a.order[0]); c != 0)
      return c < 0;
    return a.order[0].descending ? compare_scales(*y, *x) < 0 : compare_scales(*x, *y) < 0;
  });
  const auto n = static_cast<double>(values.size());
  if (a.function == aggregate_function::percentile_disc) {
    const auto place = std::max(1.0, std::ceil(a.fraction * n));
    return zero_unsigned(*values[static_cast<std::size_t>(place) - 1]);
  }
  const auto number = [&](double place) {
    const auto& v = *values[static_cast<std::size_t>(place)];
    return v.type == data::type_id::float64   ? zero_unsigned(v).number
           : v.type == data::type_id::numeric ? to_double(v.exact)
                                              : static_cast<double>(v.integer);
  };
  const auto place = a.fraction * (n - 1);
  const auto low = number(std::floor(place));
  const auto high = number(std::ceil(place));
  return number_value(
      std::floor(place) == std::ceil(place) ? low : low + (place - std::floor(place)) * (high - low));
}

/// array_agg and string_agg over these of the records.
value list_of(const aggregate& a, std::size_t number, std::vector<const value*> values, members records) {
  std::vector<std::size_t> order(values.size());
  for (std::size_t i = 0; i < order.size(); ++i)
    order[i] = i;
  const auto place = [&](std::size_t i) {
    return std::tuple(records[i]->time, records[i]->partition, records[i]->at);
  };
  std::stable_sort(order.begin(), order.end(), [&](std::size_t x, std::size_t y) {
    if (!a.order.empty())
      if (const int c = compare_by(a.distinct ? *values[x] : records[x]->orders[number],
                                   a.distinct ? *values[y] : records[y]->orders[number], a.order[0]);
          c != 0)
        return c < 0;
    return a.distinct ? compare_scales(*values[x], *values[y]) < 0 : place(x) < place(y);
  });
  const bool text = a.function == aggregate_function::string_agg;
  value out{a.result.id(), false, 0, 0, text ? "" : "["};
  bool is_first = true;
  for (std::size_t i = 0; i < order.size(); ++i) {
    const auto& v = *values[order[i]];
    if (a.distinct && i + 1 < order.size() && compare(v, *values[order[i + 1]], false) == 0)
      continue;  // the last one has the greatest scale
    if (text)
      out.text += (std::exchange(is_first, false) ? "" : a.delimiter) + v.text;
    else
      out.text += to_text(zero_unsigned(v)) + ",";
  }
  out.text += text ? "" : "]";
  return out;
}

bool is_of_bits(aggregate_function f) {
  return f == aggregate_function::bit_and || f == aggregate_function::bit_or ||
         f == aggregate_function::bit_xor;
}

value bits_of(aggregate_function f, const std::vector<const value*>& values) {
  auto bits = values.front()->integer;
  for (std::size_t i = 1; i < values.size(); ++i)
    bits = f == aggregate_function::bit_and  ? bits & values[i]->integer
           : f == aggregate_function::bit_or ? bits | values[i]->integer
                                             : bits ^ values[i]->integer;
  return integer_value(data::type_id::bigint, bits);
}

/// The aggregate over the values that are neither null nor filtered out, beside their records. False: beyond
/// bigint, or 38 digits of a numeric.
bool aggregate_of(const aggregate& a, std::size_t number, std::vector<const value*> values,
                  const members& records, value& out) {
  if (a.function == aggregate_function::count_distinct) {
    out = integer_value(data::type_id::bigint, static_cast<std::int64_t>(different(values).size()));
    return true;
  }
  if (expression::takes_pairs(a.function)) {
    std::vector<number_pair> pairs;
    for (std::size_t i = 0; i < values.size(); ++i)
      if (const auto& x = records[i]->orders[number]; !x.null)
        pairs.push_back({values[i]->number, x.number});
    out = {a.result.id(), true, 0, 0, {}};
    if (a.function != aggregate_function::regr_count)
      return statistic_of(a.function, std::move(pairs), out);
    out = integer_value(data::type_id::bigint, static_cast<std::int64_t>(pairs.size()));
    return true;
  }
  if (a.distinct && a.function != aggregate_function::array_agg &&
      a.function != aggregate_function::string_agg)
    values = different(values);
  out = {a.result.id(), true, 0, 0, {}};
  if (a.function == aggregate_function::count_rows || a.function == aggregate_function::count) {
    out = integer_value(data::type_id::bigint, static_cast<std::int64_t>(values.size()));
    return true;
  }
  if (values.empty())
    return true;
  if (is_variance(a.function))
    return variance_of(a, values, out);
  if (a.function == aggregate_function::bool_and || a.function == aggregate_function::bool_or) {
    const auto is_true = [](const value* v) { return v->integer != 0; };
    const bool all = a.function == aggregate_function::bool_and;
    out = integer_value(data::type_id::boolean, (all ? std::all_of(values.begin(), values.end(), is_true)
                                                     : std::any_of(values.begin(), values.end(), is_true))
                                                    ? 1
                                                    : 0);
    return true;
  }
  if (is_of_bits(a.function)) {
    out = bits_of(a.function, values);
    return true;
  }
  if (a.function == aggregate_function::percentile_cont ||
      a.function == aggregate_function::percentile_disc) {
    out = percentile_of(a, values);
    return true;
  }
  if (a.function == aggregate_function::array_agg || a.function == aggregate_function::string_agg) {
    out = list_of(a, number, values, records);
    return true;
  }
  if (a.function == aggregate_function::min || a.function == aggregate_function::max) {
    const int wanted = a.function == aggregate_function::min ? -1 : 1;
    const auto* best = values.front();
    for (const auto* v : values)
      if (const int c = compare(*v, *best, true); c == wanted || (c == 0 && compare_scales(*v, *best) > 0))
        best = v;
    out = *best;
    return true;
  }
  if (a.function == aggregate_function::first || a.function == aggregate_function::last) {
    const bool last = a.function == aggregate_function::last;
    const auto place = [&](std::size_t i) {
      return std::tuple(records[i]->time, records[i]->partition, records[i]->at);
    };
    std::size_t best = 0;
    for (std::size_t i = 1; i < values.size(); ++i)
      if (last ? place(i) > place(best) : place(i) < place(best))
        best = i;
    out = zero_unsigned(*values[best]);
    return true;
  }
  const bool average = a.function == aggregate_function::avg;
  if (a.argument.id() == data::type_id::numeric)
    return take(average ? exact_mean(decimals_of(values)) : exact_sum(decimals_of(values)), out);
  if (a.argument.id() == data::type_id::float64) {
    std::vector<double> numbers;
    for (const auto* v : values)
      numbers.push_back(v->number);
    out = number_value(exact_quotient(numbers, average ? values.size() : 1));
    return true;
  }
  __int128 sum = 0;
  for (const auto* v : values)
    sum += v->integer;
  if (average) {
    out = number_value(exact_quotient(sum, values.size()));
    return true;
  }
  out = integer_value(data::type_id::bigint, static_cast<std::int64_t>(sum));
  return sum >= std::numeric_limits<std::int64_t>::min() && sum <= std::numeric_limits<std::int64_t>::max();
}

std::map<event_micros, event_micros> local_windows(const definition& d, event_micros time) {
  return local_clock::of(std::string(expression::zone_name(*d.zone)))
      .windows(time, d.size, d.slide, d.anchor);
}

event_micros start_of(const definition& d, event_micros end) {
  if (d.kind == shape::global)
    return 0;
  return d.zone == nullptr ? end - d.size.count() : local_windows(d, end - 1).at(end);
}

}  // namespace

bool key_order::operator()(const std::vector<value>& a, const std::vector<value>& b) const {
  for (std::size_t i = 0; i < a.size(); ++i)
    if (const int c = compare(a[i], b[i], false); c != 0)
      return c < 0;
  return false;
}

std::vector<event_micros> ends_of(const definition& d, const record& r) {
  if (d.zone != nullptr) {
    std::vector<event_micros> ends;
    for (const auto& [end, start] : local_windows(d, r.time))
      if (end + d.allowed_lateness.count() > r.watermark)
        ends.push_back(end);
    return ends;
  }
  const auto slide = d.slide.count();
  auto end = (r.time - d.anchor.count()) / slide * slide + d.anchor.count();
  while (end > r.time)
    end -= slide;
  while (end <= r.time)
    end += slide;  // the first start or end of windows after the record
  std::vector<event_micros> ends;
  for (; end - d.size.count() <= r.time; end += slide)
    if (end + d.allowed_lateness.count() > r.watermark)
      ends.push_back(end);
  return ends;
}

std::string to_text(const value& v) {
  if (v.null)
    return "null";
  switch (v.type) {
  case data::type_id::float64:
    return std::isnan(v.number) ? "NaN"
                                : fmt::format("{}={:x}", v.number, std::bit_cast<std::uint64_t>(v.number));
  case data::type_id::numeric: {
    std::string text;
    append_decimal(text, v.exact);
    return text;
  }
  case data::type_id::list:
    return v.text;
  case data::type_id::text: {
    std::string hex = "'";
    for (const char c : v.text)
      hex += fmt::format("{:02x}", static_cast<unsigned char>(c));
    return hex + "'";
  }
  default:
    return std::to_string(v.integer);
  }
}

value value_of(const data::column& c, std::size_t row) {
  value v{c.type().id(), c.is_null(row), 0, 0, {}};
  if (v.null)
    return v;
  switch (v.type) {
  case data::type_id::float64:
    v.number = c.doubles()[row];
    break;
  case data::type_id::numeric:
    v.exact = c.decimals()[row];
    break;
  case data::type_id::text:
    v.text = c.text_at(row);
    break;
  case data::type_id::boolean:
    v.integer = c.boolean_at(row) ? 1 : 0;
    break;
  case data::type_id::list:
    v.text = "[";
    for (auto i = static_cast<std::size_t>(c.offsets()[row]);
         i < static_cast<std::size_t>(c.offsets()[row + 1]); ++i)
      v.text += to_text(value_of(*c.children()[0], i)) + ",";
    v.text += "]";
    break;
  default:
    v.integer = c.ints()[row];
  }
  return v;
}

namespace {

/// Joins any two pieces that hold records whose spans overlap, for as long as there are such.
std::vector<group> sessions_of(const definition& d, const std::vector<accepted>& records) {
  const auto overlap = [&](const accepted& a, const accepted& b) {
    const auto begin = std::max(span_begin(d, *a.what, a.fired), span_begin(d, *b.what, b.fired));
    return begin < std::min(a.what->time, b.what->time) + d.gap.count();
  };
  std::map<std::vector<value>, std::vector<std::vector<accepted>>, key_order> pieces;
  for (const auto& r : records) {
    auto& of = pieces[r.what->keys];
    std::vector<accepted> joined{r};
    std::erase_if(of, [&](const auto& piece) {
      if (!std::any_of(piece.begin(), piece.end(), [&](const auto& other) { return overlap(r, other); }))
        return false;
      joined.insert(joined.end(), piece.begin(), piece.end());
      return true;
    });
    of.push_back(std::move(joined));
  }
  std::vector<group> groups;
  for (const auto& [key, of] : pieces)
    for (const auto& piece : of) {
      group g{end_of_time, no_watermark, key, {}};
      for (const auto& a : piece) {
        g.start = std::min(g.start, a.what->time);
        g.end = std::max(g.end, a.what->time + d.gap.count());
        g.of.push_back(a.what);
      }
      groups.push_back(std::move(g));
    }
  return groups;
}

}  // namespace

event_micros span_begin(const definition& d, const record& r, event_micros fired) {
  auto begin = r.time;
  for (const auto watermark : {r.watermark, fired})
    if (watermark != no_watermark)
      begin = std::max(begin, watermark - d.allowed_lateness.count());
  return begin;
}

std::vector<group> groups_of(const definition& d, const std::vector<accepted>& records) {
  std::vector<group> groups;
  if (d.kind == shape::session) {
    groups = sessions_of(d, records);
  } else {
    std::map<event_micros, by_key> windows;
    for (const auto& a : records) {
      if (d.kind == shape::global)
        windows[end_of_time][a.what->keys].push_back(a.what);
      else
        for (const auto end : ends_of(d, *a.what))
          if (a.fired == no_watermark || end + d.allowed_lateness.count() > a.fired)
            windows[end][a.what->keys].push_back(a.what);
    }
    for (auto& [end, keys] : windows)
      for (auto& [key, of] : keys)
        groups.push_back({start_of(d, end), end, key, std::move(of)});
  }
  std::stable_sort(groups.begin(), groups.end(), [](const group& a, const group& b) {
    return std::pair(a.end, a.start) < std::pair(b.end, b.start);
  });
  return groups;
}

namespace {

/// A numeric key has the least scale.
value as_key(value v) {
  v.exact = without_end_zeros(v.exact);
  return zero_unsigned(std::move(v));
}

std::string keys_text(const group& g) {
  std::string text;
  for (const auto& k : g.keys)
    text += to_text(as_key(k)) + ", ";
  return text;
}

std::string bounds_text(const definition& d, const group& g) {
  return d.bounded ? std::to_string(g.start) + ", " + std::to_string(g.end) : "null, null";
}

}  // namespace

std::string identity_text(const definition& d, const group& g) { return keys_text(g) + bounds_text(d, g); }

std::string row_text(const definition& d, const std::vector<bool>& filtered, const group& g) {
  auto text = keys_text(g);
  for (std::size_t a = 0; a < d.aggregates.size(); ++a) {
    const bool rows = d.aggregates[a].function == aggregate_function::count_rows ||
                      d.aggregates[a].function == aggregate_function::array_agg;
    std::vector<const value*> values;
    members records;
    for (const auto* r : g.of)
      if ((!filtered[a] || (!r->filters[a].null && r->filters[a].integer != 0)) &&
          (rows || !r->arguments[a].null)) {
        values.push_back(&r->arguments[a]);
        records.push_back(r);
      }
    value result;
    if (!aggregate_of(d.aggregates[a], a, values, records, result))
      return {};
    text += to_text(result) + ", ";
  }
  return text + bounds_text(d, g);
}

}  // namespace millrace::window::oracle
