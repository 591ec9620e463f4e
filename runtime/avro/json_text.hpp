// A value of a datum as JSON: columns of type json have it so. Unions are the plain value, bytes base64, enums texts,
// times as rows have them. Pure; linear in the bytes, nested no deeper than deepest_value, and bounded in its text.
#pragma once

#include "runtime/avro/cursor.hpp"
#include "runtime/avro/resolution.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::avro {

class json_text {
public:
  explicit json_text(resolution_ptr how) : how_(std::move(how)) {}

  /// Reads a value and appends it; false leaves why() and path() as the error, or is_too_long(): names of fields multiply what
  /// few bytes say, and the text has about `most` bytes at most.
  [[nodiscard]] bool append(reading_index i, cursor& at, std::string& out, std::size_t most);
  [[nodiscard]] bool is_too_long() const { return is_too_long_; }
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

  /// A member of a map that is being written: the last of two with the same key counts.
  struct member {
    std::string_view key;  // of the datum
    std::size_t begin;     // in the text, where its key begins
  };
  /// Leaves the last of members with equal keys, of those that were noted from `first` on.
  void keep_last_members(std::size_t first, std::string& out);

  resolution_ptr how_;
  std::vector<member> members_;  // of the maps around the value, the outer first
  std::string scratch_;
  std::size_t most_ = 0;
  bool is_too_long_ = false;
  std::string why_;
  std::string path_;
};

}  // namespace millrace::avro
