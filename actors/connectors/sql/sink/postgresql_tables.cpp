// A table as PostgreSQL's catalog describes it.
#include "actors/connectors/sql/sink/table_shapes.hpp"

#include <algorithm>
#include <cstdlib>
#include <iterator>
#include <utility>

namespace millrace::sink::sql {
namespace {

/// The columns with the base types of their domains, which may stand on each other: the last type modifier
/// counts.
constexpr const char* postgresql_columns = R"(
with recursive base as (
  select attnum, atttypid as type, atttypmod as modifier, attnotnull as required, atthasdef or attidentity <> '' as filled
  from pg_attribute where attrelid = to_regclass(:p0) and attnum > 0 and not attisdropped
  union all
  select b.attnum, t.typbasetype, t.typtypmod, b.required or t.typnotnull, b.filled or t.typdefault is not null
  from base b join pg_type t on t.oid = b.type where t.typtype = 'd')
select a.attname, format_type(a.atttypid, a.atttypmod),
  case when t.typtype = 'e' then 'enum'
    when n.nspname = 'pg_catalog' or exists (select from pg_depend d join pg_extension e on e.oid = d.refobjid
      where d.classid = 'pg_type'::regclass and d.objid = t.oid and d.deptype = 'e' and e.extname = 'citext') then t.typname
    else '' end,
  (b.required and not b.filled)::int, (a.attgenerated <> '' or a.attidentity = 'a')::int, b.modifier,
  coalesce(c.collisdeterministic, true)::int, t.typlen, quote_ident(n.nspname)
from base b join pg_attribute a on a.attrelid = to_regclass(:p0) and a.attnum = b.attnum
  join pg_type t on t.oid = b.type join pg_namespace n on n.oid = t.typnamespace
  left join pg_collation c on c.oid = a.attcollation
where t.typtype <> 'd' order by a.attnum)";

/// Only types that are known to give back what they take: of all others (arrays, ranges, types of extensions, ...)
/// nobody knows.
constexpr std::pair<std::string_view, family> known_types[] = {{"int2", family::integer},
                                                               {"int4", family::integer},
                                                               {"int8", family::integer},
                                                               {"numeric", family::decimal},
                                                               {"float8", family::real},
                                                               {"bool", family::boolean},
                                                               {"timestamptz", family::timestamp},
                                                               {"timestamp", family::timestamp},
                                                               {"date", family::date},
                                                               {"time", family::time},
                                                               {"uuid", family::uuid},
                                                               {"enum", family::label},
                                                               {"json", family::json},
                                                               {"jsonb", family::json_value},
                                                               {"text", family::text},
                                                               {"citext", family::text},
                                                               {"varchar", family::varying},
                                                               {"bpchar", family::stripped},
                                                               {"name", family::cut}};

/// `modifier` is that of pg_attribute, -1 for none; `bytes` the size of values that all have the same.
void describe_type(table_column& out, std::string_view type, int modifier, int bytes) {
  const auto known = std::find_if(std::begin(known_types), std::end(known_types),
                                  [&](const auto& known) { return known.first == type; });
  out.holds = known == std::end(known_types) ? family::other : known->second;
  constexpr int header = 4;  // the header of modifiers that are a length, or a precision and a scale
  const bool limited = modifier >= header;
  switch (out.holds) {
  case family::varying:
    if (limited)
      out.length = static_cast<std::size_t>(modifier - header);
    else
      out.holds = family::text;
    break;
  case family::cut:
    out.length = static_cast<std::size_t>(bytes - 1);
    break;
  case family::decimal:  // the scale has 11 bits, one of them the sign
    out.fraction_digits = limited ? (((modifier - header) & 0x7FF) ^ 1024) - 1024 : every_fraction_digit;
    break;
  case family::timestamp:
  case family::time:
    if (modifier >= 0)
      out.fraction_digits = modifier;
    break;
  default:
    break;
  }
}

}  // namespace

outcome<std::optional<table_shape>> describe_postgresql(database& db, const std::string& table) {
  const parameter named[] = {db.table_name(table)};
  auto tables = db.query("select relkind, relpersistence, (relhasrules or relrowsecurity)::int from pg_class"
                         " where oid = to_regclass(:p0)",
                         named, 3);
  if (!tables)
    return tl::unexpected(tables.error());
  if (tables->empty())
    return std::optional<table_shape>();
  table_shape shape;
  if (tables->front()[0] != "r" && tables->front()[0] != "p")
    shape.unfit = "it is not a table";
  else if (tables->front()[1] == "u")
    shape.unfit = "it is unlogged: a crash of the server empties it; remedy: alter table " +
                  db.table_name(table) + " set logged";
  shape.plain = tables->front()[2] != "1";
  auto columns = db.query(postgresql_columns, named, 9);
  if (!columns)
    return tl::unexpected(columns.error());
  for (const auto& c : *columns) {
    table_column out;
    out.name = c[0].value_or("");
    out.declared = c[1].value_or("");
    describe_type(out, c[2].value_or(""), std::atoi(c[5].value_or("-1").c_str()),
                  std::atoi(c[7].value_or("0").c_str()));
    out.required = c[3] == "1";
    if (c[4] == "1")
      out.holds = family::generated;
    out.exact = c[6] == "1" && c[2] != "citext";
    if (c[2] == "citext")
      out.operators = c[8].value_or("");
    shape.columns.push_back(std::move(out));
  }
  // indnullsnotdistinct came with version 15.
  auto indexes = db.query(
      "select i.indexrelid, a.attname,"
      " (a.attidentity <> '' or coalesce(pg_get_expr(d.adbin, d.adrelid), '') like 'nextval(%')::int,"
      " (coalesce(to_jsonb(i)->>'indnullsnotdistinct', 'false') = 'true')::int,"
      " coalesce(c.collisdeterministic, true)::int"
      " from pg_index i cross join lateral unnest(i.indkey::int2[]) with ordinality k(number, place)"
      " left join pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.number"
      " left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum"
      " left join pg_collation c on c.oid = (i.indcollation::oid[])[k.place - 1]"
      " where i.indrelid = to_regclass(:p0) and i.indisunique and i.indpred is null"
      " and k.place <= i.indnkeyatts order by 1, k.place",
      named, 5);
  if (!indexes)
    return tl::unexpected(indexes.error());
  index_rows rows(shape.unique);
  for (const auto& i : *indexes) {
    auto& index = rows.of(i[0]);
    index.columns.push_back(i[1].value_or(""));  // an expression has no name
    index.automatic = index.automatic || i[2] == "1";
    index.nulls_equal = i[3] == "1";
    index.exact = index.exact && i[4] == "1";
  }
  return std::optional(std::move(shape));
}

}  // namespace millrace::sink::sql
