#include "runtime/window/pairs.hpp"

#include "runtime/data/key_encoding.hpp"
#include "runtime/data/render.hpp"
#include "runtime/window/collected.hpp"
#include "runtime/window/side_rows.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <optional>
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
    if (!data::skip_key(key, f.type))
      return false;
  }
  return false;
}

/// Rows of both sides, and which of them go together.
class joined_rows {
public:
  static constexpr std::uint32_t none = ~0U;

  explicit joined_rows(const definition& d)
      : d_(d), sides_{side_rows(d.aggregates[0]), side_rows(d.aggregates[1])} {}

  /// A row of the side, to be given; each as often as it came. Their first index, and the one behind the last.
  std::pair<std::uint32_t, std::uint32_t> append(std::size_t side, const collection::entry& e) {
    const auto first = sides_[side].size();
    sides_[side].append(e);
    return {first, sides_[side].size()};
  }
  [[nodiscard]] std::uint32_t size(std::size_t side) const { return sides_[side].size(); }
  [[nodiscard]] bool is_empty() const { return groups_.empty() && failures_.empty(); }

  /// Says why the rows of a group do not fit beside those that are given; empty where they do.
  [[nodiscard]] std::string too_large(std::uint64_t rows, std::uint64_t bytes) {
    if (bytes_ + bytes > most_bytes)
      return fmt::format(
          "its {} rows take {} bytes, and the rows of one end of a window at most {} in a shard; "
          "expected fewer columns, more shards or shorter windows",
          rows, bytes, most_bytes);
    bytes_ += bytes;
    return {};
  }

  void give(std::uint32_t group, std::uint32_t left, std::uint32_t right) {
    groups_.push_back(group);
    rows_[0].push_back(left);
    rows_[1].push_back(right);
  }

  /// `left`: the row that fails; none: all of the group do.
  void fail(std::uint32_t group, std::string why, std::uint32_t left = none) {
    failures_.push_back({group, left, std::move(why)});
  }

  /// `groups`: their keys and bounds, as group_columns() gives them.
  delivery::fired_window finish(const data::batch& groups) && {
    const auto keys = groups.columns.size() - 2;
    data::batch out{d_.output, {}, groups_.size()};
    for (std::size_t k = 0; k < keys; ++k)
      out.columns.push_back(data::take(*groups.columns[k], groups_));
    std::vector<data::column_ptr> left;
    for (std::size_t s = 0; s < 2; ++s) {
      const auto no_partner = sides_[s].size();  // the row of nulls is the last one
      for (auto& r : rows_[s])
        r = r == none ? no_partner : r;
      const auto columns = sides_[s].finish();
      for (const auto& column : columns)
        out.columns.push_back(data::take(*column, rows_[s]));
      if (s == 0)
        left = columns;
    }
    for (auto bound = keys; bound < groups.columns.size(); ++bound)
      out.columns.push_back(data::take(*groups.columns[bound], groups_));
    delivery::fired_window w{0, std::make_shared<data::batch>(std::move(out)), {}};
    for (auto& f : failures_) {
      std::string record;
      if (f.left == none)
        data::append_json_row(record, groups, f.group);
      else
        data::append_json_row(record, whole_row(groups, f.group, left, f.left), 0);
      w.failed.push_back({std::move(record), std::move(f.why)});
    }
    return w;
  }

private:
  struct failure {
    std::uint32_t group;
    std::uint32_t left;
    std::string why;
  };

  /// The key of a left row, and its columns.
  [[nodiscard]] data::batch whole_row(const data::batch& groups, std::uint32_t group,
                                      const std::vector<data::column_ptr>& left, std::uint32_t row) const {
    auto fields = d_.keys;
    data::batch out{nullptr, {}, 1};
    for (std::size_t k = 0; k < d_.keys.size(); ++k)
      out.columns.push_back(data::take(*groups.columns[k], std::span(&group, 1)));
    for (std::size_t c = 0; c < left.size(); ++c) {
      const auto& f = (*d_.aggregates[0].row)[c];
      if (std::ranges::find(d_.keys, f.name, &data::field::name) != d_.keys.end())
        continue;
      fields.push_back(f);
      out.columns.push_back(data::take(*left[c], std::span(&row, 1)));
    }
    out.schema = std::make_shared<const data::schema>(std::move(fields));
    return out;
  }

  const definition& d_;
  side_rows sides_[2];
  std::vector<std::uint32_t> groups_, rows_[2];  // of each row that is given
  std::vector<failure> failures_;
  std::uint64_t bytes_ = 0;  // of the rows so far, about
};

std::uint64_t bytes_of(const std::vector<collection::entry>& all) {
  std::uint64_t out = 0;
  for (const auto& e : all)
    out += side_rows::bytes(e);
  return out;
}

/// The pairs of a window's groups.
class pairing {
public:
  pairing(const definition& d, const row_store& store) : d_(d), store_(store), out_(d) {}

