#include "actors/stage/window_intake.hpp"

#include <fmt/format.h>

namespace millrace::stage {
namespace {

void refuse_far_windows(const window::definition& d, const rows& in, std::span<const event_micros> times,
                        std::vector<expression::row_failure>& failures) {
  if (times.empty() || !d.bounded)
    return;
  for (std::uint32_t row = 0; row < in.batch.rows; ++row)
    if (const auto time = times.size() == 1 ? times.front() : times[in.origin[row]];
        !window::is_held(d, time))
      failures.push_back(
          {row, fmt::format("a window of the event time {} {}", format_timestamp(time), beyond_timestamps)});
}

}  // namespace

window_intake take_in(const config::window_plan& plan, const rows& in, std::span<const event_micros> times,
                      event_micros now) {
  window_intake out;
  auto result = run_step(plan.input, in, now);
  out.rows = std::move(result.rows);
  out.failed = std::move(result.failed);
  out.counts = result.counts;
  std::vector<expression::row_failure> failures;
  const auto evaluate = [&](const std::optional<expression::bound>& e) {
    return e ? expression::evaluate(*e, out.rows.batch, now, failures) : nullptr;
  };
  for (bool again = true; again;) {
    out.arguments.clear();
    out.filters.clear();
    out.orders.clear();
    failures.clear();
    refuse_far_windows(plan.definition, out.rows, times, failures);
    for (const auto& a : plan.arguments)
      out.arguments.push_back(evaluate(a));
    for (const auto& f : plan.filters)
      out.filters.push_back(evaluate(f));
    for (const auto& order : plan.orders)
      for (auto& columns = out.orders.emplace_back(); const auto& e : order)
        columns.push_back(expression::evaluate(e, out.rows.batch, now, failures));
    merge_failures(failures);
    again = !failures.empty();  // without the rows that fail, nothing fails any more
    if (again)
      out.rows = without(out.rows, failures, out.failed);
  }
  for (const auto k : plan.key_columns)
    out.keys.push_back(out.rows.batch.columns[k]);
  out.counts.out = out.rows.batch.rows;
  out.counts.dead = out.counts.in - out.counts.filtered - out.counts.out;
  return out;
}

}  // namespace millrace::stage
