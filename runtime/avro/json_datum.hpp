// A JSON value as a datum of a type: the reverse of json_text, for columns of type json whose field is a map, a record or
// a union. Unions are the plain value, bytes base64, enums texts, times as rows have them. Pure; nested no deeper than
// 128 levels, and bounded in its steps and bytes.
#pragma once

#include "runtime/avro/schema.hpp"

#include <boost/json/value.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace millrace::avro {

class json_datum {
public:
  /// The schema must live as long.
  explicit json_datum(const schema& s) : schema_(&s) {}

  /// Appends the value; false leaves why() and path() as the error.
  [[nodiscard]] bool append(std::string& out, std::string_view json, type_index of);
  [[nodiscard]] const std::string& why() const { return why_; }
  /// The place within the value: `.items[3]`.
  [[nodiscard]] const std::string& path() const { return path_; }

private:
  bool append_value(std::string& out, const boost::json::value& v, type_index of, std::uint32_t depth);
  bool append_number(std::string& out, const boost::json::value& v, type_index of);
  bool append_text(std::string& out, const boost::json::value& v, type_index of);
  bool append_decimal(std::string& out, const boost::json::value& v, type_index of);
  bool append_record(std::string& out, const boost::json::value& v, type_index of, std::uint32_t depth);
  bool append_items(std::string& out, const boost::json::value& v, type_index of, std::uint32_t depth);
  bool append_branch(std::string& out, const boost::json::value& v, type_index of, std::uint32_t depth);
  bool fail(std::string why);
  bool misfit(const boost::json::value& v, type_index of);

  const schema* schema_;
  std::size_t steps_left_ = 0;
  std::size_t most_ = 0;  // the size that `out` may have
  std::string why_;
  std::string path_;
};

}  // namespace millrace::avro
