// Trino's (and Presto's) tables in a hive catalog: external over the folder of a parquet sink. Names lose
// their case. Partition columns must be the last ones, in the order of partitioned_by.
#include "tools/table/products.hpp"

#include <fmt/format.h>

namespace millrace::table {
namespace {

constexpr type_words words{"bigint",  "double",    "decimal({},{})", "boolean", "timestamp(3)", "date",
                           "varchar", "array({})", "row({})",        "{} {}",   ", ",           '"'};

std::string type_of(const data::type& type) { return type_text(type, words); }

std::vector<data::field> partitions_last(const stage_table& t) {
  std::vector<data::field> out;
  for (const auto& f : t.columns)
    if (!t.is_partition(f.name))
      out.push_back(f);
  const auto partitions = partition_columns(t);
  out.insert(out.end(), partitions.begin(), partitions.end());
  return out;
}

/// The procedure is the catalog's; its arguments are schema and table, as Trino keeps them, in lower case.
std::string sync_statement(const name_parts& name) {
  const auto argument = [](const std::string& part) { return in_quotes(part, '\''); };
  if (name.size() < 2)
    return "-- Now, and again when there are new partitions:\n"
           "-- call system.sync_partition_metadata('SCHEMA', 'TABLE', 'FULL');\n";
  return fmt::format("-- Now, and again when there are new partitions:\n"
                     "call {}system.sync_partition_metadata({}, {}, 'FULL');\n",
                     name.size() == 3 ? in_quotes(name[0], '"') + "." : std::string(),
                     argument(name[name.size() - 2]), argument(name.back()));
}

}  // namespace

expected<std::string> trino_definition(const stage_table& t, const name_parts& name) {
  RETURN_IF_ERROR(distinct_without_case(t, "Trino"));
  RETURN_IF_ERROR(parquet_or_none(t, "Trino"));
  RETURN_IF_ERROR(fixed_scales(t, "Trino"));
  std::string out;
  if (has_timestamps(t))
    out += "-- Milliseconds are the catalog's default; where it says hive.timestamp-precision=MICROSECONDS, "
           "write timestamp(6).\n";
  out += fmt::format("create table {} (\n{}\n)", in_quotes(name, '"'),
                     column_lines(partitions_last(t), '"', type_of));
  if (t.kind == files::none)
    return out + ";\n";
  std::string partitions;
  for (const auto& p : t.partition_by)
    partitions += (partitions.empty() ? "" : ", ") + in_quotes(p, '\'');
  out += "\nwith (\n  format = 'PARQUET',\n";
  if (!partitions.empty())
    out += fmt::format("  partitioned_by = array[{}],\n", partitions);
  out += fmt::format("  external_location = {}\n);\n", in_quotes(location_of(t), '\''));
  if (!partitions.empty())
    out += sync_statement(name);
  return out;
}

}  // namespace millrace::table
