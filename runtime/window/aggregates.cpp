#include "runtime/window/aggregates.hpp"

#include "runtime/window/aggregate_entries.hpp"
#include "runtime/window/side_rows.hpp"

#include <algorithm>
#include <stdexcept>

namespace millrace::window {
namespace {

/// Returns whether `distinct` makes it the same aggregate over a set; lists keep their values once by themselves.
bool is_over_distinct(expression::aggregate_function f) {
  return f != expression::aggregate_function::array_agg && f != expression::aggregate_function::string_agg;
}

}  // namespace

const aggregate_ops* find_aggregate(const aggregate& a) {
  using expression::aggregate_function;
  if (a.row)
    return &side_rows_entry;
  const auto type = a.argument.id();
  const bool integral = type == data::type_id::bigint;
  const bool floating = type == data::type_id::float64;
  if (expression::takes_pairs(a.function))
    return floating ? find_pair_statistic(a.function) : nullptr;
  if (a.distinct && is_over_distinct(a.function))
    return a.argument.is_nested()           ? nullptr
           : type == data::type_id::numeric ? &over_distinct_numerics_entry
                                            : &over_distinct_entry;
  if (const auto* ops = find_numeric(a.function, a.argument))
    return ops;
  switch (a.function) {
  case aggregate_function::count_rows:
  case aggregate_function::count:
    return &count_entry;
  case aggregate_function::sum:
    return integral ? &bigint_sum_entry : floating ? &double_sum_entry : nullptr;
  case aggregate_function::avg:
    return integral ? &bigint_average_entry : floating ? &double_average_entry : nullptr;
  case aggregate_function::min:
    return find_extreme(false, type);
  case aggregate_function::max:
    return find_extreme(true, type);
  case aggregate_function::count_distinct:
    return a.argument.is_nested() ? nullptr : &count_distinct_entry;
  case aggregate_function::first:
    return a.argument.is_nested() ? nullptr : &first_entry;
  case aggregate_function::last:
    return a.argument.is_nested() ? nullptr : &last_entry;
  case aggregate_function::bool_and:
    return type == data::type_id::boolean ? &bool_and_entry : nullptr;
  case aggregate_function::bool_or:
    return type == data::type_id::boolean ? &bool_or_entry : nullptr;
  case aggregate_function::var_samp:
  case aggregate_function::var_pop:
  case aggregate_function::stddev_samp:
  case aggregate_function::stddev_pop:
    return find_variance(a.function, type);
  case aggregate_function::string_agg:
    return type == data::type_id::text ? &string_agg_entry : nullptr;
  case aggregate_function::array_agg:
    return a.argument.is_nested() ? nullptr : &array_agg_entry;
  case aggregate_function::percentile_cont:
    return integral || floating || type == data::type_id::numeric ? &percentile_cont_entry : nullptr;
  case aggregate_function::percentile_disc:
    return a.argument.is_nested() ? nullptr : &percentile_disc_entry;
  case aggregate_function::bit_and:
    return integral ? &bit_and_entry : nullptr;
  case aggregate_function::bit_or:
    return integral ? &bit_or_entry : nullptr;
  case aggregate_function::bit_xor:
    return integral ? &bit_xor_entry : nullptr;
  default:  // those of pairs, which stand above
    return nullptr;
  }
}

bool can_fail(const definition& d) {
  const auto fails = [](const expression::bound& e) { return e.can_fail; };
  return d.join || std::ranges::any_of(d.formulas, fails) || (d.having && fails(*d.having)) ||
         std::ranges::any_of(d.aggregates, [](const aggregate& a) {
           const auto* ops = find_aggregate(a);
           return ops != nullptr && ops->failure != nullptr;
         });
}

layout::layout(const std::vector<aggregate>& aggregates) {
  for (const auto& a : aggregates) {
    const auto* ops = find_aggregate(a);
    if (ops == nullptr)
      throw std::invalid_argument("a window definition has an aggregate that find_aggregate() refuses");
    slots.push_back({ops, stride});
    stride += ops->size;
    has_side = has_side || ops->adopt != nullptr;
  }
}

}  // namespace millrace::window
