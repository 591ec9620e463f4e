#include "runtime/window/pairs.hpp"

#include "runtime/data/key_encoding.hpp"
#include "runtime/data/render.hpp"
#include "runtime/window/collected.hpp"
#include "runtime/window/side_rows.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace millrace::window {
namespace {

/// A column's texts have 31-bit offsets: the rows of a shard's window end take no more.
constexpr std::uint64_t most_bytes = std::uint64_t{1} << 30;

bool has_null(const definition& d, std::string_view key) {
  for (const auto& f : d.keys) {
    if (key.front() == data::absent_key)
      return true;
    if (!data::skip_key(key, f.type.id()))
      return false;
  }
  return false;
}

class pairing {
public:
  pairing(const definition& d, const row_store& store, rows of, const row_bounds& bounds)
      : d_(d), store_(store), of_(of),
        bounds_(bounds), sides_{side_rows(d.aggregates[0]), side_rows(d.aggregates[1])} {}

  delivery::fired_window form() && {
    for (std::uint32_t g = 0; g < of_.size(); ++g)
      add_group(g);
    return finish();
  }

private:
  struct failure {
    std::uint32_t group;
    std::string why;
  };

  void add_group(std::uint32_t g) {
    const auto row = of_[g];
    std::uint64_t rows[2] = {0, 0};
    for (std::size_t s = 0; s < 2; ++s) {
      const auto n = side_rows::count(store_.column(s), row);
      if (!n)
        return fail(
            g,
            fmt::format("its rows of the {} side take more than {} MiB in this window; expected a finer key, "
                        "or shorter windows",
                        s == 0 ? "left" : "right", collection::most_bytes >> 20));
      rows[s] = *n;
    }
    const bool alone = rows[0] == 0 || rows[1] == 0 || has_null(d_, store_.key(row));
    const auto pairs = alone ? 0 : rows[0] * rows[1];
    if (pairs > d_.join->max_pairs)
      return fail(
          g,
          fmt::format("its {} rows of the left side and {} of the right one make {} pairs in this window; at "
                      "most {} are given (max_pairs)",
                      rows[0], rows[1], pairs, d_.join->max_pairs));
    if (alone && !(rows[0] != 0 && gives_alone(0)) && !(rows[1] != 0 && gives_alone(1)))
      return;
    const auto bytes = [&](std::size_t s) { return side_rows::bytes(store_.column(s), row); };
    const auto all = alone ? bytes(0) + bytes(1) : bytes(0) * rows[1] + bytes(1) * rows[0];
    if (bytes_ + all > most_bytes)
      return fail(
          g,
          fmt::format("its {} rows take {} bytes, and the rows of one end of a window at most {} in a shard; "
                      "expected fewer columns, more shards or shorter windows",
                      alone ? rows[0] + rows[1] : pairs, all, most_bytes));
    bytes_ += all;
    add_rows(g, row, alone);
  }

  void add_rows(std::uint32_t g, std::uint32_t row, bool alone) {
    std::pair<std::uint32_t, std::uint32_t> at[2];  // first, behind the last
    for (std::size_t s = 0; s < 2; ++s) {
      const auto first = sides_[s].size();
      sides_[s].append(store_.column(s), row);
      at[s] = {first, sides_[s].size()};
    }
    if (!alone)
      for (auto l = at[0].first; l < at[0].second; ++l)
        for (auto r = at[1].first; r < at[1].second; ++r)
          give(g, l, r);
    for (auto l = at[0].first; alone && gives_alone(0) && l < at[0].second; ++l)
      give(g, l, none);
    for (auto r = at[1].first; alone && gives_alone(1) && r < at[1].second; ++r)
      give(g, none, r);
  }

  [[nodiscard]] bool gives_alone(std::size_t side) const { return window::gives_alone(d_.join->how, side); }

  void give(std::uint32_t group, std::uint32_t left, std::uint32_t right) {
    groups_.push_back(group);
    rows_[0].push_back(left);
    rows_[1].push_back(right);
  }

  void fail(std::uint32_t group, std::string why) { failures_.push_back({group, std::move(why)}); }

  delivery::fired_window finish() {
    const auto groups = group_columns(d_, store_, of_, bounds_);
    const auto keys = groups.columns.size() - 2;
    data::batch out{d_.output, {}, groups_.size()};
    for (std::size_t k = 0; k < keys; ++k)
      out.columns.push_back(data::take(*groups.columns[k], groups_));
    for (std::size_t s = 0; s < 2; ++s) {
      const auto no_partner = sides_[s].size();  // the row of nulls is the last one
      for (auto& r : rows_[s])
        r = r == none ? no_partner : r;
      for (const auto& column : sides_[s].finish())
        out.columns.push_back(data::take(*column, rows_[s]));
    }
    for (auto bound = keys; bound < groups.columns.size(); ++bound)
      out.columns.push_back(data::take(*groups.columns[bound], groups_));
    delivery::fired_window w{0, std::make_shared<data::batch>(std::move(out)), {}};
    for (auto& f : failures_) {
      std::string record;
      data::append_json_row(record, groups, f.group);
      w.failed.push_back({std::move(record), std::move(f.why)});
    }
    return w;
  }

  static constexpr std::uint32_t none = ~0U;

  const definition& d_;
  const row_store& store_;
  rows of_;
  const row_bounds& bounds_;
  side_rows sides_[2];
  std::vector<std::uint32_t> groups_, rows_[2];  // of each row that is given
  std::vector<failure> failures_;
  std::uint64_t bytes_ = 0;  // of the rows so far, about
};

}  // namespace

bool gives_alone(join_kind how, std::size_t side) {
  return how == join_kind::full || how == (side == 0 ? join_kind::left : join_kind::right);
}

delivery::fired_window form_pairs(const definition& d, const row_store& store, rows of,
                                  const row_bounds& bounds) {
  return pairing(d, store, of, bounds).form();
}

delivery::open_windows form_open_sides(const definition& d, const row_store& store, rows of,
                                       const row_bounds& bounds) {
  auto all = group_columns(d, store, of, bounds);
  auto fields = all.schema->fields();
  for (std::size_t s = 0; s < 2; ++s) {
    data::column_builder b(data::type_id::bigint);
    for (const auto row : of)
      if (const auto n = side_rows::count(store.column(s), row))
        b.append_int(static_cast<std::int64_t>(*n));
      else
        b.append_null();
    const auto at = static_cast<std::ptrdiff_t>(d.keys.size() + s);
    fields.insert(fields.begin() + at, {s == 0 ? "left" : "right", data::type_id::bigint});
    all.columns.insert(all.columns.begin() + at, b.finish());
  }
  all.schema = std::make_shared<const data::schema>(std::move(fields));
  return {std::make_shared<const data::batch>(std::move(all)), std::vector<bool>(of.size(), true), {}};
}

}  // namespace millrace::window