  delivery::fired_window form(rows of, const row_bounds& bounds) && {
    for (std::uint32_t g = 0; g < of.size(); ++g)
      add_group(g, of[g]);
    return std::move(out_).finish(group_columns(d_, store_, of, bounds));
  }

private:
  void add_group(std::uint32_t g, std::uint32_t row) {
    const std::vector<collection::entry>* all[2];
    std::uint64_t rows[2] = {0, 0};
    for (std::size_t s = 0; s < 2; ++s) {
      all[s] = collected::entries(store_.column(s), row);
      if (all[s] == nullptr)
        return out_.fail(
            g,
            fmt::format("its rows of the {} side take more than {} MiB in this window; expected a finer key, "
                        "or shorter windows",
                        s == 0 ? "left" : "right", collection::most_bytes >> 20));
      rows[s] = collected::count(*all[s]);
    }
    const bool alone = rows[0] == 0 || rows[1] == 0 || has_null(d_, store_.key(row));
    const auto pairs = alone ? 0 : rows[0] * rows[1];
    if (pairs > d_.join->max_pairs)
      return out_.fail(
          g,
          fmt::format("its {} rows of the left side and {} of the right one make {} pairs in this window; at "
                      "most {} are given (max_pairs)",
                      rows[0], rows[1], pairs, d_.join->max_pairs));
    if (alone && !(rows[0] != 0 && gives_alone(0)) && !(rows[1] != 0 && gives_alone(1)))
      return;
    const auto left = bytes_of(*all[0]);
    const auto right = bytes_of(*all[1]);
    const auto bytes = alone ? left + right : left * rows[1] + right * rows[0];
    if (auto why = out_.too_large(alone ? rows[0] + rows[1] : pairs, bytes); !why.empty())
      return out_.fail(g, std::move(why));
    add_rows(g, all, alone);
  }

  void add_rows(std::uint32_t g, const std::vector<collection::entry>* const (&all)[2], bool alone) {
    std::pair<std::uint32_t, std::uint32_t> at[2];  // first, behind the last
    for (std::size_t s = 0; s < 2; ++s) {
      at[s].first = out_.size(s);
      for (const auto& e : *all[s])
        out_.append(s, e);
      at[s].second = out_.size(s);
    }
    if (!alone)
      for (auto l = at[0].first; l < at[0].second; ++l)
        for (auto r = at[1].first; r < at[1].second; ++r)
          out_.give(g, l, r);
    for (auto l = at[0].first; alone && gives_alone(0) && l < at[0].second; ++l)
      out_.give(g, l, joined_rows::none);
    for (auto r = at[1].first; alone && gives_alone(1) && r < at[1].second; ++r)
      out_.give(g, joined_rows::none, r);
  }

  [[nodiscard]] bool gives_alone(std::size_t side) const { return window::gives_alone(d_.join->how, side); }

  const definition& d_;
  const row_store& store_;
  joined_rows out_;
};

/// The right rows that count for left rows with this end.
struct counted_rows {
  std::uint64_t rows = 0, bytes = 0;
  bool is_lost = false;  // some were too many to be kept
};
/// `once`: a row that comes by two ways is one version.
counted_rows counted(std::span<const timed_row> of, event_micros end, bool once = false) {
  counted_rows out;
  for (const auto& r : of) {
    if (r.eligible > end)
      continue;
    out.is_lost = out.is_lost || r.is_lost();
    out.rows += r.is_lost() || once ? 1 : r.what.count;
    out.bytes += side_rows::bytes(r.what);
  }
  return out;
}

/// Gives the right rows that left rows with this end may meet; counted() leaves out those that do not count for it.
std::span<const timed_row> met_by(const definition& d, const met_rows& m, event_micros end) {
  if (!d.join->first && has_null(d, m.key))
    return {};
  if (!d.join->newest)
    return m.right;
  const auto newest =
      std::find_if(m.right.rbegin(), m.right.rend(), [&](const timed_row& r) { return r.eligible <= end; });
  if (newest == m.right.rend() || (d.join->deletes && newest->is_deletion()))
    return {};
  return {&*newest, 1};
}

/// The pairs of an interval join's left rows.
class meeting {
public:
  meeting(const definition& d, event_micros end) : d_(d), end_(end), out_(d) {}

  void add(std::uint32_t group, const met_rows& m) {
    const auto reached = met_by(d_, m, end_);
    const auto right = counted(reached, end_, d_.join->newest);
    const auto how = d_.join->how;
    const bool pairs = how != join_kind::anti && right.rows != 0;
    std::pair<std::uint32_t, std::uint32_t> partners;
    bool are_decoded = false;
    for (const auto& l : m.left) {
      if (l.is_lost()) {
        out_.fail(group, too_many("its rows of the left side of one time"));
        continue;
      }
      if (how == join_kind::anti ? right.rows != 0 : right.rows == 0 && how == join_kind::inner)
        continue;
      const auto [first, last] = out_.append(0, l.what);
      auto why = pairs ? refusal(right, l) : out_.too_large(l.what.count, side_rows::bytes(l.what));
      if (pairs && why.empty() && !are_decoded) {
        partners = decode(reached);
        partners.second = static_cast<std::uint32_t>(partners.first + right.rows);
        are_decoded = true;
      }
      for (auto row = first; row < (d_.join->first ? first + 1 : last); ++row)
        if (!why.empty())
          out_.fail(group, why, row);
        else if (!pairs)
          out_.give(group, row, joined_rows::none);
        else
          for (auto r = partners.first; r < partners.second; ++r)
            out_.give(group, row, r);
      if (d_.join->first)
        return;
    }
  }

