#include "actors/connectors/sql/sink/changed_rows.hpp"

#include "actors/connectors/sql/sink/changes.hpp"
#include "actors/connectors/sql/sink/own_tables.hpp"
#include "actors/connectors/sql/sink/values.hpp"
#include "runtime/data/render.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace millrace::sink::sql {
namespace {

const std::string deleted_name = "millrace_deleted";

/// An index has it beside a table's name: 4 bytes x (190 + 250).
constexpr std::size_t key_characters = 250;

/// One statement asks for, or adds, at most so many keys.
constexpr std::size_t keys_a_statement = 100;

/// A look for old deletions reads all of a table: so often within the time that they are kept, and never more
/// often than every ten seconds.
constexpr int looks_a_keep = 20;
constexpr micros least_between_looks{10'000'000};

constexpr std::int64_t micros_a_second = 1'000'000;

}  // namespace

expected<std::string> deleted_keys::open(const row_plan& plan) {
  key_ = plan.key;
  newest_ = *plan.newest;
  target_ = fit(plan.table, name_characters);
  looked_.reset();
  auto made =
      make_own_table(db_, deleted_name,
                     fmt::format("table_name {} not null, row_key {} not null, newest bigint not null,"
                                 " deleted_at bigint not null, primary key (table_name, row_key)",
                                 db_.key_text(name_characters), db_.key_text(key_characters)));
  if (!made)
    return made;
  table_ = db_.table_name(deleted_name);
  const parameter of_table[] = {target_};
  ASSIGN_OR_RETURN(
      const auto some,
      db_.query(fmt::format("select 1 from {} where table_name = :p0 limit 1", table_), of_table, 1));
  any_ = !some.empty();
  return made;
}

/// [1,"a",null]: by it people find a row, too.
std::string deleted_keys::key_of(const data::batch& rows, std::size_t row) const {
  std::string out = "[";
  for (const auto k : key_) {
    out += out.size() == 1 ? "" : ",";
    const auto& c = *rows.columns[k];
    if (c.type().id() == data::type_id::float64 && !c.is_null(row) && c.doubles()[row] == 0)
      out += '0';  // -0 is the same key
    else if (c.type().id() == data::type_id::numeric && !c.is_null(row))
      append_decimal(out, without_end_zeros(c.decimals()[row]));  // 1.50 is the same key as 1.5
    else
      data::append_json_value(out, c, row);
  }
  return fit(out + ']', key_characters);
}

std::int64_t deleted_keys::number_of(const data::batch& rows, std::size_t row) const {
  return rows.columns[newest_]->ints()[row];
}

expected<std::vector<std::size_t>> deleted_keys::not_older(const data::batch& rows,
                                                           std::span<const std::size_t> chosen) {
  std::vector<std::size_t> out;
  if (!any_) {
    out.assign(chosen.begin(), chosen.end());
    return out;
  }
  for (std::size_t from = 0; from < chosen.size(); from += keys_a_statement) {
    const auto some = chosen.subspan(from, std::min(keys_a_statement, chosen.size() - from));
    std::vector<parameter> values{target_};
    std::string places;
    for (const auto row : some) {
      places += fmt::format("{}:p{}", places.empty() ? "" : ", ", values.size());
      values.emplace_back(key_of(rows, row));
    }
    ASSIGN_OR_RETURN(
        const auto found,
        db_.query(fmt::format("select row_key, newest from {} where table_name = :p0 and row_key in ({})",
                              table_, places),
                  values, 2));
    std::map<std::string, long long> deleted;
    for (const auto& r : found)
      deleted[r[0].value_or("")] = number(r[1]);
    for (std::size_t i = 0; i < some.size(); ++i) {
      const auto known = deleted.find(std::get<std::string>(values[i + 1]));
      if (known == deleted.end() || number_of(rows, some[i]) >= known->second)
        out.push_back(some[i]);
    }
  }
  return out;
}

