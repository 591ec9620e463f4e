#include "runtime/window/window_rows.hpp"

#include "runtime/data/constant_column.hpp"
#include "runtime/data/key_encoding.hpp"
#include "runtime/data/render.hpp"
#include "runtime/window/pairs.hpp"
#include "runtime/window/slices.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <map>
#include <numeric>
#include <span>

namespace millrace::window {
namespace {

/// Appends the key's columns to the builders. Text without NUL, by far the commonest key, is not copied
/// twice.
void decode_columns(std::string_view key, std::vector<data::column_builder>& out) {
  for (auto& c : out) {
    if (c.type().is_bytes() && key.front() == 0x01) {
      const auto zero = key.find('\0');
      if (key[zero + 1] == '\0') {
        c.append_text(key.substr(1, zero - 1));
        key.remove_prefix(zero + 2);
        continue;
      }
    }
    [[maybe_unused]] const auto decoded = data::decode_key(key, c);
    assert(decoded && "keys are checked where they come in");
  }
}

std::vector<data::column_ptr> key_columns(const definition& d, const row_store& store, rows of) {
  std::vector<data::column_builder> builders;
  for (const auto& f : d.keys) {
    builders.emplace_back(f.type);
    builders.back().reserve(of.size());
  }
  if (!builders.empty())
    for (std::size_t i = 0; i < of.size();) {
      // The places of some keys; the keys themselves are on their way by the time that they are read.
      std::array<std::string_view, 64> keys;
      const auto n = std::min(keys.size(), of.size() - i);
      for (std::size_t k = 0; k < n; ++k) {
        if (i + k + keys.size() < of.size())
          store.prefetch(of[i + k + keys.size()]);
        keys[k] = store.key(of[i + k]);
        __builtin_prefetch(keys[k].data());
      }
      for (std::size_t k = 0; k < n; ++k)
        decode_columns(keys[k], builders);
      i += n;
    }
  std::vector<data::column_ptr> columns;
  columns.reserve(builders.size());
  for (auto& b : builders)
    columns.push_back(b.finish());
  return columns;
}

/// One of the bounds, of n rows; null where the windows have none.
data::column_ptr bound_column(const definition& d, std::span<const event_micros> of, std::size_t n) {
  if (!d.bounded)
    return data::column_of_nulls(data::type_id::timestamp, n);
  if (of.size() == 1)
    return data::column_of_ints(data::type_id::timestamp, of.front(), n);
  data::column_builder b(data::type_id::timestamp);
  b.append_ints(of);
  return b.finish();
}

std::string failure_text(const definition& d, std::size_t a) {
  const auto* why = find_aggregate(d.aggregates[a])->failure;
  const auto& named = d.aggregates[a].stands_in;
  const auto what = a < d.aggregate_fields.size() && d.formulas.empty()
                        ? fmt::format("\"{}\"", d.aggregate_fields[a].name)
                    : named.empty() ? std::string("an aggregate in having")
                                    : fmt::format("an aggregate in \"{}\"", named);
  return fmt::format("{} {}", what, why == nullptr ? "cannot be read" : why);
}

data::batch chosen(const data::batch& all, const std::vector<std::uint32_t>& passed) {
  return passed.size() == all.rows ? all : data::take(all, passed);
}

/// Rows while they are formed.
struct unfinished_rows {
  data::batch all;                                // columns of the window's output
  std::vector<data::column_ptr> aggregates;       // indexed as definition.aggregates; null where nobody reads
                                                  // it
  std::map<std::uint32_t, std::string> failures;  // keyed by row: values that cannot be represented or judged
};

bool is_read_by_having(const definition& d, std::size_t a) {
  const auto hidden = d.output->size() + a - d.first_hidden();
  return std::ranges::any_of(d.having->columns, [&](std::size_t c) {
    return a < d.first_hidden() ? c == d.keys.size() + a : c == hidden;
  });
}

/// Returns whether it takes the result of aggregate `a` to decide about a row: `having` reads it, or it alone
/// tells that the row fails.
bool decides(const definition& d, const layout& states, std::size_t a) {
  const auto& ops = *states.slots[a].ops;
  return (ops.failure != nullptr && ops.may_fail == nullptr) || is_read_by_having(d, a);
}

/// Forms rows. In `all` the columns of the key and bounds are null, and so are fields that formulas give.
/// `deciding`: aggregates that do not decide about a row are left out.
unfinished_rows finish(const definition& d, const row_store& store, rows of, bool deciding = false) {
  unfinished_rows f{{d.output, std::vector<data::column_ptr>(d.output->size()), of.size()}, {}, {}};
  std::vector<std::uint32_t> failed;
  for (std::size_t a = 0; a < d.aggregates.size(); ++a) {
    if (deciding && !decides(d, store.layout(), a)) {
      f.aggregates.emplace_back();
      continue;
    }
    data::column_builder b(d.aggregates[a].result);
    b.reserve(of.size());
    failed.clear();
    store.layout().slots[a].ops->finish(d.aggregates[a], store.column(a), of, b, failed);
    for (const auto row : failed)
      f.failures.try_emplace(row, failure_text(d, a));
    f.aggregates.push_back(b.finish());
  }
  if (d.formulas.empty())
    std::copy_n(f.aggregates.begin(), d.aggregate_fields.size(),
                f.all.columns.begin() + static_cast<std::ptrdiff_t>(d.keys.size()));
  return f;
}

/// Appends the aggregates from `first` on to the columns. Columns that an expression does not read may be
/// null pointers.
data::batch widened(const definition& d, const unfinished_rows& f, std::vector<data::column_ptr> columns,
                    std::vector<data::field> fields, std::size_t first) {
  for (auto a = first; a < f.aggregates.size(); ++a) {
    fields.push_back({"", d.aggregates[a].result});
    columns.push_back(f.aggregates[a]);
  }
  return {std::make_shared<data::schema>(std::move(fields)), std::move(columns), f.all.rows};
}

// now() is refused in topologies with windows, so any will do.
constexpr event_micros any_time = 0;

/// Rows that `having` lets pass.
std::vector<std::uint32_t> judge(const definition& d, unfinished_rows& f) {
  std::vector<std::uint32_t> passed;
  if (d.having) {
    std::vector<expression::row_failure> failed;
    passed = expression::rows_where(
        *d.having, widened(d, f, f.all.columns, d.output->fields(), d.first_hidden()), any_time, failed);
    for (const auto& row : failed)
      f.failures.try_emplace(row.row, "having: " + row.message);
  } else {
    passed.resize(f.all.rows);
    std::iota(passed.begin(), passed.end(), 0U);
  }
  if (!f.failures.empty())
    std::erase_if(passed, [&](std::uint32_t i) { return f.failures.contains(i); });
  return passed;
}

/// The values at their rows, and null elsewhere.
data::column_ptr spread(const data::column& values, const std::vector<std::uint32_t>& at, std::size_t rows) {
  data::column_builder b(values.type());
  b.reserve(rows);
  for (std::size_t row = 0, next = 0; row < rows; ++row) {
    if (next < at.size() && at[next] == row)
      b.append_from(values, next++);
    else
      b.append_null();
  }
  return b.finish();
}

/// Gives the columns that formulas may name: keys, bounds, aggregates.
data::batch groups_of(const definition& d, const unfinished_rows& f) {
  const auto& fields = d.output->fields();
  const auto keys = static_cast<std::ptrdiff_t>(d.keys.size());
  std::vector<data::column_ptr> columns(f.all.columns.begin(), f.all.columns.begin() + keys);
  columns.insert(columns.end(), f.all.columns.end() - 2, f.all.columns.end());
  std::vector<data::field> named(fields.begin(), fields.begin() + keys);
  named.insert(named.end(), fields.end() - 2, fields.end());
  return widened(d, f, std::move(columns), std::move(named), 0);
}

/// The fields that formulas give, for the rows that passed alone: what `having` turns down cannot fail.
void compute(const definition& d, unfinished_rows& f, std::vector<std::uint32_t>& passed) {
  if (d.formulas.empty())
    return;
  const auto groups = groups_of(d, f);
  const bool whole = passed.size() == groups.rows;
  const auto of = whole ? groups : data::take(groups, passed);
  std::vector<data::column_ptr> fields;
  std::vector<expression::row_failure> failed;
  for (std::size_t i = 0; i < d.formulas.size(); ++i) {
    failed.clear();
    fields.push_back(expression::evaluate(d.formulas[i], of, any_time, failed));
    for (const auto& row : failed)
      f.failures.try_emplace(passed[row.row],
                             fmt::format("\"{}\": {}", d.aggregate_fields[i].name, row.message));
  }
  for (std::size_t i = 0; i < fields.size(); ++i)
    f.all.columns[d.keys.size() + i] = whole ? fields[i] : spread(*fields[i], passed, f.all.rows);
  if (!f.failures.empty())
    std::erase_if(passed, [&](std::uint32_t i) { return f.failures.contains(i); });
}

/// Fields that formulas give stand in `having` as what they are made of, so it never reads their columns.
bool reads_aggregates_alone(const definition& d) {
  const auto bounds = d.keys.size() + d.aggregate_fields.size();
  return std::ranges::all_of(d.having->columns, [&](std::size_t c) {
    return (c >= d.keys.size() && c < bounds) || c >= d.output->size();
  });
}

}  // namespace

void drop_turned_down(const definition& d, const row_store& store, std::vector<std::uint32_t>& of) {
  if (!d.having || !reads_aggregates_alone(d))
    return;
  auto formed = finish(d, store, of, true);
  std::vector<bool> stays(of.size());
  for (const auto i : judge(d, formed))
    stays[i] = true;
  for (const auto& [i, message] : formed.failures)
    stays[i] = true;
  for (std::size_t a = 0; a < d.aggregates.size(); ++a)
    if (const auto may_fail = store.layout().slots[a].ops->may_fail;
        may_fail != nullptr && !is_read_by_having(d, a))
      for (std::size_t i = 0; i < of.size(); ++i)
        stays[i] = stays[i] || may_fail(d.aggregates[a], store.column(a), of[i]);
  std::size_t kept = 0;
  for (std::size_t i = 0; i < of.size(); ++i)
    if (stays[i])
      of[kept++] = of[i];
  of.resize(kept);
}

data::batch group_columns(const definition& d, const row_store& store, rows of, const row_bounds& bounds) {
  auto fields = d.keys;
  fields.push_back({"window_start", data::type_id::timestamp});
  fields.push_back({"window_end", data::type_id::timestamp});
  data::batch out{std::make_shared<const data::schema>(std::move(fields)), key_columns(d, store, of),
                  of.size()};
  out.columns.push_back(bound_column(d, bounds.starts, of.size()));
  out.columns.push_back(bound_column(d, bounds.ends, of.size()));
  return out;
}

delivery::fired_window form_rows(const definition& d, const row_store& store, rows of,
                                 const row_bounds& bounds, judged_rows* out) {
  if (d.join)
    return form_pairs(d, store, of, bounds);
  auto formed = finish(d, store, of);
  auto& all = formed.all;
  std::ranges::move(key_columns(d, store, of), all.columns.begin());
  all.columns.end()[-2] = bound_column(d, bounds.starts, of.size());
  all.columns.end()[-1] = bound_column(d, bounds.ends, of.size());
  auto passed = judge(d, formed);
  compute(d, formed, passed);

  delivery::fired_window w{0, std::make_shared<data::batch>(chosen(all, passed)), {}};
  for (auto& [i, message] : formed.failures) {
    std::string record;
    data::append_json_row(record, all, i);
    w.failed.push_back({std::move(record), std::move(message)});
    if (out != nullptr)
      out->failed.push_back(i);
  }
  if (out != nullptr)
    out->passed = std::move(passed);
  return w;
}

std::vector<bool> passing(const judged_rows& of, std::size_t rows) {
  std::vector<bool> out(rows);
  for (const auto i : of.passed)
    out[i] = true;
  return out;
}

delivery::fired_window form_removed(const definition& d, const row_store& store, rows of,
                                    const row_bounds& bounds) {
  data::batch all{d.output, key_columns(d, store, of), of.size()};
  for (const auto& f : d.aggregate_fields)
    all.columns.push_back(data::column_of_nulls(f.type, of.size()));
  all.columns.push_back(bound_column(d, bounds.starts, of.size()));
  all.columns.push_back(bound_column(d, bounds.ends, of.size()));
  delivery::fired_window w{0, std::make_shared<data::batch>(std::move(all)), {}};
  add_removed_column(w, true);
  return w;
}

void add_removed_column(delivery::fired_window& w, bool removed) {
  auto rows = *w.rows;
  auto fields = rows.schema->fields();
  fields.push_back({std::string(removed_column), data::type_id::boolean});
  rows.schema = std::make_shared<const data::schema>(std::move(fields));
  rows.columns.push_back(data::column_of_booleans(removed, rows.rows));
  w.rows = std::make_shared<const data::batch>(std::move(rows));
}

delivery::open_windows form_open(const definition& d, const row_store& store, rows of,
                                 const row_bounds& bounds) {
  if (d.join)
    return form_open_sides(d, store, of, bounds);
  auto without_having = d;
  without_having.having.reset();
  judged_rows formed, given;
  auto w = form_rows(without_having, store, of, bounds, &formed);
  if (d.having)
    static_cast<void>(form_rows(d, store, of, bounds, &given));
  delivery::open_windows out{std::move(w.rows), {}, std::move(w.failed)};
  const auto passes = passing(given, of.size());
  for (const auto i : formed.passed)
    out.passing.push_back(!d.having || passes[i]);
  return out;
}

delivery::fired_window form_window(const definition& d, const row_store& store, rows of, event_micros end,
                                   judged_rows* out) {
  const auto start = d.kind == shape::aligned ? window_start(d, end) : plus(end, -d.size);
  auto w = form_rows(d, store, of, {std::span(&start, 1), std::span(&end, 1)}, out);
  w.end = end;
  return w;
}

}  // namespace millrace::window
