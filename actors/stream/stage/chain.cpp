#include "actors/stream/stage/chain.hpp"

#include "actors/stream/stage/unnest.hpp"
#include "runtime/data/constant_column.hpp"
#include "runtime/expression/bind/unnest.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

namespace millrace::stage {
namespace {

/// The columns of a row that a select makes take at most this together: four of the longest texts.
constexpr std::size_t most_bytes_of_a_row = std::size_t{64} << 20;

void refuse_large_rows(const data::batch& b, std::vector<expression::row_failure>& failures) {
  if (b.byte_size() <= most_bytes_of_a_row)
    return;
  for (std::uint32_t row = 0; row < b.rows; ++row)
    if (const auto bytes = bytes_of_row(b, row); bytes > most_bytes_of_a_row)
      failures.push_back(
          {row, fmt::format("the columns of the row take {} bytes together; at most {} are allowed", bytes,
                            most_bytes_of_a_row)});
}

rows project(const config::step& s, const rows& in, event_micros now,
             std::vector<expression::row_failure>& failures) {
  rows out;
  out.origin = in.origin;
  out.moment = in.moment;
  out.batch.schema = s.output;
  out.batch.rows = in.batch.rows;
  for (const auto& column : s.columns)
    out.batch.columns.push_back(expression::evaluate(column.value, in.batch, now, failures));
  // Hidden columns follow the projected ones, carried along by name.
  for (std::size_t i = s.columns.size(); i < s.output->size(); ++i) {
    const auto at = in.batch.schema->find((*s.output)[i].name);
    out.batch.columns.push_back(at ? in.batch.columns[*at] : nullptr);
  }
  refuse_large_rows(out.batch, failures);
  merge_failures(failures);
  return out;
}

/// The rows whose origin is not among these, which ascend as the rows' do.
rows without_origins(const rows& in, std::span<const failed_origin> failed) {
  if (failed.empty())
    return in;
  std::vector<std::uint32_t> keep;
  keep.reserve(in.batch.rows);
  auto next = failed.begin();
  for (std::uint32_t i = 0; i < in.batch.rows; ++i) {
    while (next != failed.end() && next->origin < in.origin[i])
      ++next;
    if (next == failed.end() || next->origin != in.origin[i])
      keep.push_back(i);
  }
  return take(in, keep);
}

/// Appends the origins of these rows, each once; the result is what was appended.
std::span<const failed_origin> add_origins(const rows& of,
                                           const std::vector<expression::row_failure>& failures,
                                           std::vector<failed_origin>& failed) {
  const auto before = failed.size();
  for (const auto& f : failures)
    if (failed.size() == before || failed.back().origin != of.origin[f.row])
      failed.push_back({of.origin[f.row], f.message});
  return std::span<const failed_origin>(failed).subspan(before);
}

/// The rows without the columns that the step's own columns leave unread.
rows with_columns_read(const config::step& s, rows in) {
  if (s.columns.empty())
    return in;
  std::vector<data::column_ptr> read(in.batch.columns.size());
  const auto keep = [&](std::size_t i) { read[i] = in.batch.columns[i]; };
  for (const auto& column : s.columns)
    std::ranges::for_each(column.value.columns, keep);
  for (std::size_t i = s.columns.size(); i < s.output->size(); ++i)
    if (const auto at = in.batch.schema->find((*s.output)[i].name))
      keep(*at);
  in.batch.columns = std::move(read);
  return in;
}

/// The rows for which the step's `where` is true, with the columns that it goes on to read: a copy of a large one that
/// nobody reads would cost more than all else.
rows passing(const config::step& s, const rows& in, event_micros now, step_result& result) {
  std::vector<expression::row_failure> failures;
  const auto at = expression::rows_where(*s.where, in.batch, now, failures);
  merge_failures(failures);
  result.counts.filtered = in.batch.rows - at.size() - failures.size();
  return without_origins(take(with_columns_read(s, in), at), add_origins(in, failures, result.failed));
}

/// The columns of a batch that an unnesting select needs beside the elements.
std::vector<std::size_t> kept_beside_elements(const config::step& s, const data::batch& in) {
  std::vector<bool> kept(in.columns.size(), false);
  for (const auto& column : s.columns)
    for (const auto i : expression::columns_beside_element(column.value))
      kept[i] = true;
  for (std::size_t i = s.columns.size(); i < s.output->size(); ++i)
    if (const auto at = in.schema->find((*s.output)[i].name); at && in.columns[*at])
      kept[*at] = true;
  std::vector<std::size_t> out;
  for (std::size_t i = 0; i < kept.size(); ++i)
    if (kept[i])
      out.push_back(i);
  return out;
}

rows unnested(const config::step& s, const expression::bound& of, const rows& in, event_micros now,
              const row_check& check, step_result& result) {
  const auto before = result.failed.size();
  std::vector<expression::row_failure> failures;
  const auto list = expression::evaluate(of, in.batch, now, failures);
  auto all = unnest(in, *list, kept_beside_elements(s, in.batch));
  failures.insert(failures.end(), all.refused.begin(), all.refused.end());
  merge_failures(failures);
  const auto elements = without_origins(all.rows, add_origins(in, failures, result.failed));
  failures.clear();
  const auto projected = project(s, elements, now, failures);
  if (check) {
    check(projected, failures);
    merge_failures(failures);
  }
  auto out = without(projected, failures, result.failed);

  std::vector<std::uint32_t> failed;
  for (auto f = before; f < result.failed.size(); ++f)
    failed.push_back(result.failed[f].origin);
  std::sort(failed.begin(), failed.end());
  for (std::uint32_t i = 0; i < in.batch.rows; ++i) {
    if (std::binary_search(failed.begin(), failed.end(), in.origin[i]))
      continue;
    ++(all.empty[i] ? result.counts.filtered : result.counts.out);
  }
  return out;
}

bool reads_only(const expression::bound& e, const std::vector<bool>& known) {
  return std::ranges::all_of(e.columns, [&](std::size_t c) { return known[c]; });
}

/// project(), for run_step_of_removed().
rows project_known(const config::step& s, const rows& in, std::vector<bool>& known, event_micros now,
                   std::vector<expression::row_failure>& failures) {
  rows out{{s.output, {}, in.batch.rows}, in.origin, in.moment};
  std::vector<bool> known_now;
  for (const auto& column : s.columns) {
    known_now.push_back(reads_only(column.value, known));
    out.batch.columns.push_back(known_now.back() ? expression::evaluate(column.value, in.batch, now, failures)
                                                 : data::column_of_nulls(column.value.type, in.batch.rows));
  }
  for (std::size_t i = s.columns.size(); i < s.output->size(); ++i) {
    const auto at = in.batch.schema->find((*s.output)[i].name);
    known_now.push_back(at && known[*at]);
    out.batch.columns.push_back(at ? in.batch.columns[*at] : nullptr);
  }
  known = std::move(known_now);
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
  rows out{std::move(b), {}, {}};
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
  if (!in.moment.empty())
    for (const auto i : at)
      out.moment.push_back(in.moment[i]);
  return out;
}

/// A record's rows go through a stage together or not at all, so that its dead letter stands for all of them.
rows without(const rows& in, const std::vector<expression::row_failure>& failures,
             std::vector<failed_origin>& failed) {
  return without_origins(in, add_origins(in, failures, failed));
}

step_result run_step(const config::step& s, const rows& in, event_micros now, const row_check& check) {
  step_result result;
  result.counts.in = in.batch.rows;
  auto current = s.where ? passing(s, in, now, result) : in;
  if (const auto* list = unnested_by(s)) {
    current = unnested(s, *list, current, now, check, result);
  } else {
    if (!s.columns.empty()) {
      std::vector<expression::row_failure> failures;
      const auto projected = project(s, current, now, failures);
      current = without(projected, failures, result.failed);
    }
    result.counts.out = current.batch.rows;
  }
  result.counts.dead = result.counts.in - result.counts.filtered - result.counts.out;
  result.rows = std::move(current);
  return result;
}

step_result run_step_of_removed(const config::step& s, const rows& in, std::vector<bool>& known,
                                event_micros now) {
  step_result result;
  result.counts.in = result.counts.filtered = in.batch.rows;
  if (unnested_by(s) != nullptr) {
    known.assign(s.output->size(), false);
    result.rows = {{s.output, std::vector<data::column_ptr>(s.output->size()), 0}, {}, {}};
    return result;
  }
  step_result passed;
  auto current = s.where && reads_only(*s.where, known) ? passing(s, in, now, passed) : in;
  if (!s.columns.empty()) {
    std::vector<expression::row_failure> failures;
    const auto projected = project_known(s, current, known, now, failures);
    current = without(projected, failures, passed.failed);
  }
  result.counts.out = current.batch.rows;
  result.counts.filtered -= result.counts.out;
  result.rows = std::move(current);
  return result;
}

}  // namespace millrace::stage
