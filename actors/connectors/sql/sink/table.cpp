#include "actors/connectors/sql/sink/table.hpp"

#include "actors/connectors/sql/sink/column_rules.hpp"
#include "runtime/base/lower_case.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace millrace::sink::sql {
namespace {

bool is_key(const table_options& options, const std::string& column) {
  return std::find(options.key.begin(), options.key.end(), column) != options.key.end();
}

bool same_name(const database& db, std::string_view a, std::string_view b) {
  return db.folds_case() ? is_same_but_case(a, b) : a == b;
}

std::string column_type(const database& db, const table_options& options, const data::field& f) {
  const auto texts = std::count_if(options.rows->begin(), options.rows->end(), [&](const data::field& other) {
    return other.type.id() == data::type_id::text && is_key(options, other.name);
  });
  return db.type_of(f.type, is_key(options, f.name) ? static_cast<std::size_t>(texts) : 0);
}

/// Lists what is wrong with the table, as parts of one sentence.
std::vector<std::string> differences(const database& db, const table_options& options,
                                     const table_shape& shape, row_plan& plan) {
  std::vector<std::string> out;
  std::vector<bool> filled(shape.columns.size(), false);
  for (const auto& f : *options.rows) {
    const auto at = std::find_if(shape.columns.begin(), shape.columns.end(),
                                 [&](const table_column& c) { return same_name(db, c.name, f.name); });
    if (at == shape.columns.end()) {
      out.push_back(fmt::format("it has no column {} (alter table {} add column {} {})", db.name(f.name),
                                db.name(options.table), db.name(f.name), column_type(db, options, f)));
      continue;
    }
    filled[static_cast<std::size_t>(at - shape.columns.begin())] = true;
    plan.columns.push_back(*at);
    if (at->holds == family::generated)
      out.push_back(fmt::format("its column {} is computed by the database", db.name(f.name)));
    else if (!takes(at->holds, f.type.id()))
      out.push_back(fmt::format("its column {} is {}, which does not hold every {} unchanged (needs {})",
                                db.name(f.name), at->declared, f.type.name(), column_type(db, options, f)));
  }
  for (std::size_t i = 0; i < shape.columns.size(); ++i)
    if (!filled[i] && shape.columns[i].required)
      out.push_back(fmt::format("its column {} must not be null, and the rows have no such column",
                                db.name(shape.columns[i].name)));
  return out;
}

/// Tells whether the table has two texts of this column of the key for the same only when all their bytes are.
bool compares_bytes(const row_plan& plan, std::size_t column) {
  return plan.columns[column].exact || (*plan.schema)[column].type.id() != data::type_id::text;
}

/// The unique indexes that are exactly the key.
std::vector<const unique_index*> indexes_of_key(const database& db, const table_shape& shape,
                                                const row_plan& plan) {
  const auto in_key = [&](const std::string& column) {
    return std::any_of(plan.key.begin(), plan.key.end(),
                       [&](auto k) { return same_name(db, plan.columns[k].name, column); });
  };
  std::vector<const unique_index*> out;
  for (const auto& index : shape.unique)
    if (index.columns.size() == plan.key.size() &&
        std::all_of(index.columns.begin(), index.columns.end(), in_key))
      out.push_back(&index);
  return out;
}

/// Lets the database look for the row that a new one replaces, but only if its key is exactly a unique index,
/// texts equal by their bytes, and no other unique index could find another row.
void look_for_index(const table_shape& shape, const std::vector<const unique_index*>& of_key,
                    row_plan& plan) {
  const auto other = [&](const unique_index& index) {
    return !index.automatic && std::find(of_key.begin(), of_key.end(), &index) == of_key.end();
  };
  const bool exact =
      std::all_of(plan.key.begin(), plan.key.end(), [&](auto k) { return compares_bytes(plan, k); }) &&
      std::all_of(of_key.begin(), of_key.end(), [](auto* index) { return index->exact; });
  plan.by_index = exact && !of_key.empty() && std::none_of(shape.unique.begin(), shape.unique.end(), other);
  plan.nulls_by_index = plan.by_index && std::any_of(of_key.begin(), of_key.end(),
                                                     [](auto* index) { return index->nulls_equal; });
}

/// Says that keys which differ here are the same there, and what follows.
std::string remark_on_key(const database& db, const std::vector<const unique_index*>& of_key,
                          const row_plan& plan) {
  std::string columns;
  for (const auto k : plan.key)
    if (!compares_bytes(plan, k) ||
        std::any_of(of_key.begin(), of_key.end(), [](auto* index) { return !index->exact; }))
      columns += (columns.empty() ? "" : ", ") + db.name(plan.columns[k].name);
  if (columns.empty())
    return {};
  return fmt::format(
      "{}: table {}: its collation takes different texts for the same in the key ({}): case, accents or "
      "blanks at the end may not count. Each row is looked for by itself, which is slow{}; remedy: {} for "
      "the column and its index",
      db.where().shown, db.name(plan.table), columns,
      of_key.empty() ? "" : ", and a row whose key the unique index takes for another one's is a dead letter",
      db.key_text(255));
}

/// Tells whether the table's order of such values is theirs.
bool orders(const database& db, family into, data::type_id type) {
  if (type == data::type_id::bigint)
    return into == family::integer || into == family::decimal || into == family::any;
  return into == family::timestamp || into == family::date || into == family::moment ||
         (db.where().kind == product::sqlite && keeps_texts(into));
}

unexpected mismatch(const database& db, const table_options& options, std::string_view what) {
  return user_error(ec::mismatch,
                    fmt::format("{}: table {}: {}", db.where().shown, db.name(options.table), what));
}

}  // namespace

