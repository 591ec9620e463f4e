#include "actors/stream/sink/rows_to_write.hpp"

#include "actors/stream/stage/unnest.hpp"
#include "actors/stream/stage/window_intake.hpp"
#include "actors/stream/stage/window_output.hpp"
#include "runtime/data/constant_column.hpp"
#include "runtime/data/key_encoding.hpp"
#include "runtime/data/render.hpp"

#include <algorithm>
#include <tuple>
#include <unordered_map>
#include <unordered_set>

namespace millrace::sink {
namespace {

struct ordered_row {
  std::string key;
  std::uint32_t batch;
  std::uint32_t row;
  std::uint64_t rank = 0;  // its place among the rows that the limit applies to, from 1
};

/// order_by, then the window's key, as bytes that compare in that order. `prefix` goes before them.
std::string sort_key(std::string prefix, const data::batch& out, std::size_t row,
                     const std::vector<config::order_item>& order_by, const data::batch& window,
                     std::size_t window_row, std::size_t key_columns) {
  auto key = std::move(prefix);
  for (const auto& item : order_by) {
    const auto begin = key.size();
    data::append_key(key, *out.columns[item.column], row);
    if (item.descending)
      for (auto i = begin; i < key.size(); ++i)
        key[i] = static_cast<char>(~key[i]);
  }
  for (std::size_t k = 0; k < key_columns; ++k)
    data::append_key(key, *window.columns[k], window_row);
  return key;
}

class former {
public:
  former(const window_input& input, const config::topology& topology, const data::schema_ptr& schema,
         const config::row_order& wanted, std::optional<std::uint64_t> batch, event_micros now)
      : input_(input), topology_(topology), schema_(schema), wanted_(wanted), batch_(batch), now_(now),
        shows_change_(input.numbered && reads_change()) {}

  void add(const delivery::output_frame& f) {
    if (!schema_ && !f.failed.empty()) {
      result_.counts[delivery::unformed_rows_of(name_of_window())] +=
          {.in = f.failed.size(), .dead = f.failed.size()};
      result_.failed.insert(result_.failed.end(), f.failed.begin(), f.failed.end());
    }
    if (!f.rows || f.begin == f.end)
      return;
    if (schema_)
      result_.counts[delivery::taken_by(input_.chains.front().back().stage)].in += f.end - f.begin;
    const bool removed = stage::is_taken_back(*f.rows);
    for (const auto& c : input_.chains)
      removed ? take_back(c, f) : run(c, f);
  }

  rows_to_write finish() {
    if (in_key_order() && runs() <= 1) {
      for (auto& part : parts_)
        for (std::size_t begin = 0; begin < part.rows; begin += batch_rows)
          result_.batches.push_back(part.rows <= batch_rows
                                        ? std::move(part)
                                        : data::slice(part, begin, std::min(part.rows, begin + batch_rows)));
      return std::move(result_);
    }
    for (std::size_t p = 0; p < parts_.size(); ++p)
      add_keys(p);
    drop_replaced();
    sort();
    cut();
    for (std::size_t begin = 0; begin < order_.size();) {
      const auto end = end_of_batch(begin);
      emit(begin, end);
      begin = end;
    }
    return std::move(result_);
  }

private:
  [[nodiscard]] bool reads_change() const {
    return (schema_ && schema_->find(config::change_column)) ||
           std::ranges::any_of(input_.chains, [](const auto& chain) {
             return std::ranges::any_of(
                 chain, [](const auto& s) { return config::reads(*s.step, config::change_column); });
           });
  }

  [[nodiscard]] stage::rows rows_of(const delivery::output_frame& f) const {
    auto rows = f.begin == 0 && f.end == f.rows->rows ? *f.rows : data::slice(*f.rows, f.begin, f.end);
    if (!input_.numbered)
      return stage::all_rows(std::move(rows));
    return stage::all_rows(stage::numbered(std::move(rows), {input_.numbered, batch_, shows_change_}));
  }

  void run(const stage::chain& c, const delivery::output_frame& f) {
    auto rows = rows_of(f);
    for (const auto& s : c) {
      if (s.window != nullptr) {  // the end of a way that only dead letters are of interest of
        const auto time = delivery::event_time_at(f.reached);
        if (s.gives_letters)
          for (const auto& failed : stage::take_in(*s.window, s.side, rows, {&time, 1}, now_).failed)
            add_letter(s.stage, failed, f);
        return;
      }
      auto result = stage::run_step(*s.step, rows, now_);
      if (s.counts)
        result_.counts[s.stage == name_of_window() ? delivery::output_columns_of(s.stage) : s.stage] +=
            result.counts;
      if (s.gives_letters)
        for (const auto& failed : result.failed)
          add_letter(s.stage, failed, f);
      rows = std::move(result.rows);
    }
    if (schema_)
      add_part(std::move(rows), f, false);
  }

