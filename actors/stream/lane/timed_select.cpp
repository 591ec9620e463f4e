#include "actors/stream/lane/timed_select.hpp"

#include "actors/parsers/event_time_check.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

namespace millrace::lane {

std::span<const event_micros> times_given(const select_node& n, const stage::rows& rows) {
  return rows.batch.columns[*n.plan->event_time]->ints();
}

stage::step_result run_select(const select_node& n, const config::parser_plan& parsing, const stage::rows& in,
                              const source::chunk& c, std::span<const std::uint32_t> records,
                              event_micros now) {
  const auto& select = n.plan->select;
  if (!n.plan->event_time)
    return stage::run_step(select, in, now);
  const auto column = *n.plan->event_time;
  parser::event_time_check trusted(fmt::format("column \"{}\"", select.columns[column].name),
                                   parsing.future_skew, parsing.max_event_time);
  const auto check = [&](const stage::rows& rows, std::vector<expression::row_failure>& failures) {
    const auto& times = *rows.batch.columns[column];
    for (std::uint32_t row = 0; row < rows.batch.rows; ++row)
      if (!trusted.check(c, records[rows.origin[row]],
                         times.is_null(row) ? std::nullopt : std::optional(times.ints()[row])))
        failures.push_back({row, trusted.why()});
  };
  auto out = stage::run_step(select, in, now, check);
  out.rows.moment.resize(out.rows.batch.rows);
  std::iota(out.rows.moment.begin(), out.rows.moment.end(), 0U);
  return out;
}

namespace {

void take_latest(const std::vector<node>& nodes, const stage::rows& rows, const config::parser_plan& parsing,
                 const source::chunk& c, const parser::parsed& p, event_micros now,
                 std::vector<event_micros>& out) {
  for (const auto& n : nodes) {
    const auto* const select = std::get_if<select_node>(&n.what);
    if (select == nullptr)
      continue;
    const auto given = run_select(*select, parsing, rows, c, p.records, now).rows;
    if (!select->plan->event_time) {
      take_latest(select->next, given, parsing, c, p, now, out);
      continue;
    }
    const auto times = times_given(*select, given);
    for (std::size_t i = 0; i < times.size(); ++i)
      out[given.origin[i]] = std::max(out[given.origin[i]], times[i]);
  }
}

}  // namespace

std::vector<event_micros> latest_times(const lane_plan& plan, const source::chunk& c, const parser::parsed& p,
                                       event_micros now) {
  const auto& parsing = plan.parsing();
  if (parsing.event_time) {
    const auto times = p.rows.columns[*parsing.event_time]->ints();
    return {times.begin(), times.end()};
  }
  std::vector<event_micros> out(p.rows.rows, no_watermark);
  if (!parsing.timed_select.empty())
    take_latest(nodes_towards(plan, parsing.timed_select), stage::all_rows(p.rows), parsing, c, p, now, out);
  return out;
}

}  // namespace millrace::lane
