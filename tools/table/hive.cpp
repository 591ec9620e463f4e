// Makes Hive's tables, external over the folder of a parquet sink. Names go in backticks and lose their case.
// Anything that Hive refuses only when queried, or answers with nulls, is refused here (tried with Hive
// 4.0.1).
#include "tools/table/products.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

namespace millrace::table {
namespace {

/// Hadoop's client of S3 goes by the scheme s3a.
std::string hadoop_location(const stage_table& t) {
  const auto location = location_of(t);
  return location.starts_with("s3://") ? "s3a" + location.substr(2) : location;
}

constexpr type_words words{"bigint", "double",    "decimal({},{})", "boolean", "timestamp", "date",
                           "string", "array<{}>", "struct<{}>",     "{}:{}",   ",",         '`'};

std::string type_of(const data::type& type) { return type_text(type, words); }

/// A column's name may not have these: dots and colons fail in queries; for the rest, Hive's reader hands the
/// schema on as a text that is parsed again, and then fails on every file, or finds nulls in the column.
constexpr const char* unreadable = ".:,;=(){} \t\n";

bool is_plain(std::string_view name) {
  return std::all_of(name.begin(), name.end(),
                     [](char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '_'; });
}

/// Finds the first member that Hive's type of a struct cannot hold: that type is text without quotes.
const std::string* unfit_member(const data::type& type) {
  if (type.id() == data::type_id::list)
    return unfit_member(type.element());
  for (const auto& f : type.fields()) {
    if (!is_plain(f.name))
      return &f.name;
    if (const auto* const deeper = unfit_member(f.type))
      return deeper;
  }
  return nullptr;
}

/// Hive's literals take backslashes as escapes.
std::string literal(std::string_view text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'' || c == '\\')
      out += '\\';
    out += c;
  }
  return out + "'";
}

expected<void> fit_names(const stage_table& t, const name_parts& name) {
  for (const auto& part : name)
    if (!is_plain(part))
      return user_error(
          ec::invalid_argument,
          fmt::format("Hive cannot name a table \"{}\": letters, digits and _ only; remedy: --name "
                      "NAME",
                      part));
  if (name.size() > 2)
    return user_error(ec::invalid_argument, "--name: Hive has no catalogs; expected TABLE or SCHEMA.TABLE");
  for (const auto& f : t.columns)
    if (const auto* const member = unfit_member(f.type))
      return user_error(
          ec::mismatch,
          fmt::format("stage \"{}\": Hive cannot name the member \"{}\" of column \"{}\": letters, "
                      "digits and _ only; remedy: make it a column of its own in `columns`",
                      t.stage, *member, f.name));
    else if (f.name.find_first_of(t.is_partition(f.name) ? ".:" : unreadable) != std::string::npos)
      return user_error(
          ec::mismatch,
          fmt::format("stage \"{}\": Hive cannot read a column called \"{}\" (none of {} may be "
                      "in its name, nor a space or line break); remedy: rename it in `columns`",
                      t.stage, f.name, ". : , ; = ( ) { }"));
  return distinct_without_case(t, "Hive");
}

std::string codec_of(std::string compression) {
  std::transform(compression.begin(), compression.end(), compression.begin(),
                 [](char c) { return static_cast<char>(std::toupper(static_cast<unsigned char>(c))); });
  return compression == "NONE" ? "UNCOMPRESSED" : compression;
}

}  // namespace

expected<std::string> hive_definition(const stage_table& t, const name_parts& name) {
  RETURN_IF_ERROR(fit_names(t, name));
  RETURN_IF_ERROR(parquet_or_none(t, "Hive"));
  RETURN_IF_ERROR(fixed_scales(t, "Hive"));
  const auto table = in_quotes(name, '`');
  const auto in_file = [&](const data::field& f) { return !t.is_partition(f.name); };
  const auto columns = column_lines(t.columns, '`', type_of, in_file);
  if (t.kind == files::none)
    return fmt::format("create table {} (\n{}\n)\nstored as parquet;\n", table, columns);
  std::string out;
  if (has_timestamps(t))
    out += "-- Timestamps are read by Hive 4 or later, and by Spark.\n";
  out += fmt::format("create external table {} (\n{}\n)\n", table, columns);
  std::string partitions;
  for (const auto& f : partition_columns(t))
    partitions +=
        fmt::format("{}{} {}", partitions.empty() ? "" : ", ", in_quotes(f.name, '`'), type_of(f.type));
  if (!partitions.empty())
    out += fmt::format("partitioned by ({})\n", partitions);
  out += fmt::format("stored as parquet\nlocation {}", literal(hadoop_location(t)));
  if (!t.compression.empty())
    out += fmt::format("\ntblproperties ('parquet.compression' = {})", literal(codec_of(t.compression)));
  out += ";\n";
  if (!partitions.empty())
    // Hive stops by default at the first folder with an escape in its name.
    out += fmt::format("-- Now, and again when there are new partitions:\n"
                       "set hive.msck.path.validation=ignore;\nmsck repair table {};\n",
                       table);
  return out;
}

}  // namespace millrace::table
