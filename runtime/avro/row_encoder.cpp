#include "runtime/avro/row_encoder.hpp"

#include "runtime/avro/datum.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
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

/// The units in two's complement, big-endian, in as few bytes as say their sign.
void append_units(std::string& out, __int128 units) {
  std::array<char, sizeof units> bytes{};
  for (auto at = bytes.size(); at-- > 0; units >>= 8)
    bytes[at] = static_cast<char>(units & 0xFF);
  std::size_t first = 0;
  const auto is_sign = [&](std::size_t at) {
    const auto sign = (static_cast<unsigned char>(bytes[at + 1]) & 0x80) != 0 ? '\xFF' : '\0';
    return bytes[at] == sign;
  };
  while (first + 1 < bytes.size() && is_sign(first))
    ++first;
  append_bytes(out, {bytes.data() + first, bytes.size() - first});
}

void append_nullable(std::string& out, const data::column& c, std::size_t row) {
  if (c.is_null(row))
    return append_long(out, 0);
  append_long(out, 1);
  append_value(out, c, row);
}

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

void append_row(std::string& out, const data::batch& rows, const std::vector<std::size_t>& columns,
                std::size_t row) {
  for (const auto c : columns)
    append_nullable(out, *rows.columns[c], row);
}

void append_value(std::string& out, const data::column& c, std::size_t row) {
  switch (c.type().id()) {
  case type_id::boolean:
    out += c.boolean_at(row) ? '\1' : '\0';
    return;
  case type_id::bigint:
  case type_id::timestamp:
  case type_id::date:
    return append_long(out, c.ints()[row]);
  case type_id::float64:
    return append_real(out, c.doubles()[row]);
  case type_id::text:
  case type_id::json:
    return append_bytes(out, c.text_at(row));
  case type_id::numeric:
    return c.type().precision() == 0 ? append_bytes(out, text_of(c.decimals()[row]))
                                     : append_units(out, c.decimals()[row].units());
  case type_id::object:
    for (const auto& member : c.children())
      append_nullable(out, *member, row);
    return;
  case type_id::list: {
    const auto from = c.offsets()[row];
    const auto to = c.offsets()[row + 1];
    if (to > from)
      append_long(out, to - from);
    for (auto i = from; i < to; ++i)
      append_nullable(out, *c.children()[0], static_cast<std::size_t>(i));
    return append_long(out, 0);  // no block follows
  }
  }
}

}  // namespace millrace::avro
