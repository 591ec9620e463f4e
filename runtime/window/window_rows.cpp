#include "runtime/window/window_rows.hpp"

#include "runtime/data/key_encoding.hpp"
#include "runtime/data/render.hpp"
#include "runtime/window/slices.hpp"

#include <boost/sort/spreadsort/integer_sort.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <map>
#include <numeric>
#include <span>

namespace millrace::window {
namespace {

struct sort_entry {
  std::uint64_t prefix;
  std::uint32_t row;
};

bool by_prefix(const sort_entry& a, const sort_entry& b) { return a.prefix < b.prefix; }

/// Eight bytes of a key from `at` on, as a number that compares as they do; behind its end zeros.
std::uint64_t eight_bytes(std::string_view key, std::size_t at) {
  char bytes[8] = {};
  if (at < key.size())
    std::memcpy(bytes, key.data() + at, std::min<std::size_t>(key.size() - at, 8));
  std::uint64_t v;
  std::memcpy(&v, bytes, 8);
  return __builtin_bswap64(v);
}

/// How many bytes all of these keys begin with in common: keys such as user00017 differ only behind them.
std::size_t common_bytes(const row_store& store, const std::vector<std::uint32_t>& of) {
  if (of.empty())
    return 0;
  const auto first = store.key(of.front());
  auto common = first.size();
  for (const auto r : of) {
    const auto key = store.key(r);
    common = std::min(common, key.size());
    if (std::memcmp(first.data(), key.data(), common) != 0)
      common = static_cast<std::size_t>(
          std::mismatch(first.begin(), first.begin() + static_cast<std::ptrdiff_t>(common), key.begin())
              .first -
          first.begin());
  }
  return common;
}

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
    for (std::size_t i = 0; i < of.size(); ++i) {
      store.prefetch_ahead(of, i);
      decode_columns(store.key(of[i]), builders);
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

void sort_by_key(const row_store& store, std::vector<std::uint32_t>& of) {
  std::vector<sort_entry> entries;
  entries.reserve(of.size());
  const auto common = common_bytes(store, of);
  for (std::size_t i = 0; i < of.size(); ++i) {
    store.prefetch_ahead(of, i);
    entries.push_back({eight_bytes(store.key(of[i]), common), of[i]});
  }
  const auto begin = entries.begin();
  boost::sort::spreadsort::integer_sort(
      begin, entries.end(), [](const sort_entry& e, unsigned shift) { return e.prefix >> shift; }, by_prefix);
  for (auto same = begin; same != entries.end();) {
    const auto end =
        std::find_if(same, entries.end(), [&](const auto& e) { return e.prefix != same->prefix; });
    if (end - same > 1)
      std::sort(same, end, [&](const auto& a, const auto& b) { return store.key(a.row) < store.key(b.row); });
    same = end;
  }
  for (std::size_t i = 0; i < of.size(); ++i)
    of[i] = entries[i].row;
}

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
