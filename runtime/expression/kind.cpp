#include "runtime/expression/kind.hpp"

#include <array>
#include <utility>

namespace millrace::expression {

std::string_view name_of(kind k) {
  static constexpr std::string_view names[] = {
      "unknown",  "boolean", "bigint",    "numeric",
      "double",   "text",    "timestamp", "timestamp without time zone",
      "interval", "json",    "list",      "object",
      "date",     "time",    "jsonb"};
  return names[static_cast<std::size_t>(k)];
}

kind kind_of(const data::type& t) {
  switch (t.id()) {
  case data::type_id::boolean:
    return kind::boolean;
  case data::type_id::bigint:
    return kind::bigint;
  case data::type_id::float64:
    return kind::float64;
  case data::type_id::text:
    return kind::text;
  case data::type_id::timestamp:
    return kind::timestamptz;
  case data::type_id::json:
    return kind::json;
  case data::type_id::numeric:
    return kind::numeric;
  case data::type_id::date:
    return kind::date;
  case data::type_id::list:
    return kind::list;
  case data::type_id::object:
    break;
  }
  return kind::object;
}

std::optional<data::type> column_type_of(kind k) {
  switch (k) {
  case kind::boolean:
    return data::type_id::boolean;
  case kind::bigint:
    return data::type_id::bigint;
  case kind::numeric:
    return data::type_id::numeric;
  case kind::float64:
    return data::type_id::float64;
  case kind::unknown:
  case kind::text:
    return data::type_id::text;
  case kind::timestamptz:
  case kind::timestamp:
    return data::type_id::timestamp;
  case kind::date:
    return data::type_id::date;
  case kind::json:
  case kind::jsonb:
    return data::type_id::json;
  case kind::time:
  case kind::interval:
  case kind::list:
  case kind::object:
    return std::nullopt;
  }
  return std::nullopt;
}

std::optional<named_kind> kind_of_cast(std::string_view type_name) {
  static constexpr std::array<std::pair<std::string_view, named_kind>, 22> names{{
      {"bool", {kind::boolean}},        {"boolean", {kind::boolean}},
      {"int8", {kind::bigint}},         {"bigint", {kind::bigint}},
      {"int4", {kind::bigint, 32}},     {"int", {kind::bigint, 32}},
      {"integer", {kind::bigint, 32}},  {"int2", {kind::bigint, 16}},
      {"smallint", {kind::bigint, 16}}, {"numeric", {kind::numeric}},
      {"decimal", {kind::numeric}},     {"float8", {kind::float64}},
      {"double", {kind::float64}},      {"text", {kind::text}},
      {"varchar", {kind::text}},        {"timestamptz", {kind::timestamptz}},
      {"timestamp", {kind::timestamp}}, {"interval", {kind::interval}},
      {"json", {kind::json}},           {"date", {kind::date}},
      {"jsonb", {kind::jsonb}},         {"time", {kind::time}},
  }};
  for (const auto& [name, k] : names)
    if (name == type_name)
      return k;
  return std::nullopt;
}

bool converts_implicitly(kind from, kind to) {
  if (from == to || from == kind::unknown)
    return true;
  switch (from) {
  case kind::bigint:
    return to == kind::numeric || to == kind::float64;
  case kind::numeric:
    return to == kind::float64;
  case kind::timestamp:
    return to == kind::timestamptz;
  case kind::date:
    return to == kind::timestamp || to == kind::timestamptz;
  case kind::time:
    return to == kind::interval;
  default:
    return false;
  }
}

char category(kind k) {
  switch (k) {
  case kind::boolean:
    return 'B';
  case kind::bigint:
  case kind::numeric:
  case kind::float64:
    return 'N';
  case kind::text:
    return 'S';
  case kind::timestamptz:
  case kind::timestamp:
  case kind::date:
  case kind::time:
    return 'D';
  case kind::interval:
    return 'T';
  case kind::unknown:
    return 'X';
  case kind::list:
    return 'A';
  case kind::json:
  case kind::jsonb:
  case kind::object:
    return 'U';
  }
  return 'U';
}

bool is_preferred(kind k) {
  return k == kind::boolean || k == kind::float64 || k == kind::text || k == kind::timestamptz ||
         k == kind::interval;
}

}  // namespace millrace::expression
