#include "actors/connectors/sql/sink/postgresql_place.hpp"

#include "actors/connectors/sql/client/trust.hpp"

#include <fmt/format.h>

#include <array>

namespace millrace::sink::sql {
namespace {

using postgresql::trust_finding;
using postgresql::trust_kind;

bool runs_code_of_others(const trust_finding& f) {
  return f.kind == trust_kind::owner || f.kind == trust_kind::code;
}

/// A user's own table may well be another role's: PostgreSQL runs the owner's triggers with the rights of the
/// writer, and an ordinary role has few. A superuser's are all there are.
bool is_refused(const trust_finding& f, ownership whose) {
  return runs_code_of_others(f) && (whose != ownership::uses || f.is_superuser);
}

bool is_told(const trust_finding& f, ownership whose) {
  if (whose == ownership::keeps)
    return f.kind == trust_kind::writers || (f.kind == trust_kind::schema_owner && f.is_superuser);
  return whose == ownership::uses && f.kind == trust_kind::code;
}

std::string array_of(const std::vector<std::string>& names) {
  return postgresql::array_text(std::vector<std::string_view>(names.begin(), names.end()));
}

failure refusal_of(const database& db, const std::vector<trust_finding>& found, ownership whose) {
  const auto& first = found.front();
  return {{ec::refused,
           fault::user,
           false,
           fmt::format("{}: {}{} (the code of its owner runs with the rights of role {})", db.where().shown,
                       postgresql::describe(found),
                       whose == ownership::uses ? "; or connect as a role that is not a superuser" : "",
                       first.role),
           {}},
          false};
}

}  // namespace

expected<void> table_places::begin(database& db) {
  ASSIGN_OR_RETURN(auto rows, db.query("select pg_catalog.unnest(pg_catalog.current_schemas(false))", {}, 1));
  path_.clear();
  schemas_.clear();
  for (auto& r : rows)
    path_.push_back(std::move(r[0]).value_or(""));
  if (path_.empty())
    return user_error(
        ec::not_found,
        fmt::format("{}: no schema of the search path is there, so tables have no place; remedy: create "
                    "one, or name one after the database: ?options=-csearch_path%3DNAME",
                    db.where().shown));
  RETURN_IF_ERROR(db.execute(postgresql::fix_path));
  return {};
}

outcome<bool> table_places::find(database& db, const std::string& table) {
  const parameter named[] = {table, array_of(path_)};
  auto rows = db.query(
      "select n.nspname from unnest(cast(cast(:p1 as text) as name[])) with ordinality p(name, place)"
      " join pg_namespace n on n.nspname = p.name"
      " join pg_class c on c.relnamespace = n.oid and c.relname = cast(cast(:p0 as text) as name)"
      " order by p.place limit 1",
      named, 1);
  if (!rows)
    return tl::unexpected(std::move(rows.error()));
  schemas_.erase(table);
  if (rows->empty())
    return false;
  schemas_[table] = rows->front()[0].value_or("");
  return true;
}

std::string table_places::name_of(const database& db, std::string_view table) const {
  const auto found = schemas_.find(table);
  if (found == schemas_.end() && path_.empty())
    return db.name(table);
  return db.name(found == schemas_.end() ? path_.front() : found->second) + "." + db.name(table);
}

outcome<std::string> table_places::check_owner(database& db, const std::string& table, ownership whose) {
  // A table that was made just now may be another role's, which was quicker.
  const auto there = find(db, table);
  if (!there)
    return tl::unexpected(there.error());
  if (!*there)
    return std::string();
  const auto& schema = schemas_[table];
  const std::array<std::string_view, 1> tables{table};
  const parameter named[] = {schema, postgresql::array_text(tables)};
  auto rows = db.query(postgresql::trust_question(":p0", ":p1"), named, postgresql::trust_columns);
  if (!rows)
    return tl::unexpected(std::move(rows.error()));
  std::vector<trust_finding> refused, told;
  for (const auto& r : *rows) {
    std::vector<std::string> texts;
    for (const auto& cell : r)
      texts.push_back(cell.value_or(""));
    auto f = postgresql::read_finding(texts);
    if (!f)
      return tl::unexpected(
          failure{our_error("the answer about a table's owner cannot be read").value(), false});
    if (is_refused(*f, whose))
      refused.push_back(*std::move(f));
    else if (is_told(*f, whose))
      told.push_back(*std::move(f));
  }
  if (!refused.empty())
    return tl::unexpected(refusal_of(db, refused, whose));
  return told.empty() ? std::string() : fmt::format("{}: {}", db.where().shown, postgresql::describe(told));
}

}  // namespace millrace::sink::sql
