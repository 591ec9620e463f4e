#include "actors/stage/chain.hpp"

#include <algorithm>
#include <numeric>

namespace millrace::stage {
namespace {

rows project(const config::step& s, const rows& in, event_micros now,
             std::vector<expression::row_failure>& failures) {
  rows out;
  out.origin = in.origin;
  out.batch.schema = s.output;
  out.batch.rows = in.batch.rows;
  for (const auto& column : s.columns)
    out.batch.columns.push_back(expression::evaluate(column.value, in.batch, now, failures));
  // What follows the projected columns are hidden ones, carried along by name.
  for (std::size_t i = s.columns.size(); i < s.output->size(); ++i) {
    const auto at = in.batch.schema->find((*s.output)[i].name);
    out.batch.columns.push_back(at ? in.batch.columns[*at] : nullptr);
  }
  merge_failures(failures);
  return out;
}

}  // namespace

void merge_failures(std::vector<expression::row_failure>& failures) {
  std::stable_sort(failures.begin(), failures.end(),
                   [](const auto& a, const auto& b) { return a.row < b.row; });
  failures.erase(std::unique(failures.begin(), failures.end(),
                             [](const auto& a, const auto& b) { return a.row == b.row; }),
                 failures.end());
}

rows all_rows(data::batch b) {
  rows out{std::move(b), {}};
  out.origin.resize(out.batch.rows);
  std::iota(out.origin.begin(), out.origin.end(), 0U);
  return out;
}

rows take(const rows& in, std::span<const std::uint32_t> at) {
  if (at.size() == in.batch.rows)
    return in;
  rows out;
  out.batch.schema = in.batch.schema;
  out.batch.rows = at.size();
  for (const auto& c : in.batch.columns)
    out.batch.columns.push_back(c ? data::take(*c, at) : nullptr);
  out.origin.reserve(at.size());
  for (const auto i : at)
    out.origin.push_back(in.origin[i]);
  return out;
}

rows without(const rows& in, const std::vector<expression::row_failure>& failures,
             std::vector<failed_origin>& failed) {
  if (failures.empty())
    return in;
  std::vector<std::uint32_t> keep;
  keep.reserve(in.batch.rows);
  auto next = failures.begin();
  for (std::uint32_t i = 0; i < in.batch.rows; ++i) {
    if (next != failures.end() && next->row == i) {
      failed.push_back({in.origin[i], next->message});
      ++next;
    } else {
      keep.push_back(i);
    }
  }
  return take(in, keep);
}

step_result run_step(const config::step& s, const rows& in, event_micros now) {
  step_result result;
  result.counts.in = in.batch.rows;
  rows current = in;
  if (s.where) {
    std::vector<expression::row_failure> failures;
    const auto passing = expression::rows_where(*s.where, current.batch, now, failures);
    merge_failures(failures);
    for (const auto& f : failures)
      result.failed.push_back({current.origin[f.row], f.message});
    result.counts.filtered = current.batch.rows - passing.size() - failures.size();
    current = take(current, passing);
  }
  if (!s.columns.empty()) {
    std::vector<expression::row_failure> failures;
    const auto projected = project(s, current, now, failures);
    current = without(projected, failures, result.failed);
  }
  result.counts.dead = result.failed.size();
  result.counts.out = current.batch.rows;
  result.rows = std::move(current);
  return result;
}

}  // namespace millrace::stage
