#include "actors/connectors/sql/sink/definition.hpp"

#include "actors/connectors/sql/sink/names.hpp"
#include "actors/connectors/sql/sink/table.hpp"
#include "runtime/data/plain_numeric.hpp"

#include <fmt/format.h>

namespace millrace::sink::sql {
namespace {

std::string remark(product kind, bool keyed) {
  if (kind == product::mysql)
    return "-- MariaDB 10.2 or later; on MySQL 8 with collate utf8mb4_0900_bin.\n";
  if (kind == product::postgresql && keyed)
    return "-- PostgreSQL 15 or later; before it, without \"nulls not distinct\".\n";
  return {};
}

}  // namespace

std::vector<std::string> faults_of_types(product kind, const data::schema& columns) {
  std::vector<std::string> out;
  for (const auto& c : columns)
    if (kind == product::mysql && data::is_plain_numeric(c.type))
      out.push_back(fmt::format(
          "column \"{0}\" is numeric, of any number of digits behind the point, for which MySQL and "
          "MariaDB have no type; expected a cast in `columns` to a scale that no value exceeds, such as "
          "\"{0}\": \"(...)::numeric(38, 2)\"",
          c.name));
  return out;
}

expected<std::string> table_definition(product kind, const std::string& table, const data::schema& rows,
                                       const std::vector<std::string>& key) {
  auto faults = faults_of_name(kind, table, "the table's name");
  for (auto& fault : faults_of_columns(kind, rows))
    faults.push_back(std::move(fault));
  for (auto& fault : faults_of_types(kind, rows))
    faults.push_back(std::move(fault));
  if (!faults.empty())
    return user_error(ec::mismatch, std::move(faults.front()));
  target where;
  where.kind = kind;
  where.shown = to_string(kind);
  const auto db = make_database(std::move(where));
  const table_options options{table, std::make_shared<data::schema>(rows), key, true};
  return remark(kind, !key.empty()) + create_statement(*db, options) + ";\n";
}

}  // namespace millrace::sink::sql