std::string create_statement(const database& db, const table_options& options) {
  std::string columns;
  for (const auto& f : *options.rows)
    columns +=
        fmt::format("{}{} {}", columns.empty() ? "" : ", ", db.name(f.name), column_type(db, options, f));
  std::string key;
  for (const auto& k : options.key)
    key += (key.empty() ? "" : ", ") + db.name(k);
  if (!key.empty())
    columns += ", " + db.unique_clause(key);
  return fmt::format("create table if not exists {} ({}){}", db.table_name(options.table), columns,
                     db.table_options());
}

expected<row_plan> open_table(database& db, const table_options& options) {
  auto shape = db.describe(options.table);
  if (shape && !*shape) {
    const auto statement = create_statement(db, options);
    if (!options.create)
      return user_error(ec::not_found,
                        fmt::format("{}: there is no table {}; remedy: set \"create\": true, or {}",
                                    db.where().shown, db.name(options.table), statement));
    auto made = db.execute(statement);
    shape = db.describe(options.table);
    if (!made && !(shape && *shape)) {  // else another sink has made it just now
      auto e = std::move(made.error().what);
      e.message =
          fmt::format("{}: cannot create table {}: {}", db.where().shown, db.name(options.table), e.message);
      if (e.code != ec::unavailable) {  // the statement would fail the same way next time
        e.retry = false;
        e.whose = fault::user;
      }
      return unexpected(std::move(e));
    }
  }
  if (!shape)
    return unexpected(std::move(shape.error().what));
  if (!*shape)
    return mismatch(db, options, "it was created, but is not there");
  ASSIGN_OR_RETURN(const auto owned,
                   db.check_owner(options.table, options.create ? ownership::makes : ownership::uses));
  if (!(*shape)->unfit.empty())
    return mismatch(db, options, (*shape)->unfit);

  row_plan plan;
  plan.table = options.table;
  plan.schema = options.rows;
  if (const auto found = differences(db, options, **shape, plan); !found.empty())
    return mismatch(db, options,
                    fmt::format("{}; remedy: alter the table, choose other `columns`, or name another table",
                                fmt::join(found, "; ")));
  for (const auto& k : options.key)
    if (const auto at = options.rows->find(k)) {
      plan.key.push_back(*at);
      plan.columns[*at].is_key = true;
    } else {
      return user_error(ec::invalid_argument, fmt::format("key: there is no column \"{}\"", k));
    }
  plan.deletes = options.deletes;
  if (options.newest) {
    plan.newest = options.rows->find(*options.newest);
    if (!plan.newest)
      return user_error(ec::invalid_argument,
                        fmt::format("newest: there is no column \"{}\"", *options.newest));
    const auto& column = plan.columns[*plan.newest];
    if (const auto& type = (*options.rows)[*plan.newest].type; !orders(db, column.holds, type.id()))
      return mismatch(db, options,
                      fmt::format("its column {} is {}, in whose order {} is not newer where it is greater; "
                                  "remedy: {} for `newest`",
                                  db.name(column.name), column.declared, type.name(), db.type_of(type, 0)));
  }
  if (!plan.key.empty()) {
    const auto of_key = indexes_of_key(db, **shape, plan);
    look_for_index(**shape, of_key, plan);
    plan.remark = remark_on_key(db, of_key, plan);
  }
  if (!owned.empty())
    plan.remark += (plan.remark.empty() ? "" : "; ") + owned;
  plan.shape = std::move(**shape);
  return plan;
}

}  // namespace millrace::sink::sql
