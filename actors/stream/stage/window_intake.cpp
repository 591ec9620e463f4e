#include "actors/stream/stage/window_intake.hpp"

#include "runtime/window/pairs.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace millrace::stage {
namespace {

void refuse_far_windows(const window::definition& d, const rows& in, std::span<const event_micros> times,
                        std::vector<expression::row_failure>& failures) {
  if (window::are_held(d, times))
    return;
  for (std::uint32_t row = 0; row < in.batch.rows; ++row)
    if (const auto time = times.size() == 1 ? times.front() : times[in.time_at(row)];
        !window::is_held(d, time))
      failures.push_back(
          {row, fmt::format("a window of the event time {} {}", format_timestamp(time), beyond_timestamps)});
}

/// An aggregate evaluates nothing for a row that its filter leaves out: the failures from `first` on that such rows have are none.
void forgive_filtered(const data::column* filter, std::vector<expression::row_failure>& failures,
                      std::size_t first) {
  if (filter == nullptr)
    return;
  const auto from = failures.begin() + static_cast<std::ptrdiff_t>(first);
  failures.erase(
      std::remove_if(from, failures.end(),
                     [&](const auto& f) { return filter->is_null(f.row) || !filter->boolean_at(f.row); }),
      failures.end());
}

/// A null equals nothing: rows with one in their key are left out where they could not come out alone.
void leave_out_null_keys(const config::intake_plan& plan, window_intake& out) {
  const auto& columns = out.rows.batch.columns;
  const auto is_null = [&](std::uint32_t row) {
    return std::ranges::any_of(plan.key_columns, [&](std::size_t k) { return columns[k]->is_null(row); });
  };
  if (std::ranges::all_of(plan.key_columns, [&](std::size_t k) { return columns[k]->null_count() == 0; }))
    return;
  std::vector<std::uint32_t> kept;
  for (std::uint32_t row = 0; row < out.rows.batch.rows; ++row)
    if (!is_null(row))
      kept.push_back(row);
  out.counts.filtered += out.rows.batch.rows - kept.size();
  out.rows = take(out.rows, kept);
}

}  // namespace

window_intake take_in(const config::window_plan& whole, config::side of, const rows& in,
                      std::span<const event_micros> times, event_micros now) {
  const auto& plan = whole.of(of);
  window_intake out;
  auto result = run_step(plan.input, in, now);
  out.rows = std::move(result.rows);
  out.failed = std::move(result.failed);
  out.counts = result.counts;
  const auto& join = whole.definition.join;
  if (join && !window::gives_alone(join->how, config::index_of(of)))
    leave_out_null_keys(plan, out);
  std::vector<expression::row_failure> failures;
  const auto evaluate = [&](const expression::bound& e) {
    return expression::evaluate(e, out.rows.batch, now, failures);
  };
  for (bool again = true; again;) {
    out.arguments.clear();
    out.filters.clear();
    out.orders.clear();
    failures.clear();
    refuse_far_windows(whole.definition, out.rows, times, failures);
    for (std::size_t i = 0; i < plan.arguments.size(); ++i) {
      out.filters.push_back(plan.filters[i] ? evaluate(*plan.filters[i]) : nullptr);
      const auto before = failures.size();
      out.arguments.push_back(plan.arguments[i] ? evaluate(*plan.arguments[i]) : nullptr);
      for (auto& columns = out.orders.emplace_back(); const auto& e : plan.orders[i])
        columns.push_back(evaluate(e));
      forgive_filtered(out.filters.back().get(), failures, before);
    }
    merge_failures(failures);
    again = !failures.empty();  // the rows that fail are left out, so no other fails
    if (again)
      out.rows = without(out.rows, failures, out.failed);
  }
  for (const auto k : plan.key_columns)
    out.keys.push_back(out.rows.batch.columns[k]);
  if (join) {
    const auto aggregates = whole.definition.aggregates.size();
    out.side = config::index_of(of);
    out.arguments.resize(aggregates);
    out.filters.resize(aggregates);
    out.orders.resize(aggregates);
    for (const auto c : plan.row_columns)
      out.orders[*out.side].push_back(out.rows.batch.columns[c]);
  }
  out.counts.out = out.rows.batch.rows;
  out.counts.dead = out.counts.in - out.counts.filtered - out.counts.out;
  return out;
}

}  // namespace millrace::stage