  /// Rows that hold no more, under the names that the sink knows them by: of keys and bounds alone.
  void take_back(const stage::chain& c, const delivery::output_frame& f) {
    auto rows = rows_of(f);
    std::vector<bool> known(rows.batch.columns.size(), true);
    std::fill(known.begin() + static_cast<std::ptrdiff_t>(input_.key_columns),
              known.begin() + static_cast<std::ptrdiff_t>(first_bound(known.size())), false);
    for (const auto& s : c) {
      auto result = stage::run_step_of_removed(*s.step, rows, known, now_);
      if (s.counts)
        result_.counts[s.stage == name_of_window() ? delivery::output_columns_of(s.stage) : s.stage] +=
            result.counts;
      rows = std::move(result.rows);
    }
    if (!schema_)
      return;
    if (input_.removed == config::removal::left)
      filter_out(rows.batch.rows);
    else
      add_part(std::move(rows), f, true);
  }

  /// The number of the batch and the change follow the window's own columns, of which the bounds are the last.
  [[nodiscard]] static std::size_t first_bound(std::size_t columns) { return columns - 4; }

  void add_part(stage::rows rows, const delivery::output_frame& f, bool removed) {
    if (rows.batch.rows == 0)
      return;
    data::batch out{schema_, {}, rows.batch.rows};
    for (const auto& field : *schema_) {
      if (wanted_.ranked && &field == &schema_->fields().back()) {
        out.columns.push_back(data::column_of_ints(field.type, 0, out.rows));  // emit() knows it
        continue;
      }
      const auto at = rows.batch.schema->find(field.name);
      const bool says_deletion = field.name == config::deletion_column && (removed || !at);
      out.columns.push_back(says_deletion ? data::column_of_booleans(removed, out.rows)
                                          : rows.batch.columns[*at]);
    }
    parts_.push_back(std::move(out));
    origins_.push_back({f.log, f.rows, f.begin, std::move(rows.origin), removed});
  }

  /// Rows that have come to the sink and are not written.
  void filter_out(std::size_t rows) {
    auto& counts = result_.counts[input_.chains.front().back().stage];
    counts.out -= rows;
    counts.filtered += rows;
  }

  [[nodiscard]] bool is_removed(const ordered_row& row) const { return origins_[row.batch].removed; }

  /// A row with the same key of the sink takes the place of one that is taken back: there is nothing to delete.
  void drop_replaced() {
    if (input_.removed != config::removal::by_key ||
        std::ranges::none_of(origins_, [](const auto& o) { return o.removed; }))
      return;
    std::vector<std::size_t> columns;
    for (const auto& name : input_.deletes_by)
      columns.push_back(*schema_->find(name));
    const auto key_of = [&](const ordered_row& row) {
      std::string key;
      for (const auto c : columns)
        data::append_key(key, *parts_[row.batch].columns[c], row.row);
      return key;
    };
    std::unordered_set<std::string> written;
    for (const auto& row : order_)
      if (!is_removed(row))
        written.insert(key_of(row));
    filter_out(std::erase_if(
        order_, [&](const auto& row) { return is_removed(row) && written.contains(key_of(row)); }));
  }

  /// A final window's rows leave their shard in the order of their keys; those of a tick do not, it may hold
  /// several windows.
  [[nodiscard]] bool in_key_order() const { return wanted_.by.empty() && !input_.numbered; }

  /// Parts of one shard stand together and are in order, but where a row goes several ways.
  [[nodiscard]] bool begins_run(std::size_t part) const {
    return part == 0 || input_.chains.size() > 1 || origins_[part].shard != origins_[part - 1].shard;
  }
  [[nodiscard]] std::size_t runs() const {
    std::size_t n = 0;
    for (std::size_t p = 0; p < parts_.size(); ++p)
      n += begins_run(p) ? 1 : 0;
    return n;
  }

  void add_keys(std::size_t part) {
    const auto& out = parts_[part];
    const auto& from = origins_[part];
    for (std::size_t i = 0; i < out.rows; ++i)
      order_.push_back({sort_key(from.removed ? std::string("\0", 1) : "\1", out, i, wanted_.by, *from.window,
                                 from.begin + from.rows[i], input_.key_columns),
                        static_cast<std::uint32_t>(part), static_cast<std::uint32_t>(i)});
  }

