#include "config/plan/windows_across.hpp"

#include "config/plan/plan_stages.hpp"
#include "config/plan/trace.hpp"
#include "runtime/window/slices.hpp"

#include <fmt/format.h>

namespace millrace::config {
namespace {

/// A year that is like those to come: a bound every two weeks shows what either clock differs from UTC by.
constexpr event_micros first_tried = 1'704'067'200'000'000;  // 2024-01-01
constexpr event_micros between_tried = std::chrono::microseconds(std::chrono::hours(14 * 24)).count();
constexpr int bounds_tried = 26;

bool tried_bounds_agree(const window::definition& upstream, const window::definition& downstream) {
  for (int i = 0; i < bounds_tried; ++i) {
    const auto bound = window::bound_above(downstream, first_tried + i * between_tried);
    if (window::slice_of(upstream, bound) != bound)
      return false;
  }
  return true;
}

std::string across(const draft& upstream, const window::definition& down) {
  const auto& up = std::get<window_plan>(upstream.built.plan).definition;
  const auto who = fmt::format("the rows of \"{}\" count by their ends (window_end - 1 us), so that ",
                               upstream.built.name);
  constexpr std::string_view by_start = "a column in \"key\" here that a select makes of window_start";
  if (up.kind == window::shape::session)
    return fmt::format("{}a session that lies in several of these windows counts whole in the last of them; "
                       "expected {}",
                       who, by_start);
  return fmt::format(
      "{}a window there that lies in several of these counts whole in the last of them; expected "
      "tumbling windows there whose size divides {}, with offset and zone as here, or {}",
      who, format_duration(down.slide), by_start);
}

void warn_of_side(const draft& d, const drafts& all, const window_plan& plan, side of, report& out) {
  std::vector<std::string> keys;
  for (const auto column : plan.of(of).key_columns)
    keys.push_back((*plan.of(of).input.output)[column].name);
  for (const auto& [i, key] : trace_to_windows(d, all, keys, of)) {
    const auto& up = std::get<window_plan>(all[i].built.plan).definition;
    if (up.kind == window::shape::interval)
      continue;  // a row has the time of its left row
    const bool aligned = up.kind == window::shape::aligned;
    const auto start = up.output->size() - 2;
    const bool told = key.made_of.contains(start) || (aligned && key.made_of.contains(start + 1));
    if (told || (aligned && lies_within(up, plan.definition)))
      continue;
    return out.warning(d.location_of(d.input_option(of)), join(d.path, d.input_option(of)),
                       across(all[i], plan.definition));
  }
}

}  // namespace

// Each bound downstream has to be one upstream, and windows upstream must not overlap: of two that do, one lies
// across the bound at which the other ends.
bool lies_within(const window::definition& upstream, const window::definition& downstream) {
  if (upstream.slide != upstream.size || downstream.slide % upstream.slide != micros{0})
    return false;
  if (upstream.zone == downstream.zone)
    return (downstream.anchor - upstream.anchor) % upstream.slide == micros{0};
  return tried_bounds_agree(upstream, downstream);
}

void warn_of_windows_across(const draft& d, const drafts& all, report& out) {
  const auto* const plan = std::get_if<window_plan>(&d.built.plan);
  if (d.broken || plan == nullptr || plan->definition.kind != window::shape::aligned || d.windows.empty())
    return;
  for (std::size_t s = 0; s < plan->sides.size(); ++s)
    warn_of_side(d, all, *plan, both_sides[s], out);
}

}  // namespace millrace::config
