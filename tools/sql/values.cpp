#include "tools/sql/values.hpp"

#include "runtime/data/render.hpp"
#include "tools/sql/value_text.hpp"

#include <fmt/format.h>

#include <cmath>

namespace millrace::duckdb {
namespace {

/// One vector and those within it, as raw memory. Lives as long as the chunk.
struct value_vector {
  const value_type* type = nullptr;
  const void* data = nullptr;
  const std::uint64_t* validity = nullptr;  // null: all are present
  std::vector<value_vector> children{};

  [[nodiscard]] bool is_null(std::uint64_t row) const {
    return type->id == duckdb_type::null || (validity && ((validity[row >> 6] >> (row & 63)) & 1) == 0);
  }
  template<class T>
  [[nodiscard]] const T& at(std::uint64_t row) const {
    return static_cast<const T*>(data)[row];
  }
};

value_vector open(const duckdb_api& api, const value_type& type, duckdb_vector v) {
  value_vector out{&type, api.vector_get_data(v), api.vector_get_validity(v), {}};
  switch (type.id) {
  case duckdb_type::list:
    out.children.push_back(open(api, type.children[0], api.list_vector_get_child(v)));
    break;
  case duckdb_type::array:
    out.children.push_back(open(api, type.children[0], api.array_vector_get_child(v)));
    break;
  case duckdb_type::map: {
    const auto entries = api.list_vector_get_child(v);
    for (duckdb_count i = 0; i < 2; ++i)
      out.children.push_back(open(api, type.children[i], api.struct_vector_get_child(entries, i)));
    break;
  }
  case duckdb_type::structure:
    for (duckdb_count i = 0; i < type.children.size(); ++i)
      out.children.push_back(open(api, type.children[i], api.struct_vector_get_child(v, i)));
    break;
  default:
    break;
  }
  return out;
}

/// Whole numbers of up to 64 bits; `id` is how they are stored.
std::int64_t integer_at(const value_vector& v, duckdb_type id, std::uint64_t row) {
  switch (id) {
  case duckdb_type::tinyint:
    return v.at<std::int8_t>(row);
  case duckdb_type::smallint:
    return v.at<std::int16_t>(row);
  case duckdb_type::integer:
    return v.at<std::int32_t>(row);
  case duckdb_type::utinyint:
    return v.at<std::uint8_t>(row);
  case duckdb_type::usmallint:
    return v.at<std::uint16_t>(row);
  case duckdb_type::uinteger:
    return v.at<std::uint32_t>(row);
  default:
    return v.at<std::int64_t>(row);
  }
}

std::string_view text_at(const value_vector& v, std::uint64_t row) {
  const auto& t = v.at<duckdb_text>(row);
  // The inlined bytes begin right after the length; the union begins four bytes later.
  const auto* const here = static_cast<const char*>(v.data) + row * sizeof(duckdb_text) + sizeof t.length;
  return {t.length <= duckdb_text::most_inlined ? here : t.bytes, t.length};
}

void append_text(std::string& out, const value_vector& v, std::uint64_t row) {
  switch (v.type->id) {
  case duckdb_type::boolean:
    out += v.at<std::uint8_t>(row) ? "true" : "false";
    return;
  case duckdb_type::ubigint:
    out += fmt::format_int(v.at<std::uint64_t>(row)).str();
    return;
  case duckdb_type::float32:
    data::append_double(out, shortest_double(v.at<float>(row)));
    return;
  case duckdb_type::float64:
    data::append_double(out, v.at<double>(row));
    return;
  case duckdb_type::hugeint:
    return append_int128(out, v.at<duckdb_int128>(row), true, 0);
  case duckdb_type::uhugeint:
    return append_int128(out, v.at<duckdb_int128>(row), false, 0);
  case duckdb_type::decimal:
    if (v.type->internal == duckdb_type::hugeint)
      return append_int128(out, v.at<duckdb_int128>(row), true, v.type->scale);
    return append_int128(out, widened(integer_at(v, v.type->internal, row)), true, v.type->scale);
  case duckdb_type::varchar:
    out += text_at(v, row);
    return;
  case duckdb_type::blob:
    return append_blob(out, text_at(v, row));
  case duckdb_type::enumeration: {
    const auto number = static_cast<std::uint64_t>(integer_at(v, v.type->internal, row));
    if (number < v.type->names.size())
      out += v.type->names[number];
    return;
  }
  case duckdb_type::uuid:
    return append_uuid(out, v.at<duckdb_int128>(row));
  case duckdb_type::date:
    return append_duckdb_date(out, v.at<std::int32_t>(row));
  case duckdb_type::time:
    return append_time(out, v.at<std::int64_t>(row));
  case duckdb_type::interval:
    return append_interval(out, v.at<duckdb_interval>(row));
  case duckdb_type::timestamp_s:
    return append_moment(out, v.at<std::int64_t>(row), 1, "");
  case duckdb_type::timestamp_ms:
    return append_moment(out, v.at<std::int64_t>(row), 1'000, "");
  case duckdb_type::timestamp:
    return append_moment(out, v.at<std::int64_t>(row), 1'000'000, "");
  case duckdb_type::timestamp_ns:
    return append_moment(out, v.at<std::int64_t>(row), 1'000'000'000, "");
  case duckdb_type::timestamp_tz:
    return append_moment(out, v.at<std::int64_t>(row), 1'000'000, "Z");
  default:
    out += fmt::format_int(integer_at(v, v.type->id, row)).str();
  }
}

bool is_bare_in_json(const value_vector& v, std::uint64_t row) {
  switch (v.type->id) {
  case duckdb_type::float32:
    return std::isfinite(v.at<float>(row));
  case duckdb_type::float64:
    return std::isfinite(v.at<double>(row));
  case duckdb_type::boolean:
  case duckdb_type::tinyint:
  case duckdb_type::smallint:
  case duckdb_type::integer:
  case duckdb_type::bigint:
  case duckdb_type::utinyint:
  case duckdb_type::usmallint:
  case duckdb_type::uinteger:
  case duckdb_type::ubigint:
  case duckdb_type::hugeint:
  case duckdb_type::uhugeint:
  case duckdb_type::decimal:
    return true;
  default:
    return false;
  }
}

void append_json(std::string& out, const value_vector& v, std::uint64_t row);

void append_elements(std::string& out, const value_vector& v, std::uint64_t from, std::uint64_t count) {
  out += '[';
  for (std::uint64_t i = from; i < from + count; ++i) {
    if (i != from)
      out += ',';
    append_json(out, v.children[0], i);
  }
  out += ']';
}

void append_json(std::string& out, const value_vector& v, std::uint64_t row) {
  if (v.is_null(row)) {
    out += "null";
    return;
  }
  switch (v.type->id) {
  case duckdb_type::list: {
    const auto part = v.at<duckdb_list_part>(row);
    return append_elements(out, v, part.offset, part.length);
  }
  case duckdb_type::array:
    return append_elements(out, v, row * v.type->length, v.type->length);
  case duckdb_type::map: {
    const auto part = v.at<duckdb_list_part>(row);
    out += '{';
    for (auto i = part.offset; i < part.offset + part.length; ++i) {
      std::string key;
      if (v.children[0].children.empty())
        append_text(key, v.children[0], i);
      else
        append_json(key, v.children[0], i);
      out += i == part.offset ? "" : ",";
      data::append_json_string(out, key);
      out += ':';
      append_json(out, v.children[1], i);
    }
    out += '}';
    return;
  }
  case duckdb_type::structure:
    out += '{';
    for (std::size_t i = 0; i < v.children.size(); ++i) {
      out += i == 0 ? "" : ",";
      data::append_json_string(out, v.type->names[i]);
      out += ':';
      append_json(out, v.children[i], row);
    }
    out += '}';
    return;
  default:
    break;
  }
  if (is_bare_in_json(v, row))
    return append_text(out, v, row);
  std::string text;
  append_text(text, v, row);
  data::append_json_string(out, text);
}

bool is_nested(duckdb_type id) {
  return id == duckdb_type::list || id == duckdb_type::array || id == duckdb_type::map ||
         id == duckdb_type::structure;
}

}  // namespace

data::column_ptr column_of(const duckdb_api& api, const value_type& type, duckdb_vector vector,
                           std::size_t rows) {
  const auto v = open(api, type, vector);
  data::column_builder out(column_type_of(type));
  out.reserve(rows);
  std::string text;
  for (std::size_t row = 0; row < rows; ++row) {
    if (v.is_null(row)) {
      out.append_null();
      continue;
    }
    switch (out.type().id()) {
    case data::type_id::boolean:
      out.append_boolean(v.at<std::uint8_t>(row) != 0);
      break;
    case data::type_id::bigint:
      out.append_int(integer_at(v, type.id, row));
      break;
    case data::type_id::float64:
      out.append_double(type.id == duckdb_type::float32 ? shortest_double(v.at<float>(row))
                                                        : v.at<double>(row));
      break;
    default:
      text.clear();
      if (is_nested(type.id))
        append_json(text, v, row);
      else
        append_text(text, v, row);
      out.append_text(text);
    }
  }
  return out.finish();
}

}  // namespace millrace::duckdb
