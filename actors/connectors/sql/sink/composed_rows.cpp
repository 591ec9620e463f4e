#include "actors/connectors/sql/sink/composed_rows.hpp"

#include "actors/connectors/sql/sink/changes.hpp"
#include "actors/connectors/sql/sink/values.hpp"
#include "runtime/data/key_encoding.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

namespace millrace::sink::sql {
namespace {

/// Longer statements gain nothing (measured: 64 KiB is within 5 % of 1 MiB), and halving them costs more.
constexpr std::size_t statement_bytes = 256U << 10;
/// Each is a condition of its own, which the server plans.
constexpr std::size_t deletions_a_statement = 200;

}  // namespace

composed_rows::composed_rows(database& db, row_language& language, row_plan plan)
    : db_(db), language_(language), plan_(std::move(plan)), table_(db.table_name(plan_.table)) {
  std::string columns;
  for (const auto& c : plan_.columns)
    columns += (columns.empty() ? "" : ", ") + db_.name(c.name);
  insertion_ = {.head = fmt::format("insert into {} ({}) values ", table_, columns), .between = ","};
  if (!plan_.key.empty() && plan_.by_index)
    insertion_.tail = language_.on_conflict(plan_);
  deletion_ = {.head = fmt::format("delete from {} where ", table_),
               .between = " or ",
               .most_rows = deletions_a_statement};
}

expected<void> composed_rows::write(const data::batch& rows, std::vector<refusal>& refused) {
  std::vector<std::size_t> all(rows.rows);
  std::iota(all.begin(), all.end(), 0);
  return insert(rows, all, refused);
}

void composed_rows::begin(const form& of, const data::batch& rows, std::vector<std::size_t>* done,
                          std::vector<refusal>& refused) {
  form_ = &of;
  rows_ = &rows;
  done_ = done;
  refused_ = &refused;
  parts_.clear();
  pending_.clear();
  keys_.clear();
}

expected<void> composed_rows::insert(const data::batch& rows, std::span<const std::size_t> chosen,
                                     std::vector<refusal>& refused) {
  begin(insertion_, rows, nullptr, refused);
  const auto key_has_null = [&](std::size_t row) {
    return std::any_of(plan_.key.begin(), plan_.key.end(),
                       [&](auto k) { return rows.columns[k]->is_null(row); });
  };
  // Rows of different keys are in nobody's way where the database finds a row by its key.
  const bool once_a_statement = !plan_.key.empty() && plan_.by_index && !language_.repeats_keys();
  const auto rounds = once_a_statement ? in_rounds(rows, chosen, plan_.key) : std::vector<std::size_t>();
  for (const auto row : once_a_statement ? std::span<const std::size_t>(rounds) : chosen) {
    // An ordinary unique index holds nulls to be different, so the database cannot find such a row by itself.
    const bool replaced =
        !plan_.key.empty() && !plan_.nulls_by_index && (!plan_.by_index || key_has_null(row));
    auto done = replaced ? flush().and_then([&] { return replace(row); }) : add(row);
    if (!done)
      return done;
  }
  return flush();
}

expected<void> composed_rows::remove(const data::batch& rows, std::span<const std::size_t> chosen,
                                     std::vector<std::size_t>& done, std::vector<refusal>& refused) {
  begin(deletion_, rows, &done, refused);
  for (const auto row : chosen)
    RETURN_IF_ERROR(add_deletion(row));
  return flush();
}

expected<void> composed_rows::add(std::size_t row) {
  if (!plan_.key.empty() && !language_.repeats_keys()) {
    std::string key;
    for (const auto k : plan_.key)
      data::append_key(key, *rows_->columns[k], row);
    if (keys_.count(key) != 0)
      RETURN_IF_ERROR(flush());
    keys_.insert(std::move(key));
  }
  const auto begin = parts_.size();
  parts_ += '(';
  for (std::size_t i = 0; i < plan_.columns.size(); ++i) {
    if (i != 0)
      parts_ += ',';
    if (auto why = language_.append_literal(parts_, *rows_->columns[i], row, plan_.columns[i])) {
      parts_.resize(begin);
      refuse_row(row, std::move(*why));
      return {};
    }
  }
  parts_ += ')';
  return take(row, begin);
}

expected<void> composed_rows::add_deletion(std::size_t row) {
  const auto begin = parts_.size();
  parts_ += '(';
  auto why = append_key(parts_, row);
  if (!why)
    why = append_not_newer(parts_, row);
  if (why) {
    parts_.resize(begin);
    refuse_row(row, std::move(*why));
    return {};
  }
  parts_ += ')';
  return take(row, begin);
}

expected<void> composed_rows::take(std::size_t row, std::size_t begin) {
  const auto size = parts_.size() - begin;
  if (const auto most = language_.packet_bytes(); form_->head.size() + size + form_->tail.size() > most) {
    parts_.resize(begin);
    refuse_row(row, fmt::format(
                        "the row has {} bytes as SQL, the server takes {} in one statement; remedy: a larger "
                        "max_allowed_packet",
                        size, most));
    return {};
  }
  pending_.push_back({row, begin, parts_.size()});
  parts_ += form_->between;
  return parts_.size() < statement_bytes && pending_.size() < form_->most_rows ? expected<void>{} : flush();
}

expected<void> composed_rows::flush() {
  auto done = run(0, pending_.size());
  parts_.clear();
  pending_.clear();
  keys_.clear();
  return done;
}

expected<void> composed_rows::run(std::size_t from, std::size_t to) {
  if (from == to)
    return {};
  const auto begin = pending_[from].begin;
  const auto end = pending_[to - 1].end;
  const auto& [head, between, tail, most_rows] = *form_;
  if (to - from > 1 && head.size() + (end - begin) + tail.size() > language_.packet_bytes()) {
    const auto middle = from + (to - from) / 2;
    return run(from, middle).and_then([&] { return run(middle, to); });
  }
  std::string sql;
  sql.reserve(head.size() + (end - begin) + tail.size());
  sql.append(head).append(parts_, begin, end - begin).append(tail);
  auto done = language_.execute_guarded(sql);
  if (done) {
    for (auto i = from; done_ != nullptr && i < to; ++i)
      done_->push_back(pending_[i].row);
    return {};
  }
  if (!done.error().row_at_fault)
    return unexpected(done.error().what);
  if (to - from == 1) {
    refuse_row(pending_[from].row, done.error().what.message);
    return {};
  }
  const auto middle = from + (to - from) / 2;
  return run(from, middle).and_then([&] { return run(middle, to); });
}

std::optional<std::string> composed_rows::append_key(std::string& out, std::size_t row) const {
  for (const auto k : plan_.key) {
    out += k == plan_.key.front() ? "" : " and ";
    if (rows_->columns[k]->is_null(row)) {
      out += db_.name(plan_.columns[k].name) + " is null";
      continue;
    }
    std::string literal;
    if (auto why = language_.append_literal(literal, *rows_->columns[k], row, plan_.columns[k]))
      return why;
    out += language_.equals(plan_.columns[k], literal);
  }
  return std::nullopt;
}

std::optional<std::string> composed_rows::append_not_newer(std::string& out, std::size_t row) const {
  if (!plan_.newest)
    return std::nullopt;
  const auto& column = plan_.columns[*plan_.newest];
  std::string given;
  if (auto why = language_.append_literal(given, *rows_->columns[*plan_.newest], row, column))
    return why;
  out += " and " + db_.not_newer(column, db_.name(column.name), given);
  return std::nullopt;
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
  std::string key;
  std::string not_newer;
  // The columns have been looked at just now: none gives a reason.
  (void)append_key(key, row);
  (void)append_not_newer(not_newer, row);
  const auto update = fmt::format("update {} set {} where {}{}", table_, sets, key, not_newer);
  if (update.size() > language_.packet_bytes()) {
    refuse_row(row, fmt::format("the row has {} bytes as SQL, the server takes {} in one statement",
                                update.size(), language_.packet_bytes()));
    return {};
  }
  auto done = language_.execute_guarded(update);
  if (done && *done == 0 && plan_.newest)  // a newer row may be there
    done = language_.execute_guarded(fmt::format("select 1 from {} where {}", table_, key));
  if (done && *done == 0)
    done = language_.execute_guarded(fmt::format("{}({})", insertion_.head, values));
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