expected<void> deleted_keys::add(const data::batch& rows, std::span<const std::size_t> chosen) {
  std::map<std::string, long long> greatest;  // one statement names each key once
  for (const auto row : chosen) {
    const auto number = number_of(rows, row);
    const auto [at, fresh] = greatest.emplace(key_of(rows, row), number);
    if (!fresh)
      at->second = std::max<long long>(at->second, number);
  }
  const auto now = static_cast<long long>(clock_.now() / micros_a_second);
  for (auto at = greatest.begin(); at != greatest.end();) {
    std::vector<parameter> values{target_, now};
    std::string tuples;
    for (; at != greatest.end() && values.size() < 2 * keys_a_statement; ++at) {
      const auto n = values.size();
      tuples += fmt::format("{}(:p0, :p{}, :p{}, :p1)", tuples.empty() ? "" : ", ", n, n + 1);
      values.insert(values.end(), {parameter(at->first), parameter(at->second)});
    }
    RETURN_IF_ERROR(
        db_.run(fmt::format("insert into {} (table_name, row_key, newest, deleted_at) values {}{}", table_,
                            tuples, db_.keep_greatest_clause()),
                values));
    any_ = true;
  }
  return {};
}

expected<void> deleted_keys::forget_old() {
  const auto now = clock_.now();
  if (!keep_ || !any_ ||
      (looked_ && now - *looked_ < std::max(*keep_ / looks_a_keep, least_between_looks).count()))
    return {};
  looked_ = now;
  const parameter old[] = {target_, static_cast<long long>((now - keep_->count()) / micros_a_second)};
  RETURN_IF_ERROR(
      db_.run(fmt::format("delete from {} where table_name = :p0 and deleted_at < :p1", table_), old));
  return {};
}

expected<void> changed_rows::write(const data::batch& rows, std::vector<refusal>& refused) {
  const auto* const deletes = plan_.deletes ? rows.columns[plan_.columns.size()].get() : nullptr;
  // There is no other unique index, which the plan has seen to: a row is in nobody's way but its key's.
  for (const auto& part : parts_of(rows, with_number(rows, refused), plan_.key, deletes, plan_.by_index)) {
    auto done =
        upsert(rows, part.upserts, refused).and_then([&] { return remove(rows, part.deletions, refused); });
    if (!done)
      return done;
  }
  return {};
}

std::vector<std::size_t> changed_rows::with_number(const data::batch& rows,
                                                   std::vector<refusal>& refused) const {
  std::vector<std::size_t> out;
  out.reserve(rows.rows);
  for (std::size_t row = 0; row < rows.rows; ++row)
    if (plan_.newest && rows.columns[*plan_.newest]->is_null(row))
      refused.push_back(refuse(
          rows, row,
          fmt::format("column {}: null says neither that the change is newer than another one nor that "
                      "it is older; expected a value of `newest` in every change",
                      (*plan_.schema)[*plan_.newest].name)));
    else
      out.push_back(row);
  return out;
}

expected<void> changed_rows::upsert(const data::batch& rows, std::span<const std::size_t> chosen,
                                    std::vector<refusal>& refused) {
  if (chosen.empty())
    return {};
  if (deleted_ == nullptr)
    return rows_->insert(rows, chosen, refused);
  return deleted_->not_older(rows, chosen).and_then([&](const std::vector<std::size_t>& left) {
    return rows_->insert(rows, left, refused);
  });
}

expected<void> changed_rows::remove(const data::batch& rows, std::span<const std::size_t> chosen,
                                    std::vector<refusal>& refused) {
  if (chosen.empty())
    return {};
  std::vector<std::size_t> removed;
  return rows_->remove(rows, chosen, removed, refused).and_then([&] {
    return deleted_ == nullptr ? expected<void>{} : deleted_->add(rows, removed);
  });
}

}  // namespace millrace::sink::sql
