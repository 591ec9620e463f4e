// A table as information_schema of MySQL and MariaDB describes it.
#include "actors/connectors/sql/sink/table_shapes.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

namespace millrace::sink::sql {
namespace {

constexpr const char* mysql_columns = R"(
select c.column_name, c.data_type, c.column_type, c.is_nullable, c.column_default, c.extra, c.collation_name,
  coalesce(c.datetime_precision, c.numeric_scale), c.character_maximum_length, c.character_octet_length, s.maxlen,
  c.character_set_name
from information_schema.columns c
  left join information_schema.character_sets s on s.character_set_name = c.character_set_name
where c.table_schema = database() and c.table_name = :p0 order by c.ordinal_position)";

/// Only types that are known to give back what they take; `declared` is the type with its numbers.
family family_of(std::string_view type, std::string_view declared) {
  if (is_any(type, {"tinyint", "smallint", "mediumint", "int", "bigint"}))
    return family::integer;
  if (is_any(type, {"decimal"}))
    return family::decimal;
  if (is_any(type, {"double"}))  // double(10,2) rounds
    return declared.find('(') == std::string_view::npos ? family::real : family::other;
  if (is_any(type, {"datetime", "timestamp"}))
    return family::timestamp;
  if (is_any(type, {"date"}))
    return family::date;
  if (is_any(type, {"time"}))
    return family::time;
  if (is_any(type, {"uuid"}))
    return family::uuid;
  if (is_any(type, {"enum"}))
    return family::label;
  if (is_any(type, {"json"}))
    return family::json_value;
  if (is_any(type, {"char"}))
    return family::stripped;
  if (is_any(type, {"varchar", "tinytext", "text", "mediumtext", "longtext"}))
    return family::varying;
  if (is_any(type, {"varbinary", "tinyblob", "blob", "mediumblob", "longblob"}))
    return family::text;
  return declared == "bit(1)" ? family::boolean : family::other;
}

/// The labels of "enum('a','it''s')", in which \ escapes as in a literal.
std::vector<std::string> labels_of(std::string_view declared) {
  std::vector<std::string> out;
  bool inside = false;
  for (std::size_t i = 0; i < declared.size(); ++i) {
    const auto next = i + 1 < declared.size() ? declared[i + 1] : ' ';
    if (!inside) {
      inside = declared[i] == '\'';
      if (inside)
        out.emplace_back();
    } else if (declared[i] == '\'' && next != '\'') {
      inside = false;
    } else if (declared[i] == '\'') {
      out.back() += declared[++i];
    } else if (declared[i] == '\\') {
      ++i;
      out.back() += next == 'n' ? '\n' : next == 'r' ? '\r' : next == '0' ? '\0' : next;
    } else {
      out.back() += declared[i];
    }
  }
  return out;
}

std::size_t as_size(const std::optional<std::string>& digits) {
  return digits ? std::strtoull(digits->c_str(), nullptr, 10) : 0;
}

/// A varchar has room for characters. The other texts have room for bytes: where those are not of UTF-8, it is said
/// in characters, of the longest kind.
void describe_length(table_column& out, std::string_view type, const std::optional<std::string>& characters,
                     const std::optional<std::string>& bytes,
                     const std::optional<std::string>& longest_character, std::string_view character_set) {
  out.length_in_bytes = type != "varchar" && character_set.starts_with("utf8");
  out.length = type == "varchar" ? as_size(characters) : as_size(bytes);
  if (type != "varchar" && !out.length_in_bytes)
    out.length /= std::max<std::size_t>(1, as_size(longest_character));
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
    shape.unfit = "it is not a table but a " + found[0].value_or("view");
  else if (found[2] != "YES")
    shape.unfit = fmt::format("its engine {} has no transactions; remedy: alter table {} engine = InnoDB",
                              found[1].value_or("?"), db.name(table));
  auto columns = db.query(mysql_columns, named, 12);
  if (!columns)
    return tl::unexpected(columns.error());
  std::vector<std::string> automatic;
  for (const auto& c : *columns) {
    table_column out;
    out.name = c[0].value_or("");
    out.declared = c[2].value_or("");
    const auto type = c[1].value_or("");
    out.holds = family_of(type, out.declared);
    const auto& extra = c[5].value_or("");
    // Null in a timestamp that is not null is the current time.
    out.fills_null =
        extra.find("auto_increment") != std::string::npos || (type == "timestamp" && c[3] == "NO");
    if (extra.find("GENERATED") != std::string::npos && extra.find("DEFAULT_GENERATED") == std::string::npos)
      out.holds = family::generated;
    else if (extra.find("auto_increment") != std::string::npos)
      automatic.push_back(out.name);
    else
      out.required = c[3] == "NO" && !c[4];
    if (out.holds == family::varying)
      describe_length(out, type, c[8], c[9], c[10], c[11].value_or(""));
    if (out.holds == family::label)
      out.labels = labels_of(out.declared);
    else if (c[6])
      out.exact = *c[6] == "utf8mb4_0900_bin" || c[6]->ends_with("_nopad_bin");
    out.whole_fraction = out.holds == family::time;
    if (c[7] && (out.holds == family::timestamp || out.holds == family::time || out.holds == family::decimal))
      out.fraction_digits = std::atoi(c[7]->c_str());
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
