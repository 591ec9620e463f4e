#include "runtime/window/window_rows.hpp"

#include "runtime/data/key_encoding.hpp"
#include "runtime/data/render.hpp"
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
      // Where the keys lie, some at a time; they are on their way by the time that they are read.
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
  data::column_builder b(data::type_id::timestamp);
  b.reserve(n);
  for (std::size_t i = 0; i < n; ++i) {
    if (d.bounded)
      b.append_int(of.size() == 1 ? of.front() : of[i]);
    else
      b.append_null();
  }
  return b.finish();
}

std::string overflow_text(const definition& d, std::size_t a) {
  const auto what = a < d.aggregate_fields.size() ? fmt::format("\"{}\"", d.aggregate_fields[a].name)
                                                  : std::string("a sum in having");
  return fmt::format("{} is beyond bigint: the row is set apart; sum a double instead, as in sum(x::double "
                     "precision)",
                     what);
}

data::batch chosen(const data::batch& all, const std::vector<std::uint32_t>& passed) {
  return passed.size() == all.rows ? all : data::take(all, passed);
}

/// Rows while they are formed.
struct forming {
  data::batch all;                                // of the window's output
  std::vector<data::column_ptr> extra;            // aggregates that only `having` reads
  std::map<std::uint32_t, std::string> failures;  // what cannot be represented or judged, by row
};

/// Of the columns in `all` the aggregates; those of the key are null, those of the bounds are not there yet.
forming finish(const definition& d, const row_store& store, rows of) {
  forming f{{d.output, std::vector<data::column_ptr>(d.keys.size()), of.size()}, {}, {}};
  std::vector<std::uint32_t> failed;
  for (std::size_t a = 0; a < d.aggregates.size(); ++a) {
    data::column_builder b(d.aggregates[a].result);
    b.reserve(of.size());
    failed.clear();
    store.layout().slots[a].ops->finish(store.column(a), of, b, failed);
    for (const auto row : failed)
      f.failures.try_emplace(row, overflow_text(d, a));
    (a < d.aggregate_fields.size() ? f.all.columns : f.extra).push_back(b.finish());
  }
  return f;
}

/// Rows that `having` lets pass. Columns that it does not read may be null pointers.
std::vector<std::uint32_t> judge(const definition& d, forming& f) {
  std::vector<std::uint32_t> passed;
  if (d.having) {
    auto fields = d.output->fields();
    for (const auto& c : f.extra)
      fields.push_back({"", c->type()});
    data::batch wide{std::make_shared<data::schema>(std::move(fields)), f.all.columns, f.all.rows};
    wide.columns.insert(wide.columns.end(), f.extra.begin(), f.extra.end());
    std::vector<expression::row_failure> failed;
    // now() is refused in topologies with windows, so any will do.
    passed = expression::rows_where(*d.having, wide, 0, failed);
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
  auto formed = finish(d, store, of);
  formed.all.columns.resize(d.output->size());
  std::vector<bool> stays(of.size());
  for (const auto i : judge(d, formed))
    stays[i] = true;
  for (const auto& [i, message] : formed.failures)
    stays[i] = true;
  std::size_t kept = 0;
  for (std::size_t i = 0; i < of.size(); ++i)
    if (stays[i])
      of[kept++] = of[i];
  of.resize(kept);
}

fired_window form_rows(const definition& d, const row_store& store, rows of, const row_bounds& bounds,
                       verdicts* out) {
  auto formed = finish(d, store, of);
  auto& all = formed.all;
  std::ranges::move(key_columns(d, store, of), all.columns.begin());
  all.columns.push_back(bound_column(d, bounds.starts, of.size()));
  all.columns.push_back(bound_column(d, bounds.ends, of.size()));
  auto passed = judge(d, formed);

  fired_window w{0, std::make_shared<data::batch>(chosen(all, passed)), {}};
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

fired_window form_window(const definition& d, const row_store& store, rows of, event_micros end,
                         verdicts* out) {
  const auto start = plus(end, -d.size);
  auto w = form_rows(d, store, of, {std::span(&start, 1), std::span(&end, 1)}, out);
  w.end = end;
  return w;
}

}  // namespace millrace::window
