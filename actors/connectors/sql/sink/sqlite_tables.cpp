// A table as SQLite's own catalog describes it.
#include "actors/connectors/sql/sink/table_shapes.hpp"

#include <algorithm>
#include <cctype>

namespace millrace::sink::sql {
namespace {

std::string in_capitals(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::toupper(c); });
  return text;
}

/// SQLite's rules of affinity (https://sqlite.org/datatype3.html, 3.1), in their order. A strict table has six types
/// and refuses the others' values; its BLOB takes none of ours.
family family_of(const std::string& type, bool strict) {
  const auto has = [&](std::string_view part) { return type.find(part) != std::string::npos; };
  if (has("INT"))
    return family::integer;
  if (has("CHAR") || has("CLOB") || has("TEXT"))
    return family::text;
  if (strict && (type == "BLOB" || type == "ANY"))
    return type == "ANY" ? family::any : family::other;
  if (has("BLOB") || type.empty())
    return family::any;
  if (has("REAL") || has("FLOA") || has("DOUB"))
    return family::real;
  if (has("BOOL"))
    return family::boolean;
  // A numeric column keeps a text that is no number, such as a timestamp, as it is. It makes other texts numbers,
  // and of those beyond 64 bits or with a fraction doubles: only whole numbers stay the same.
  return has("TIME") || has("DATE") ? family::moment : family::integer;
}

}  // namespace

outcome<std::optional<table_shape>> describe_sqlite(database& db, const std::string& table) {
  const parameter named[] = {table};
  auto tables = db.query("select type, strict from pragma_table_list where schema = 'main' and name = :p0"
                         " collate nocase",
                         named, 2);
  if (!tables)
    return tl::unexpected(tables.error());
  if (tables->empty())
    return std::optional<table_shape>();
  table_shape shape;
  if (tables->front()[0] == "view")
    shape.unfit = "it is not a table but a view";
  const bool strict = tables->front()[1] == "1";
  auto columns = db.query(
      "select name, type, \"notnull\", dflt_value, pk, hidden from pragma_table_xinfo(:p0)", named, 6);
  if (!columns)
    return tl::unexpected(columns.error());
  std::vector<std::string> key;
  for (const auto& c : *columns) {
    table_column out;
    out.name = c[0].value_or("");
    out.declared = c[1].value_or("");
    out.holds = family_of(in_capitals(out.declared), strict);
    out.required = c[2] == "1" && !c[3];
    if (c[5] != "0")
      out.holds = family::generated;
    if (c[4] != "0")
      key.push_back(out.name);
    shape.columns.push_back(std::move(out));
  }
  // `integer primary key` is the row number: SQLite fills it in, and has no index of its own for it.
  if (key.size() == 1)
    for (auto& c : shape.columns)
      if (c.name == key.front() && in_capitals(c.declared) == "INTEGER") {
        c.required = false;
        c.fills_null = true;
        shape.unique.push_back({key, false});
      }
  auto indexes =
      db.query("select l.seq, x.name, x.coll from pragma_index_list(:p0) l, pragma_index_xinfo(l.name) x"
               " where l.\"unique\" = 1 and l.partial = 0 and x.key = 1 order by l.seq, x.seqno",
               named, 3);
  if (!indexes)
    return tl::unexpected(indexes.error());
  index_rows rows(shape.unique);
  for (const auto& i : *indexes) {
    auto& index = rows.of(i[0]);
    index.columns.push_back(i[1].value_or(""));  // an expression has no name
    index.exact = index.exact && i[2] == "BINARY";
  }
  return std::optional(std::move(shape));
}

}  // namespace millrace::sink::sql
