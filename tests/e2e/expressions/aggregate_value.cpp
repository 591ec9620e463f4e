#include "tests/e2e/expressions/aggregate_value.hpp"

#include "runtime/window/aggregates.hpp"

#include <algorithm>
#include <numeric>

namespace millrace::expression {
namespace {

constexpr event_micros now = 1'600'000'000'000'000;

window::aggregate described(const bound_aggregate& a) {
  window::aggregate out{a.function, a.argument ? a.argument->type : data::type{}, a.result};
  out.distinct = a.distinct;
  out.delimiter = a.delimiter;
  out.fraction = a.fraction;
  for (const auto& o : a.order)
    out.order.push_back({o.value.type, o.descending, o.nulls_first});
  return out;
}

}  // namespace

aggregate_value value_of(const bound_aggregate& a, const data::batch& table) {
  const auto what = described(a);
  const auto* ops = window::find_aggregate(what);
  if (ops == nullptr)
    return {nullptr, "there is no such aggregate"};
  std::vector<row_failure> failures;
  std::vector<std::uint32_t> chosen(table.rows);
  std::iota(chosen.begin(), chosen.end(), 0U);
  if (a.filter)
    chosen = rows_where(*a.filter, table, now, failures);
  const auto argument = a.argument ? evaluate(*a.argument, table, now, failures) : nullptr;
  std::vector<data::column_ptr> order;
  if (window::reads_order(a.function))
    for (const auto& o : a.order)
      order.push_back(evaluate(o.value, table, now, failures));
  for (const auto& f : failures)
    if (std::find(chosen.begin(), chosen.end(), f.row) != chosen.end())
      return {nullptr, f.message};
  if (argument && !ops->takes_nulls)
    std::erase_if(chosen, [&](std::uint32_t r) { return argument->is_null(r); });

  std::vector<event_micros> times(table.rows);
  std::iota(times.begin(), times.end(), 0);
  const std::vector<position> positions(table.rows);
  window::contribution of{argument.get(), &what, order, times, positions, "rows", {}};
  window::side_store side;
  std::vector<std::uint64_t> state(ops->size / sizeof(std::uint64_t));
  const window::states states{reinterpret_cast<std::byte*>(state.data()), ops->size, &side};
  const std::vector<std::uint32_t> into(chosen.size(), 0);
  ops->add(states, into, of, chosen);
  data::column_builder out(a.result);
  std::vector<std::uint32_t> failed;
  const std::uint32_t first = 0;
  ops->finish(what, states, {&first, 1}, out, failed);
  return {out.finish(), failed.empty() ? "" : ops->failure};
}

}  // namespace millrace::expression