  /// Rows with equal keys are of one key of the window, and so of one shard: they stay in the order in which it
  /// gave them, and a row that goes several ways in that of the ways.
  void sort() {
    const auto less = [](const ordered_row& a, const ordered_row& b) { return a.key < b.key; };
    if (wanted_.limit && wanted_.limit_by.empty() && *wanted_.limit < order_.size()) {
      const auto first = order_.begin();
      std::partial_sort(first, first + static_cast<std::ptrdiff_t>(*wanted_.limit), order_.end(),
                        [](const ordered_row& a, const ordered_row& b) {
                          return std::tie(a.key, a.batch, a.row) < std::tie(b.key, b.batch, b.row);
                        });
      return;
    }
    if (!in_key_order()) {
      std::stable_sort(order_.begin(), order_.end(), less);
      return;
    }
    std::vector<std::ptrdiff_t> ends{0};  // ends of the sorted runs
    for (std::size_t p = 0; p < parts_.size(); ++p) {
      if (begins_run(p))
        ends.push_back(ends.back());
      ends.back() += static_cast<std::ptrdiff_t>(parts_[p].rows);
    }
    const auto first = order_.begin();
    const auto runs = ends.size() - 1;
    for (std::size_t width = 1; width < runs; width *= 2)
      for (std::size_t i = 0; i + width < runs; i += 2 * width)
        std::inplace_merge(first + ends[i], first + ends[i + width],
                           first + ends[std::min(runs, i + 2 * width)], less);
  }

  /// Rows beyond the limit have come to the sink and are not written.
  void cut() {
    if (!wanted_.limit)
      return;
    if (!wanted_.limit_by.empty())
      return cut_groups();
    if (order_.size() > *wanted_.limit) {
      filter_out(order_.size() - *wanted_.limit);
      order_.resize(*wanted_.limit);
    }
    for (std::size_t i = 0; i < order_.size(); ++i)
      order_[i].rank = i + 1;
  }

  void cut_groups() {
    std::unordered_map<std::string, std::uint64_t> ranks;  // of each group's rows so far
    std::string group;
    filter_out(std::erase_if(order_, [&](ordered_row& row) {
      group.clear();
      for (const auto c : wanted_.limit_by)
        data::append_key(group, *parts_[row.batch].columns[c], row.row);
      row.rank = ++ranks[group];
      return row.rank > *wanted_.limit;
    }));
  }

  [[nodiscard]] const std::string& name_of_window() const { return topology_.stages[input_.stage].name; }

  void add_letter(const std::string& stage, const stage::failed_origin& failed,
                  const delivery::output_frame& f) {
    const auto row = f.begin + failed.origin;
    std::string record;
    data::append_json_row(record, stage::own_columns(*f.rows), row);
    result_.failed.push_back({stage, f.log, f.position_of(row), failed.error, std::move(record)});
  }

  /// Texts of a column have 31-bit offsets, and parts of a batch that are long each need not fit together.
  [[nodiscard]] std::size_t end_of_batch(std::size_t begin) const {
    auto end = begin;
    for (std::size_t bytes = 0; end < order_.size() && end - begin < batch_rows && bytes < batch_bytes; ++end)
      bytes += stage::bytes_of_row(parts_[order_[end].batch], order_[end].row);
    return end;
  }

  void emit(std::size_t begin, std::size_t end) {
    data::batch out{schema_, {}, end - begin};
    for (std::size_t c = 0; c < schema_->size(); ++c) {
      if (wanted_.ranked && c + 1 == schema_->size()) {
        out.columns.push_back(ranks(begin, end));
        continue;
      }
      data::column_builder column((*schema_)[c].type);
      column.reserve(out.rows);
      for (auto i = begin; i < end; ++i)
        column.append_from(*parts_[order_[i].batch].columns[c], order_[i].row);
      out.columns.push_back(column.finish());
    }
    result_.batches.push_back(std::move(out));
  }

  [[nodiscard]] data::column_ptr ranks(std::size_t begin, std::size_t end) const {
    data::column_builder out((*schema_)[schema_->size() - 1].type);
    out.reserve(end - begin);
    for (auto i = begin; i < end; ++i)
      out.append_int(static_cast<std::int64_t>(order_[i].rank));
    return out.finish();
  }

  const window_input& input_;
  const config::topology& topology_;
  const data::schema_ptr& schema_;
  const config::row_order& wanted_;
  std::optional<std::uint64_t> batch_;
  event_micros now_;
  bool shows_change_;
  /// The origin of a part's rows.
  struct origin {
    log_id shard;
    data::batch_ptr window;
    std::size_t begin;
    std::vector<std::uint32_t> rows;
    bool removed = false;
  };
  std::vector<data::batch> parts_;
  std::vector<origin> origins_;  // one a part
  std::vector<ordered_row> order_;
  rows_to_write result_;
};

}  // namespace

rows_to_write form_rows_to_write(const delivery::whole_window& w, const window_input& input,
                                 const config::topology& topology, const data::schema_ptr& schema,
                                 const config::row_order& order, std::optional<std::uint64_t> batch,
                                 event_micros now) {
  former f(input, topology, schema, order, batch, now);
  for (const auto& frame : w.frames)
    f.add(frame);
  return f.finish();
}

}  // namespace millrace::sink
