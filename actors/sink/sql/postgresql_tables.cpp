// A table as PostgreSQL's catalog describes it.
#include "actors/sink/sql/table_shapes.hpp"

#include <cstdlib>

namespace millrace::sink::sql {
namespace {

family family_of(std::string_view type) {
  if (is_any(type, {"int2", "int4", "int8"}))
    return family::integer;
  if (is_any(type, {"numeric"}))
    return family::decimal;
  if (is_any(type, {"float8"}))
    return family::real;
  if (is_any(type, {"float4"}))
    return family::single;
  if (is_any(type, {"bool"}))
    return family::boolean;
  if (is_any(type, {"timestamptz", "timestamp"}))
    return family::timestamp;
  if (is_any(type, {"json", "jsonb"}))
    return family::json;
  return is_any(type, {"text", "varchar", "bpchar", "name", "citext"}) ? family::text : family::other;
}

}  // namespace

outcome<std::optional<table_shape>> describe_postgresql(database& db, const std::string& table) {
  const parameter named[] = {db.name(table)};
  auto tables = db.query("select relkind, relpersistence, (relhasrules or relrowsecurity)::int from pg_class"
                         " where oid = to_regclass(:p0)",
                         named, 3);
  if (!tables)
    return tl::unexpected(tables.error());
  if (tables->empty())
    return std::optional<table_shape>();
  table_shape shape;
  if (tables->front()[0] != "r" && tables->front()[0] != "p")
    shape.unfit = "it is no table";
  else if (tables->front()[1] == "u")
    shape.unfit = "it is unlogged: a crash of the server empties it; remedy: alter table " + db.name(table) +
                  " set logged";
  shape.plain = tables->front()[2] != "1";
  auto columns = db.query(
      "select a.attname, format_type(a.atttypid, a.atttypmod), t.typname, a.attnotnull::int, (a.atthasdef or"
      " a.attidentity <> '')::int, a.attgenerated, a.atttypmod, coalesce(c.collisdeterministic, true)::int"
      " from pg_attribute a join pg_type t on t.oid = a.atttypid left join pg_collation c on"
      " c.oid = a.attcollation where a.attrelid = to_regclass(:p0) and a.attnum > 0 and not a.attisdropped"
      " order by a.attnum",
      named, 8);
  if (!columns)
    return tl::unexpected(columns.error());
  for (const auto& c : *columns) {
    table_column out{c[0].value_or(""),
                     c[1].value_or(""),
                     family_of(c[2].value_or("")),
                     c[3] == "1" && c[4] != "1",
                     6,
                     true};
    if (c[5] && !c[5]->empty())
      out.holds = family::generated;
    if (out.holds == family::timestamp && c[6] && c[6] != "-1")
      out.fraction_digits = std::atoi(c[6]->c_str());
    out.exact = c[7] == "1" && c[2] != "citext" && c[2] != "bpchar";
    shape.columns.push_back(std::move(out));
  }
  // indnullsnotdistinct came with version 15.
  auto indexes = db.query(
      "select i.indexrelid, a.attname,"
      " (a.attidentity <> '' or coalesce(pg_get_expr(d.adbin, d.adrelid), '') like 'nextval(%')::int,"
      " (coalesce(to_jsonb(i)->>'indnullsnotdistinct', 'false') = 'true')::int"
      " from pg_index i cross join lateral unnest(i.indkey::int2[]) with ordinality k(number, place)"
      " left join pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.number"
      " left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum"
      " where i.indrelid = to_regclass(:p0) and i.indisunique and i.indpred is null"
      " and k.place <= i.indnkeyatts order by 1, k.place",
      named, 4);
  if (!indexes)
    return tl::unexpected(indexes.error());
  index_rows rows(shape.unique);
  for (const auto& i : *indexes) {
    auto& index = rows.of(i[0]);
    index.columns.push_back(i[1].value_or(""));  // an expression has no name
    index.automatic = index.automatic || i[2] == "1";
    index.nulls_equal = i[3] == "1";
  }
  return std::optional(std::move(shape));
}

}  // namespace millrace::sink::sql
