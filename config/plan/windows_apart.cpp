#include "config/plan/windows_apart.hpp"

#include "config/plan/trace.hpp"
#include "runtime/data/key_encoding.hpp"
#include "runtime/expression/bind/unnest.hpp"
#include "runtime/window/slices.hpp"

#include <algorithm>
#include <chrono>
#include <map>
#include <set>

namespace millrace::config {
namespace {

using data::column_ptr;

/// Windows in a row, and those at the same time a day, a week, a month and a year later: keys are made of such parts.
constexpr event_micros first_moment = 1'704'067'200'000'000;  // 2024-01-01
constexpr int tried_in_a_row = 64;
constexpr int days_later[] = {1, 7, 31, 366};

event_micros at_day(int days) {
  return first_moment + std::chrono::microseconds(std::chrono::hours(24 * days)).count();
}

struct tried_windows {
  std::vector<event_micros> starts;
  std::vector<event_micros> ends;
};

tried_windows tried_of(const window::definition& d) {
  tried_windows out;
  if (d.kind ==
      window::shape::session) {  // sessions of one record each, as near to each other as they can be
    std::set<event_micros> starts;
    for (int i = 0; i < tried_in_a_row; ++i)
      starts.insert(window::plus(first_moment, i * d.gap));
    for (const auto days : days_later)
      starts.insert(std::max(at_day(days), window::plus(*starts.rbegin(), d.gap)));
    for (const auto start : starts) {
      out.starts.push_back(start);
      out.ends.push_back(window::last_end(d, start));
    }
    return out;
  }
  std::set<event_micros> ends;
  auto end = window::bound_above(d, first_moment);
  for (int i = 0; i < tried_in_a_row; ++i, end = window::next_bound(d, end))
    ends.insert(end);
  for (const auto days : days_later)
    ends.insert(window::bound_above(d, at_day(days)));
  for (const auto e : ends) {
    out.starts.push_back(window::window_start(d, e));
    out.ends.push_back(e);
  }
  return out;
}

column_ptr column_of(const std::vector<event_micros>& times) {
  data::column_builder out(data::type_id::timestamp);
  out.append_ints(times);
  return out.finish();
}

/// The values that columns downstream of a window have for the tried ones.
class values_over_windows {
public:
  values_over_windows(const drafts& all, std::size_t window, const tried_windows& tried)
      : all_(all), window_(all[window]), rows_(tried.starts.size()), start_(column_of(tried.starts)),
        end_(column_of(tried.ends)) {}

  /// A column that the stage's own step gives. A null pointer: it is not made of the window's bounds alone.
  column_ptr of(const draft& d, const step& own, const std::string& name) {
    const auto [known, fresh] = known_.try_emplace({&d, name});
    return fresh ? known->second = form(d, own, name) : known->second;
  }

private:
  column_ptr form(const draft& d, const step& own, const std::string& name) {
    const auto column = std::ranges::find(own.columns, name, &projection::name);
    if (column == own.columns.end())
      return above(d, name);
    if (expression::unnested_by(column->value) != nullptr)
      return nullptr;
    data::batch in{own.input, std::vector<column_ptr>(own.input->size()), rows_};
    for (const auto c : column->value.columns)
      if (in.columns[c] = above(d, (*own.input)[c].name); !in.columns[c])
        return nullptr;
    std::vector<expression::row_failure> failures;
    auto out = expression::evaluate(column->value, in, first_moment, failures);
    return failures.empty() ? out : nullptr;
  }

  column_ptr above(const draft& d, const std::string& name) {
    if (&d == &window_) {
      const auto& rows = *std::get<window_plan>(d.built.plan).definition.output;
      const auto at = rows.find(name).value_or(0);
      return at == rows.size() - 2 ? start_ : at == rows.size() - 1 ? end_ : nullptr;
    }
    if (d.reads.size() != 1 || d.built.from[0].late)
      return nullptr;
    const auto& from = all_[d.reads[0]];
    if (const auto* const t = std::get_if<transform_plan>(&from.built.plan))
      return of(from, t->select, name);
    return &from == &window_ ? of(from, std::get<window_plan>(from.built.plan).output, name) : nullptr;
  }

  const drafts& all_;
  const draft& window_;
  std::size_t rows_;
  column_ptr start_;
  column_ptr end_;
  std::map<std::pair<const draft*, std::string>, column_ptr> known_;
};

}  // namespace

std::optional<std::pair<event_micros, event_micros>>
windows_alike(const draft& sink, const drafts& all, std::size_t window, const std::vector<std::string>& key) {
  const auto& d = std::get<window_plan>(all[window].built.plan).definition;
  if (!d.bounded || (d.kind != window::shape::aligned && d.kind != window::shape::session))
    return std::nullopt;
  const auto tried = tried_of(d);
  values_over_windows values(all, window, tried);
  std::vector<std::string> keys(tried.starts.size());
  for (const auto& name : key) {
    const auto traced = trace_to_windows(sink, all, {name}).at(window);
    const auto start = d.output->size() - 2;
    if (traced.is_filtered(start) || traced.is_filtered(start + 1))
      return std::nullopt;
    if (!traced.made_of.contains(start) && !traced.made_of.contains(start + 1))
      continue;
    const auto column = values.of(sink, std::get<sink_plan>(sink.built.plan).input, name);
    if (!column)
      return std::nullopt;
    for (std::size_t i = 0; i < keys.size(); ++i)
      data::append_key(keys[i], *column, i);
  }
  std::map<std::string_view, event_micros> seen;
  for (std::size_t i = 0; i < keys.size(); ++i)
    if (const auto [known, fresh] = seen.try_emplace(keys[i], tried.starts[i]); !fresh)
      return std::pair(known->second, tried.starts[i]);
  return std::nullopt;
}

}  // namespace millrace::config
