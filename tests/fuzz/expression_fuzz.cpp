// Takes arbitrary text as an expression over a small table, of which the rest of the input makes rows. It is
// refused with a place inside of the text, or it is bound, and then its rows do not depend on each other: a
// batch as a whole, each row alone and the rows in another order give the same values and the same failures.
#include "runtime/base/time.hpp"
#include "runtime/data/render.hpp"
#include "runtime/expression/expression.hpp"
#include "tests/fuzz/require.hpp"
#include "tests/fuzz/sections.hpp"

#include <algorithm>
#include <cmath>
#include <fuzzer/FuzzedDataProvider.h>
#include <limits>
#include <numeric>

namespace {

using namespace millrace;
using fuzz::require;

constexpr event_micros now = 1'600'000'000'000'000;
constexpr std::size_t most_rows = 8;
/// Batches are much larger; an expression that makes a row's text grow is not what is looked for.
constexpr std::size_t longest_text = 24;

data::schema_ptr columns() {
  using enum data::type_id;
  static const auto schema = std::make_shared<const data::schema>(
      std::vector<data::field>{{"a", bigint},
                               {"x", float64},
                               {"s", text},
                               {"p", boolean},
                               {"ts", timestamp},
                               {"j", json},
                               {"f", text},
                               {"l", data::type::list_of(text)},
                               {"n", data::type::list_of(bigint)},
                               {"o", data::type::object_of({{"lat", float64}, {"name", text}})}});
  return schema;
}

/// Gives only what a parser would let through: UTF-8 without zero bytes, JSON.
std::string text_of(FuzzedDataProvider& in) {
  auto s = in.ConsumeRandomLengthString(longest_text);
  for (auto& c : s)
    if (static_cast<unsigned char>(c) >= 0x80 || c == '\0')
      c = '~';
  return in.ConsumeBool() ? s : s + "\u00e9";
}

std::string json_of(FuzzedDataProvider& in) {
  switch (in.ConsumeIntegralInRange<int>(0, 5)) {
  case 0:
    return "{\"k\":" + std::to_string(in.ConsumeIntegral<int>()) + ",\"k2\":[1,null,\"t\"]}";
  case 1:
    return "[1,2.5e3,\"x\",{\"a\":true}]";
  case 2:
    return "null";
  case 3: {
    std::string out;
    data::append_json_string(out, text_of(in));
    return out;
  }
  case 4:
    return std::to_string(in.ConsumeIntegral<std::int64_t>());
  default:
    return "{}";
  }
}

void append_scalar(data::column_builder& out, FuzzedDataProvider& in) {
  switch (out.type().id()) {
  case data::type_id::boolean:
    return out.append_boolean(in.ConsumeBool());
  case data::type_id::float64:
    return out.append_double(in.ConsumeBool() ? in.ConsumeFloatingPoint<double>()
                                              : in.ConsumeIntegral<std::int16_t>() / 8.0);
  case data::type_id::timestamp:  // parsers give years 1 to 9999
    return out.append_int(
        in.ConsumeIntegralInRange<std::int64_t>(-62'135'596'800'000'000, 253'402'300'799'999'999));
  case data::type_id::date:
    return out.append_int(in.ConsumeIntegralInRange<std::int64_t>(millrace::first_date, millrace::last_date));
  case data::type_id::bigint:
    return out.append_int(in.ConsumeBool() ? in.ConsumeIntegral<std::int64_t>()
                                           : in.ConsumeIntegral<std::int8_t>());
  case data::type_id::json:
    return out.append_text(json_of(in));
  default:
    return out.append_text(text_of(in));
  }
}

void append_value(data::column_builder& out, FuzzedDataProvider& in) {
  if (in.ConsumeIntegralInRange<int>(0, 7) == 1)
    return out.append_null();
  if (out.type().id() == data::type_id::list) {
    for (auto n = in.ConsumeIntegralInRange<int>(0, 3); n > 0; --n)
      append_value(out.child(0), in);
    return out.append_list();
  }
  if (out.type().id() != data::type_id::object)
    return append_scalar(out, in);
  for (std::size_t i = 0; i < out.type().fields().size(); ++i)
    append_value(out.child(i), in);
  out.append_object();
}

data::batch table(const std::string& bytes) {
  FuzzedDataProvider in(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
  data::batch b;
  b.schema = columns();
  std::vector<data::column_builder> out;
  for (const auto& f : *b.schema)
    out.emplace_back(f.type);
  // a row that is all null, and one of extremes
  for (auto& c : out)
    c.append_null();
  b.rows = 1 + in.ConsumeIntegralInRange<std::size_t>(1, most_rows);
  for (std::size_t row = 1; row < b.rows; ++row)
    for (auto& c : out)
      append_value(c, in);
  for (auto& c : out)
    b.columns.push_back(c.finish());
  return b;
}

/// Returns the values by row, with "!" before a failure.
std::vector<std::string> values(const expression::bound& e, const data::batch& b) {
  std::vector<expression::row_failure> failures;
  const auto c = expression::evaluate(e, b, now, failures);
  require(c != nullptr && c->size() == b.rows && c->type() == e.type, "a value of the type for each row");
  std::vector<std::string> out(b.rows);
  for (std::size_t row = 0; row < b.rows; ++row)
    data::append_json_value(out[row], *c, row);
  std::size_t behind = 0;
  for (const auto& f : failures) {
    require(f.row >= behind && f.row < b.rows, "failures are ascending rows, each once");
    require(c->is_null(f.row), "a row that failed is null");
    require(e.can_fail, "only what can fail does: " + f.message);
    behind = f.row + 1;
    out[f.row] = "!" + f.message;
  }
  return out;
}

void rows_are_apart(const expression::bound& e, const data::batch& b) {
  const auto all = values(e, b);
  for (std::size_t row = 0; row < b.rows; ++row) {
    const auto alone = values(e, data::slice(b, row, row + 1));
    require(alone[0] == all[row],
            "row " + std::to_string(row) + " alone is " + alone[0] + ", not " + all[row]);
  }
  std::vector<std::uint32_t> backwards(b.rows);
  std::iota(backwards.rbegin(), backwards.rend(), 0U);
  auto turned = values(e, data::take(b, backwards));
  std::reverse(turned.begin(), turned.end());
  require(turned == all, "the order of rows is no matter");
  if (e.type.id() != data::type_id::boolean)
    return;
  std::vector<expression::row_failure> failures;
  std::vector<std::uint32_t> expected;
  for (std::uint32_t row = 0; row < b.rows; ++row)
    if (all[row] == "true")
      expected.push_back(row);
  require(expression::rows_where(e, b, now, failures) == expected, "rows are where the condition is true");
}

void places_are_inside(const expression::problems& problems, const std::string& text) {
  require(!problems.empty(), "what is refused has a reason");
  for (const auto& p : problems)
    require(p.offset <= text.size() && !p.message.empty(), "a problem has a place and a text: " + p.message);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto texts = fuzz::sections(data, size);
  const auto& text = texts[0];
  const expression::scope names{columns().get(), {}};
  const auto bound = expression::bind(text, names);
  if (bound)
    rows_are_apart(*bound, table(texts.size() > 1 ? texts[1] : std::string()));
  else
    places_are_inside(bound.error(), text);
  const auto condition = expression::bind_condition(text, names);
  if (!condition)
    places_are_inside(condition.error(), text);
  // a bare literal takes the type that is asked for, so it may be a condition alone
  require(condition || !bound || bound->type.id() != data::type_id::boolean,
          "an expression of type boolean is a condition");
  const auto aggregate = expression::bind_aggregate(text, names);
  if (!aggregate)
    places_are_inside(aggregate.error(), text);
  const auto having = expression::bind_having(text, {names, names});
  if (!having)
    places_are_inside(having.error(), text);
  const auto over_groups = expression::bind_over_groups(text, {names, names});
  if (!over_groups)
    places_are_inside(over_groups.error(), text);
  return 0;
}
