#include "tools/table/definition.hpp"

#include "actors/connectors/sql/sink/definition.hpp"
#include "config/plan/same_names.hpp"
#include "runtime/base/url.hpp"
#include "runtime/data/plain_numeric.hpp"
#include "tools/table/products.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <filesystem>

namespace millrace::table {
namespace {

expected<name_parts> parts_of(const std::string& name) {
  name_parts out{""};
  for (const char c : name)
    if (c == '.')
      out.emplace_back();
    else
      out.back() += c;
  if (out.size() > 3 || std::any_of(out.begin(), out.end(), [](const auto& part) { return part.empty(); }))
    return user_error(ec::invalid_argument, fmt::format("--name {}: expected TABLE, SCHEMA.TABLE or "
                                                        "CATALOG.SCHEMA.TABLE",
                                                        name));
  return out;
}

bool holds_timestamp(const data::type& type) {
  if (type.id() == data::type_id::list)
    return holds_timestamp(type.element());
  if (type.id() == data::type_id::object)
    return std::any_of(type.fields().begin(), type.fields().end(),
                       [](const data::field& f) { return holds_timestamp(f.type); });
  return type.id() == data::type_id::timestamp;
}

expected<std::string> in_database(const stage_table& t, const std::string& name, sink::sql::product p) {
  return sink::sql::table_definition(p, name.empty() ? t.name : name, data::schema(t.columns), t.key);
}

}  // namespace

const std::vector<std::string>& product_names() {
  static const std::vector<std::string> names{"hive", "trino", "duckdb", "postgresql", "mysql"};
  return names;
}

std::optional<product> product_of(std::string_view name) {
  const auto& all = product_names();
  const auto at = std::find(all.begin(), all.end(), name);
  return at == all.end() ? std::nullopt : std::optional(static_cast<product>(at - all.begin()));
}

std::string in_quotes(const name_parts& name, char quote) {
  std::string out;
  for (const auto& part : name)
    out += (out.empty() ? "" : ".") + in_quotes(part, quote);
  return out;
}

std::string type_text(const data::type& type, const type_words& in) {
  switch (type.id()) {
  case data::type_id::bigint:
    return std::string(in.bigint);
  case data::type_id::float64:
    return std::string(in.float64);
  case data::type_id::numeric:
    return data::is_plain_numeric(type)
               ? std::string(in.text)
               : fmt::format(fmt::runtime(in.decimal), type.precision(), type.scale());
  case data::type_id::boolean:
    return std::string(in.boolean);
  case data::type_id::timestamp:
    return std::string(in.timestamp);
  case data::type_id::date:
    return std::string(in.date);
  case data::type_id::list:
    return fmt::format(fmt::runtime(in.list), type_text(type.element(), in));
  case data::type_id::object: {
    std::string members;
    for (const auto& f : type.fields())
      members += std::string(members.empty() ? "" : in.comma) +
                 fmt::format(fmt::runtime(in.member), in_quotes(f.name, in.quote), type_text(f.type, in));
    return fmt::format(fmt::runtime(in.object), members);
  }
  case data::type_id::text:
  case data::type_id::json:
    break;
  }
  return std::string(in.text);
}

std::string column_lines(const std::vector<data::field>& columns, char quote,
                         const std::function<std::string(const data::type&)>& type_of,
                         const std::function<bool(const data::field&)>& wanted) {
  std::string out;
  for (const auto& f : columns)
    if (!wanted || wanted(f))
      out += fmt::format("{}  {} {}", out.empty() ? "" : ",\n", in_quotes(f.name, quote), type_of(f.type));
  return out;
}

std::vector<data::field> partition_columns(const stage_table& t) {
  std::vector<data::field> out;
  for (const auto& p : t.partition_by)
    for (const auto& f : t.columns)
      if (f.name == p)
        out.push_back(f.type.id() == data::type_id::timestamp ? data::field{p, data::type_id::text} : f);
  return out;
}

bool has_timestamps(const stage_table& t) {
  return std::any_of(t.columns.begin(), t.columns.end(), [&](const data::field& f) {
    return !t.is_partition(f.name) && holds_timestamp(f.type);
  });
}

expected<void> distinct_without_case(const stage_table& t, std::string_view product) {
  if (const auto same = config::same_without_case(t.columns))
    return user_error(ec::mismatch,
                      fmt::format("stage \"{}\": {} takes the columns \"{}\" and \"{}\" for the "
                                  "same; remedy: rename one in `columns`",
                                  t.stage, product, same->first, same->second));
  return {};
}

expected<void> fixed_scales(const stage_table& t, std::string_view product) {
  for (const auto& f : t.columns)
    if (data::holds_plain_numeric(f.type))
      return user_error(
          ec::mismatch,
          fmt::format(
              "stage \"{}\": column \"{}\" is {}, of any number of digits behind the point, for which {} has "
              "no type; remedy: a cast in `columns`, or a type in the parser's schema, such as numeric(38, "
              "2)",
              t.stage, f.name, f.type.name(), product));
  return {};
}

expected<void> parquet_or_none(const stage_table& t, std::string_view product) {
  if (t.kind == files::none || t.kind == files::parquet)
    return {};
  return user_error(ec::unsupported,
                    fmt::format("stage \"{}\" writes {}, which {} does not read with these types; remedy: a "
                                "parquet sink from the same stage, or --ddl duckdb",
                                t.stage, t.kind == files::json ? "JSON" : "CSV", product));
}

std::string absolute_path(const std::string& path) {
  if (is_url(path))
    return path;
  auto out = std::filesystem::absolute(path).lexically_normal().string();
  while (out.size() > 1 && out.back() == '/')
    out.pop_back();
  return out;
}

std::string location_of(const stage_table& t) {
  return is_url(t.path) ? t.path : "file://" + absolute_path(t.path);
}

expected<std::string> definition(const stage_table& t, product p, const std::string& name) {
  if (p == product::postgresql)
    return in_database(t, name, sink::sql::product::postgresql);
  if (p == product::mysql)
    return in_database(t, name, sink::sql::product::mysql);
  ASSIGN_OR_RETURN(auto parts, name.empty() ? expected<name_parts>(name_parts{t.name}) : parts_of(name));
  if (p == product::hive)
    return hive_definition(t, parts);
  return p == product::trino ? trino_definition(t, parts) : duckdb_definition(t, parts);
}

}  // namespace millrace::table
