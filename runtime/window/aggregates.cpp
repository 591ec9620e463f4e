#include "runtime/window/aggregates.hpp"

#include "runtime/window/aggregate_entries.hpp"

#include <stdexcept>

namespace millrace::window {

const aggregate_ops* find_aggregate(const aggregate& a) {
  using expression::aggregate_function;
  const auto type = a.argument.id();
  const bool integral = type == data::type_id::bigint;
  const bool floating = type == data::type_id::float64;
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
  }
  return nullptr;
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
