#include "runtime/avro/made_schema.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace millrace::avro {
namespace {

using data::type_id;

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

unexpected no_name(std::string_view name) {
  return user_error(
      ec::invalid_argument,
      fmt::format("the name \"{}\" is none of Avro; expected letters, digits and _, and no digit "
                  "first: name it so in \"columns\"",
                  name));
}

class schema_writer {
public:
  expected<void> add_record(std::string_view name, const std::vector<data::field>& fields) {
    std::string own(name);
    while (!names_.insert(own).second)  // a_b with a field c, and a with a field b_c
      own += '_';
    out_ += fmt::format(R"({{"type":"record","name":"{}","fields":[)", own);
    for (std::size_t i = 0; i < fields.size(); ++i) {
      if (!is_name(fields[i].name))
        return no_name(fields[i].name);
      out_ += fmt::format(R"({}{{"name":"{}","type":)", i > 0 ? "," : "", fields[i].name);
      RETURN_IF_ERROR(add_nullable(fmt::format("{}_{}", name, fields[i].name), fields[i].type));
      out_ += R"(,"default":null})";
    }
    out_ += "]}";
    return {};
  }

  expected<void> add_nullable(const std::string& name, const data::type& type) {
    out_ += R"(["null",)";
    RETURN_IF_ERROR(add(name, type));
    out_ += ']';
    return {};
  }

  expected<void> add(const std::string& name, const data::type& type) {
    switch (type.id()) {
    case type_id::boolean:
      out_ += R"("boolean")";
      return {};
    case type_id::bigint:
      out_ += R"("long")";
      return {};
    case type_id::float64:
      out_ += R"("double")";
      return {};
    case type_id::text:
    case type_id::json:
      out_ += R"("string")";
      return {};
    case type_id::timestamp:
      out_ += R"({"type":"long","logicalType":"timestamp-micros"})";
      return {};
    case type_id::date:
      out_ += R"({"type":"int","logicalType":"date"})";
      return {};
    case type_id::numeric:
      out_ += type.precision() == 0
                  ? std::string(R"("string")")
                  : fmt::format(R"({{"type":"bytes","logicalType":"decimal","precision":{},"scale":{}}})",
                                type.precision(), type.scale());
      return {};
    case type_id::object:
      return add_record(name, type.fields());
    case type_id::list:
      out_ += R"({"type":"array","items":)";
      RETURN_IF_ERROR(add_nullable(name + "_item", type.element()));
      out_ += '}';
      return {};
    }
    return {};
  }

  std::string take() { return std::move(out_); }

private:
  std::string out_;
  std::set<std::string> names_;
};

}  // namespace

bool is_name(std::string_view text) {
  return !text.empty() && is_letter(text.front()) &&
         std::ranges::all_of(text, [](char c) { return is_letter(c) || is_digit(c); });
}

bool is_full_name(std::string_view text) {
  for (auto dot = text.find('.'); dot != std::string_view::npos; dot = text.find('.')) {
    if (!is_name(text.substr(0, dot)))
      return false;
    text.remove_prefix(dot + 1);
  }
  return is_name(text);
}

std::string name_of(std::string_view text) {
  std::string out(text.empty() || is_digit(text.front()) ? "_" : "");
  for (const char c : text)
    out += is_letter(c) || is_digit(c) ? c : '_';
  return out;
}

expected<std::string> schema_of_columns(std::string_view name, const std::vector<data::field>& columns) {
  if (!is_full_name(name))
    return user_error(
        ec::invalid_argument,
        fmt::format("the record's name \"{}\" is none of Avro; expected letters, digits and _, and no "
                    "digit first, between dots: give another \"record\"",
                    name));
  schema_writer out;
  RETURN_IF_ERROR(out.add_record(name, columns));
  return out.take();
}

expected<std::string> schema_of_value(std::string_view name, const data::type& type) {
  schema_writer out;
  RETURN_IF_ERROR(out.add(std::string(name), type));
  return out.take();
}

}  // namespace millrace::avro
