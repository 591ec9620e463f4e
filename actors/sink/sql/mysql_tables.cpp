// A table as information_schema of MySQL and MariaDB describes it.
#include "actors/sink/sql/table_shapes.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

namespace millrace::sink::sql {
namespace {

family family_of(std::string_view type, std::string_view declared) {
  if (is_any(type, {"tinyint", "smallint", "mediumint", "int", "bigint"}))
    return family::integer;
  if (is_any(type, {"decimal"}))
    return family::decimal;
  if (is_any(type, {"double"}))
    return family::real;
  if (is_any(type, {"float"}))
    return family::single;
  if (is_any(type, {"datetime", "timestamp"}))
    return family::timestamp;
  if (is_any(type, {"json"}))
    return family::json;
  if (is_any(type, {"char", "varchar", "tinytext", "text", "mediumtext", "longtext", "binary", "varbinary",
                    "tinyblob", "blob", "mediumblob", "longblob"}))
    return family::text;
  return declared == "bit(1)" ? family::boolean : family::other;
}

}  // namespace

outcome<std::optional<table_shape>> describe_mysql(database& db, const std::string& table) {
  const parameter named[] = {table};
  auto tables =
      db.query("select t.table_type, t.engine, e.transactions from information_schema.tables t left join"
               " information_schema.engines e on e.engine = t.engine where t.table_schema = database() and"
               " t.table_name = :p0",
               named, 3);
  if (!tables)
    return tl::unexpected(tables.error());
  if (tables->empty())
    return std::optional<table_shape>();
  table_shape shape;
  const auto& found = tables->front();
  if (found[0] != "BASE TABLE")
    shape.unfit = "it is no table but a " + found[0].value_or("view");
  else if (found[2] != "YES")
    shape.unfit = fmt::format("its engine {} has no transactions; remedy: alter table {} engine = InnoDB",
                              found[1].value_or("?"), db.name(table));
  auto columns =
      db.query("select column_name, data_type, column_type, is_nullable, column_default, extra,"
               " collation_name, datetime_precision from information_schema.columns where table_schema ="
               " database() and table_name = :p0 order by ordinal_position",
               named, 8);
  if (!columns)
    return tl::unexpected(columns.error());
  std::vector<std::string> automatic;
  for (const auto& c : *columns) {
    table_column out{c[0].value_or(""),
                     c[2].value_or(""),
                     family_of(c[1].value_or(""), c[2].value_or("")),
                     false,
                     6,
                     true};
    const auto& extra = c[5].value_or("");
    if (extra.find("GENERATED") != std::string::npos && extra.find("DEFAULT_GENERATED") == std::string::npos)
      out.holds = family::generated;
    else if (extra.find("auto_increment") != std::string::npos)
      automatic.push_back(out.name);
    else
      out.required = c[3] == "NO" && !c[4];
    if (c[6])
      out.exact = *c[6] == "utf8mb4_0900_bin" || c[6]->ends_with("_nopad_bin");
    out.fraction_digits = out.holds == family::timestamp && c[7] ? std::atoi(c[7]->c_str()) : 6;
    shape.columns.push_back(std::move(out));
  }
  auto indexes = db.query(
      "select index_name, column_name, sub_part from information_schema.statistics where table_schema ="
      " database() and table_name = :p0 and non_unique = 0 order by index_name, seq_in_index",
      named, 3);
  if (!indexes)
    return tl::unexpected(indexes.error());
  index_rows rows(shape.unique);
  for (const auto& i : *indexes) {
    auto& index = rows.of(i[0]);
    // A prefix, or an expression, is no column: under a name that none has, the index never equals a key.
    index.columns.push_back(i[2] || !i[1] ? "" : *i[1]);
    if (std::find(automatic.begin(), automatic.end(), i[1].value_or("")) != automatic.end())
      index.automatic = true;
  }
  return std::optional(std::move(shape));
}

}  // namespace millrace::sink::sql