  [[nodiscard]] bool is_empty() const { return out_.is_empty(); }
  delivery::fired_window finish(const data::batch& groups) && { return std::move(out_).finish(groups); }

private:
  static std::string too_many(std::string_view what) {
    return fmt::format("{} take more than {} MiB; expected a finer key, or fewer columns", what,
                       collection::most_bytes >> 20);
  }

  [[nodiscard]] std::string refusal(const counted_rows& right, const timed_row& l) {
    if (right.is_lost)
      return too_many("the rows of the right side of a time within its reach");
    if (right.rows > d_.join->max_pairs)
      return fmt::format(
          "it has {} rows of the right side within its reach; at most {} pairs are given of a left "
          "row (max_pairs)",
          right.rows, d_.join->max_pairs);
    return out_.too_large(right.rows * l.what.count,
                          right.bytes * l.what.count + side_rows::bytes(l.what) * right.rows);
  }

  std::pair<std::uint32_t, std::uint32_t> decode(std::span<const timed_row> right) {
    const auto first = out_.size(1);
    for (const auto& r : right)
      if (r.eligible <= end_)
        out_.append(1, r.what);
    return {first, out_.size(1)};
  }

  const definition& d_;
  event_micros end_;
  joined_rows out_;
};

/// The keys, with the bounds of the time that each group's left rows have.
data::batch groups_met(const definition& d, std::span<const met_rows> of) {
  row_store keys(std::make_shared<const layout>(std::vector<aggregate>{}));
  std::vector<std::uint32_t> all;
  std::vector<event_micros> starts, ends;
  for (const auto& m : of) {
    all.push_back(keys.append(m.key));
    starts.push_back(m.left.front().time);
    ends.push_back(m.left.front().time + 1);
  }
  return group_columns(d, keys, all, {starts, ends});
}

/// Puts the numbers of rows, none where they were too many, between the keys and the bounds.
delivery::open_windows open_sides(const definition& d, data::batch groups,
                                  const std::vector<std::optional<std::uint64_t>> (&counts)[2]) {
  auto fields = groups.schema->fields();
  for (std::size_t s = 0; s < 2; ++s) {
    data::column_builder b(data::type_id::bigint);
    for (const auto& n : counts[s])
      if (n)
        b.append_int(static_cast<std::int64_t>(*n));
      else
        b.append_null();
    const auto at = static_cast<std::ptrdiff_t>(d.keys.size() + s);
    fields.insert(fields.begin() + at, {s == 0 ? "left" : "right", data::type_id::bigint});
    groups.columns.insert(groups.columns.begin() + at, b.finish());
  }
  groups.schema = std::make_shared<const data::schema>(std::move(fields));
  const auto n = groups.rows;
  return {std::make_shared<const data::batch>(std::move(groups)), std::vector<bool>(n, true), {}};
}

}  // namespace

bool gives_alone(join_kind how, std::size_t side) {
  return how == join_kind::full || how == (side == 0 ? join_kind::left : join_kind::right) ||
         (how == join_kind::anti && side == 0);
}

delivery::fired_window form_pairs(const definition& d, const row_store& store, rows of,
                                  const row_bounds& bounds) {
  return pairing(d, store).form(of, bounds);
}

delivery::open_windows form_open_sides(const definition& d, const row_store& store, rows of,
                                       const row_bounds& bounds) {
  std::vector<std::optional<std::uint64_t>> counts[2];
  for (std::size_t s = 0; s < 2; ++s)
    for (const auto row : of)
      counts[s].push_back(side_rows::count(store.column(s), row));
  return open_sides(d, group_columns(d, store, of, bounds), counts);
}

delivery::fired_window form_met(const definition& d, std::span<const met_rows> of, event_micros end) {
  meeting all(d, end);
  for (std::uint32_t g = 0; g < of.size(); ++g)
    all.add(g, of[g]);
  return all.is_empty() ? delivery::fired_window() : std::move(all).finish(groups_met(d, of));
}

delivery::open_windows form_open_met(const definition& d, std::span<const met_rows> of) {
  std::vector<std::optional<std::uint64_t>> counts[2];
  for (const auto& m : of) {
    const auto end = m.left.front().time + 1;
    const auto told = [&](const counted_rows& c) {
      return c.is_lost && !d.join->first ? std::nullopt : std::optional(c.rows);
    };
    counts[0].push_back(told(counted(m.left, end)));
    counts[1].push_back(told(counted(met_by(d, m, end), end, d.join->newest)));
  }
  return open_sides(d, groups_met(d, of), counts);
}

}  // namespace millrace::window
