#include "actors/connectors/kafka/sink/json_schema.hpp"

#include "runtime/data/render.hpp"

namespace millrace::sink {
namespace {

using data::type_id;

void append_type(std::string& out, const data::type& type);

/// Null is a JSON value itself.
void append_nullable(std::string& out, const data::type& type) {
  if (type.id() == type_id::json)
    return append_type(out, type);
  out += R"({"oneOf":[{"type":"null"},)";
  append_type(out, type);
  out += "]}";
}

void append_properties(std::string& out, const std::vector<data::field>& fields) {
  out += R"("type":"object","properties":{)";
  for (std::size_t i = 0; i < fields.size(); ++i) {
    out += i > 0 ? "," : "";
    data::append_json_string(out, fields[i].name);
    out += ':';
    append_nullable(out, fields[i].type);
  }
  out += '}';
}

void append_type(std::string& out, const data::type& type) {
  switch (type.id()) {
  case type_id::boolean:
    out += R"({"type":"boolean"})";
    return;
  case type_id::bigint:
    out += R"({"type":"integer"})";
    return;
  case type_id::float64:  // NaN and the infinities are texts
    out += R"({"type":["number","string"]})";
    return;
  case type_id::numeric:
    out += R"({"type":"number"})";
    return;
  case type_id::text:
    out += R"({"type":"string"})";
    return;
  case type_id::timestamp:
    out += R"({"type":"string","format":"date-time"})";
    return;
  case type_id::date:
    out += R"({"type":"string","format":"date"})";
    return;
  case type_id::json:  // any value
    out += "{}";
    return;
  case type_id::object:
    out += '{';
    append_properties(out, type.fields());
    out += '}';
    return;
  case type_id::list:
    out += R"({"type":"array","items":)";
    append_nullable(out, type.element());
    out += '}';
    return;
  }
}

}  // namespace

std::string json_schema_of_columns(std::string_view title, const std::vector<data::field>& columns) {
  std::string out = R"({"$schema":"http://json-schema.org/draft-07/schema#","title":)";
  data::append_json_string(out, title);
  out += ',';
  append_properties(out, columns);
  out += '}';
  return out;
}

std::string json_schema_of_value(const data::type& type) {
  std::string out;
  append_type(out, type);
  return out;
}

}  // namespace millrace::sink
