#include "actors/connectors/sql/sink/composed_rows.hpp"

#include "actors/connectors/sql/sink/values.hpp"
#include "runtime/data/key_encoding.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

namespace millrace::sink::sql {
namespace {

/// Longer statements gain nothing (measured: 64 KiB is within 5 % of 1 MiB), and halving them costs more.
constexpr std::size_t statement_bytes = 256U << 10;

}  // namespace

composed_rows::composed_rows(database& db, row_language& language, row_plan plan)
    : db_(db), language_(language), plan_(std::move(plan)), table_(db.table_name(plan_.table)) {
  std::string columns;
  for (const auto& c : plan_.columns)
    columns += (columns.empty() ? "" : ", ") + db_.name(c.name);
  head_ = fmt::format("insert into {} ({}) values ", table_, columns);
  if (!plan_.key.empty() && plan_.by_index)
    tail_ = language_.on_conflict(plan_);
}

expected<void> composed_rows::write(const data::batch& rows, std::vector<refusal>& refused) {
  std::vector<std::size_t> all(rows.rows);
  std::iota(all.begin(), all.end(), 0);
  return insert(rows, all, refused);
}

expected<void> composed_rows::insert(const data::batch& rows, std::span<const std::size_t> chosen,
                                     std::vector<refusal>& refused) {
  rows_ = &rows;
  refused_ = &refused;
  tuples_.clear();
  pending_.clear();
  keys_.clear();
  const auto key_has_null = [&](std::size_t row) {
    return std::any_of(plan_.key.begin(), plan_.key.end(),
                       [&](auto k) { return rows.columns[k]->is_null(row); });
  };
  for (const auto row : chosen) {
    // An ordinary unique index holds nulls to be different, so the database cannot find such a row by itself.
    const bool replaced =
        !plan_.key.empty() && !plan_.nulls_by_index && (!plan_.by_index || key_has_null(row));
    auto done = replaced ? flush().and_then([&] { return replace(row); }) : add(row);
    if (!done)
      return done;
  }
  return flush();
}

expected<void> composed_rows::add(std::size_t row) {
  if (!plan_.key.empty() && !language_.repeats_keys()) {
    std::string key;
    for (const auto k : plan_.key)
      data::append_key(key, *rows_->columns[k], row);
    if (keys_.count(key) != 0)
      if (auto done = flush(); !done)
        return done;
    keys_.insert(std::move(key));
  }
  const auto begin = tuples_.size();
  tuples_ += '(';
  for (std::size_t i = 0; i < plan_.columns.size(); ++i) {
    if (i != 0)
      tuples_ += ',';
    if (auto why = language_.append_literal(tuples_, *rows_->columns[i], row, plan_.columns[i])) {
      tuples_.resize(begin);
      refuse_row(row, std::move(*why));
      return {};
    }
  }
  tuples_ += ')';
  const auto size = tuples_.size() - begin;
  if (const auto most = language_.packet_bytes(); head_.size() + size + tail_.size() > most) {
    tuples_.resize(begin);
    refuse_row(row, fmt::format(
                        "the row has {} bytes as SQL, the server takes {} in one statement; remedy: a larger "
                        "max_allowed_packet",
                        size, most));
    return {};
  }
  pending_.push_back({row, begin, tuples_.size()});
  tuples_ += ',';
  return tuples_.size() < statement_bytes ? expected<void>{} : flush();
}

expected<void> composed_rows::flush() {
  auto done = insert(0, pending_.size());
  tuples_.clear();
  pending_.clear();
  keys_.clear();
  return done;
}

expected<void> composed_rows::insert(std::size_t from, std::size_t to) {
  if (from == to)
    return {};
  const auto begin = pending_[from].begin;
  const auto end = pending_[to - 1].end;
  if (to - from > 1 && head_.size() + (end - begin) + tail_.size() > language_.packet_bytes()) {
    const auto middle = from + (to - from) / 2;
    return insert(from, middle).and_then([&] { return insert(middle, to); });
  }
  std::string sql;
  sql.reserve(head_.size() + (end - begin) + tail_.size());
  sql.append(head_).append(tuples_, begin, end - begin).append(tail_);
  auto done = language_.execute_guarded(sql);
  if (done)
    return {};
  if (!done.error().row_at_fault)
    return unexpected(done.error().what);
  if (to - from == 1) {
    refuse_row(pending_[from].row, done.error().what.message);
    return {};
  }
  const auto middle = from + (to - from) / 2;
  return insert(from, middle).and_then([&] { return insert(middle, to); });
}

std::string composed_rows::literal(std::size_t column, std::size_t row) const {
  std::string out;
  // The reason has been looked at by replace().
  (void)language_.append_literal(out, *rows_->columns[column], row, plan_.columns[column]);
  return out;
}

expected<void> composed_rows::replace(std::size_t row) {
  std::string values;
  std::string sets;
  for (std::size_t i = 0; i < plan_.columns.size(); ++i) {
    const auto begin = values.size();
    if (auto why = language_.append_literal(values, *rows_->columns[i], row, plan_.columns[i])) {
      refuse_row(row, std::move(*why));
      return {};
    }
    // All columns are set, the key's too: 0 takes the place of -0, which is the same key.
    sets +=
        fmt::format("{}{} = {}", i == 0 ? "" : ", ", db_.name(plan_.columns[i].name), values.substr(begin));
    values += ',';
  }
  values.pop_back();
  std::string where;
  for (const auto k : plan_.key) {
    where += where.empty() ? "" : " and ";
    where += rows_->columns[k]->is_null(row) ? db_.name(plan_.columns[k].name) + " is null"
                                             : language_.equals(plan_.columns[k], literal(k, row));
  }
  const auto update = fmt::format("update {} set {} where {}", table_, sets, where);
  if (update.size() > language_.packet_bytes()) {
    refuse_row(row, fmt::format("the row has {} bytes as SQL, the server takes {} in one statement",
                                update.size(), language_.packet_bytes()));
    return {};
  }
  auto done = language_.execute_guarded(update);
  if (done && *done == 0)
    done = language_.execute_guarded(fmt::format("{}({})", head_, values));
  if (done)
    return {};
  if (!done.error().row_at_fault)
    return unexpected(done.error().what);
  refuse_row(row, done.error().what.message);
  return {};
}

void composed_rows::refuse_row(std::size_t row, std::string why) {
  refused_->push_back(refuse(*rows_, row, why));
}

}  // namespace millrace::sink::sql
