#include "tools/table/duckdb.hpp"

#include "runtime/base/url.hpp"
#include "runtime/data/plain_numeric.hpp"
#include "tools/table/products.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <limits>
#include <utility>

namespace millrace::table {
namespace {

/// DuckDB reads each number of JSON with a point as a double: of more digits than a double keeps it is called one.
data::type read_of_json(const data::type& type) {
  if (type.id() == data::type_id::numeric)
    return data::is_plain_numeric(type) || type.precision() > std::numeric_limits<double>::digits10
               ? data::type(data::type_id::float64)
               : type;
  if (type.id() == data::type_id::list)
    return data::type::list_of(read_of_json(type.element()));
  if (type.id() != data::type_id::object)
    return type;
  auto fields = type.fields();
  for (auto& f : fields)
    f.type = read_of_json(f.type);
  return data::type::object_of(std::move(fields));
}

/// CSV has nested values as the text of their JSON.
std::string column_type(const stage_table& t, const data::type& type) {
  if (t.kind == files::json)
    return duckdb_type(read_of_json(type));
  return t.kind == files::csv && type.is_nested() ? "VARCHAR" : duckdb_type(type);
}

/// {'a': VARCHAR, 'b': BIGINT} as a struct of type names; `as_text`: the names in quotes, as the text readers
/// want them.
std::string types(const stage_table& t, bool partitions_only, bool as_text) {
  std::string out;
  for (const auto& f : t.columns)
    if (!partitions_only || t.is_partition(f.name)) {
      const auto type = column_type(t, f.type);
      out += fmt::format("{}{}: {}", out.empty() ? "" : ", ", duckdb_text(f.name),
                         as_text ? duckdb_text(type) : type);
    }
  return "{" + out + "}";
}

std::string reader(const stage_table& t, std::string_view files) {
  switch (t.kind) {
  case files::json:
    return fmt::format("read_json({}, format = 'newline_delimited', columns = {})", files,
                       types(t, false, true));
  case files::csv:
    // An empty field is null, "" the empty text: nothing is left to a guess.
    return fmt::format("read_csv({}, header = true, delim = ',', quote = '\"', escape = '\"', nullstr = '', "
                       "allow_quoted_nulls = false, auto_detect = false, columns = {})",
                       files, types(t, false, true));
  case files::parquet:
  case files::none:
    break;
  }
  return t.partition_by.empty()
             ? fmt::format("read_parquet({}, hive_partitioning = false, union_by_name = true)", files)
             : fmt::format(
                   "read_parquet({}, hive_partitioning = true, hive_types = {}, union_by_name = true)", files,
                   types(t, true, true));
}

/// The visible files of the table: a sink's hidden ones begin with a dot, which no pattern here matches.
std::string pattern_of(const stage_table& t) {
  auto out = duckdb_path(absolute_path(t.path));
  if (t.kind == files::parquet) {
    for (std::size_t i = 0; i < t.partition_by.size(); ++i)
      out += "/*=*";
    return out + "/[!.]*.parquet";
  }
  if (!t.rolled)
    return out;
  const std::filesystem::path path(out);
  return (path.parent_path() / (path.stem().string() + "-*" + path.extension().string())).string();
}

}  // namespace

std::string duckdb_name(std::string_view name) { return in_quotes(name, '"'); }
std::string duckdb_text(std::string_view text) { return in_quotes(text, '\''); }

std::string duckdb_path(std::string_view path) {
  std::string out;
  for (const char c : path)
    if (c == '*' || c == '?' || c == '[')
      out += fmt::format("[{}]", c);
    else
      out += c;
  return out;
}

std::string duckdb_type(const data::type& type) {
  return type_text(type, {"BIGINT", "DOUBLE", "DECIMAL({},{})", "BOOLEAN", "TIMESTAMPTZ", "DATE", "VARCHAR",
                          "{}[]", "STRUCT({})", "{} {}", ", ", '"'});
}

std::string duckdb_select(const stage_table& t, std::string_view files) {
  std::string columns;
  for (const auto& f : t.columns)
    columns += (columns.empty() ? "" : ", ") + duckdb_name(f.name);
  return fmt::format("select {}\nfrom {}", columns, reader(t, files));
}

std::string duckdb_empty_select(const stage_table& t) {
  std::string columns;
  for (const auto& f : t.columns)
    columns += fmt::format("{}cast(null as {}) as {}", columns.empty() ? "" : ", ", column_type(t, f.type),
                           duckdb_name(f.name));
  return fmt::format("select {} where false", columns);
}

expected<std::string> duckdb_definition(const stage_table& t, const name_parts& name) {
  RETURN_IF_ERROR(distinct_without_case(t, "DuckDB"));
  const auto table = in_quotes(name, '"');
  if (t.kind == files::none)
    return fmt::format("create table {} (\n{}\n);\n", table, column_lines(t.columns, '"', duckdb_type));
  if (is_url(t.path) && !t.path.starts_with("s3://"))
    return user_error(
        ec::unsupported,
        fmt::format("stage \"{}\" writes to {}, which DuckDB does not read; remedy: `millrace sql`, "
                    "or --ddl hive or trino",
                    t.stage, t.path));
  return fmt::format("-- There must be a file when this is run; later ones are seen by the next query.\n"
                     "create or replace view {} as\n{};\n",
                     table, duckdb_select(t, duckdb_text(pattern_of(t))));
}

}  // namespace millrace::table
