// A table as SQLite's own catalog describes it.
#include "actors/sink/sql/table_shapes.hpp"

#include <algorithm>
#include <cctype>

namespace millrace::sink::sql {
namespace {

/// SQLite's rules of affinity (https://sqlite.org/datatype3.html, 3.1), in their order.
family family_of(std::string type) {
  std::transform(type.begin(), type.end(), type.begin(), [](unsigned char c) { return std::toupper(c); });
  const auto has = [&](std::string_view part) { return type.find(part) != std::string::npos; };
  if (has("INT"))
    return family::integer;
  if (has("CHAR") || has("CLOB") || has("TEXT"))
    return family::text;
  if (has("BLOB") || type.empty() || type == "ANY")
    return family::any;
  if (has("REAL") || has("FLOA") || has("DOUB"))
    return family::real;
  if (has("BOOL"))
    return family::boolean;
  // A numeric column keeps a text that is no number, such as a timestamp, as it is.
  return has("TIME") || has("DATE") ? family::timestamp : family::decimal;
}

}  // namespace

outcome<std::optional<table_shape>> describe_sqlite(database& db, const std::string& table) {
  const parameter named[] = {table};
  auto tables =
      db.query("select type from sqlite_master where name = :p0 collate nocase and type in ('table', 'view')",
               named, 1);
  if (!tables)
    return tl::unexpected(tables.error());
  if (tables->empty())
    return std::optional<table_shape>();
  table_shape shape;
  if (tables->front()[0] != "table")
    shape.unfit = "it is no table but a view";
  auto columns = db.query(
      "select name, type, \"notnull\", dflt_value, pk, hidden from pragma_table_xinfo(:p0)", named, 6);
  if (!columns)
    return tl::unexpected(columns.error());
  std::vector<std::string> key;
  for (const auto& c : *columns) {
    table_column out{
        c[0].value_or(""), c[1].value_or(""), family_of(c[1].value_or("")), c[2] == "1" && !c[3], 6, true};
    if (c[5] != "0")
      out.holds = family::generated;
    if (c[4] != "0")
      key.push_back(out.name);
    shape.columns.push_back(std::move(out));
  }
  // `integer primary key` is the row number: SQLite fills it in, and has no index of its own for it.
  if (key.size() == 1)
    for (auto& c : shape.columns)
      if (c.name == key.front() && c.holds == family::integer) {
        c.required = false;
        shape.unique.push_back({key, false});
      }
  auto indexes =
      db.query("select l.seq, x.name, x.coll from pragma_index_list(:p0) l, pragma_index_xinfo(l.name) x"
               " where l.\"unique\" = 1 and l.partial = 0 and x.key = 1 order by l.seq, x.seqno",
               named, 3);
  if (!indexes)
    return tl::unexpected(indexes.error());
  index_rows rows(shape.unique);
  for (const auto& i : *indexes)
    // An expression, or another order of texts, is not the column: no key has this name.
    rows.of(i[0]).columns.push_back(i[1] && i[2] == "BINARY" ? *i[1] : "");
  return std::optional(std::move(shape));
}

}  // namespace millrace::sink::sql
