// Types of DuckDB's results, read once for each column.
#include "tools/sql/values.hpp"

#include <fmt/format.h>

namespace millrace::duckdb {
namespace {

expected<void> add_child(const duckdb_api& api, value_type& out, duckdb_logical_type child,
                         const std::string& column) {
  auto made = value_type_of(api, child, column);
  api.destroy_logical_type(&child);
  if (!made)
    return unexpected(std::move(made.error()));
  out.children.push_back(std::move(*made));
  return {};
}

std::string owned(const duckdb_api& api, char* text) {
  std::string out(text ? text : "");
  api.free(text);
  return out;
}

}  // namespace

expected<value_type> value_type_of(const duckdb_api& api, duckdb_logical_type type,
                                   const std::string& column) {
  value_type out;
  out.id = api.get_type_id(type);
  expected<void> fine;
  switch (out.id) {
  case duckdb_type::decimal:
    out.scale = api.decimal_scale(type);
    out.internal = api.decimal_internal_type(type);
    break;
  case duckdb_type::enumeration:
    out.internal = api.enum_internal_type(type);
    for (std::uint32_t i = 0; i < api.enum_dictionary_size(type); ++i)
      out.names.push_back(owned(api, api.enum_dictionary_value(type, i)));
    break;
  case duckdb_type::list:
    fine = add_child(api, out, api.list_type_child_type(type), column);
    break;
  case duckdb_type::array:
    out.length = api.array_type_array_size(type);
    fine = add_child(api, out, api.array_type_child_type(type), column);
    break;
  case duckdb_type::map:
    fine = add_child(api, out, api.map_type_key_type(type), column);
    if (fine)
      fine = add_child(api, out, api.map_type_value_type(type), column);
    break;
  case duckdb_type::structure:
    for (duckdb_count i = 0; i < api.struct_type_child_count(type) && fine; ++i) {
      out.names.push_back(owned(api, api.struct_type_child_name(type, i)));
      fine = add_child(api, out, api.struct_type_child_type(type, i), column);
    }
    break;
  default: {
    const auto number = static_cast<int>(out.id);
    const bool known = (number >= 1 && number <= 27) || out.id == duckdb_type::timestamp_tz ||
                       out.id == duckdb_type::uhugeint || out.id == duckdb_type::null;
    if (!known)
      return user_error(
          ec::unsupported,
          fmt::format("column \"{}\" is of a type that millrace does not print (DuckDB's type {}); "
                      "remedy: cast it, as in x::varchar",
                      column, number));
  }
  }
  if (!fine)
    return unexpected(std::move(fine.error()));
  return out;
}

data::type column_type_of(const value_type& type) {
  switch (type.id) {
  case duckdb_type::boolean:
    return data::type_id::boolean;
  case duckdb_type::tinyint:
  case duckdb_type::smallint:
  case duckdb_type::integer:
  case duckdb_type::bigint:
  case duckdb_type::utinyint:
  case duckdb_type::usmallint:
  case duckdb_type::uinteger:
    return data::type_id::bigint;
  case duckdb_type::float32:
  case duckdb_type::float64:
    return data::type_id::float64;
  case duckdb_type::ubigint:
  case duckdb_type::hugeint:
  case duckdb_type::uhugeint:
  case duckdb_type::decimal:
  case duckdb_type::list:
  case duckdb_type::array:
  case duckdb_type::map:
  case duckdb_type::structure:
    return data::type_id::json;
  default:
    return data::type_id::text;
  }
}

}  // namespace millrace::duckdb
