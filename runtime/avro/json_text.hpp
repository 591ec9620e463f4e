// A value of a datum as JSON: columns of type json have it so. Unions are the plain value, bytes base64, enums texts,
// times as rows have them. Pure; linear in the bytes, nested no deeper than deepest_value, and bounded in its text.
#pragma once

#include "runtime/avro/cursor.hpp"
#include "runtime/avro/resolution.hpp"

#include <cstdint>
#include <string>

namespace millrace::avro {

/// Longest JSON text of one value: names of fields multiply what few bytes say.
inline constexpr std::size_t longest_json = std::size_t{16} << 20;

class json_text {
public:
  explicit json_text(resolution_ptr how) : how_(std::move(how)) {}

  /// Reads a value and appends it; false leaves why() and path() as the error.
  [[nodiscard]] bool append(reading_index i, cursor& at, std::string& out);
  [[nodiscard]] const std::string& why() const { return why_; }
  /// The place within the value: `.items[3]`.
  [[nodiscard]] const std::string& path() const { return path_; }

private:
  bool append_value(reading_index i, cursor& at, std::string& out, std::uint32_t depth);
  bool append_record(const reading& r, cursor& at, std::string& out, std::uint32_t depth);
  bool append_items(const reading& r, cursor& at, std::string& out, std::uint32_t depth);
  bool append_scalar(const reading& r, cursor& at, std::string& out);
  bool fail(std::string why) {
    why_ = std::move(why);
    return false;
  }

  resolution_ptr how_;
  std::string scratch_;
  std::string why_;
  std::string path_;
};

}  // namespace millrace::avro
