// The hidden columns of a parsed row: what the source knows of a record beyond its value.
#pragma once

#include "actors/parsers/parser.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::parser {

class hidden_columns {
public:
  /// The used columns of the schema that follow the declared ones.
  explicit hidden_columns(const parser_options& options);

  /// Returns whether no hidden column is used: the two calls below then do nothing.
  [[nodiscard]] bool none() const { return columns_.empty(); }
  /// Returns whether this record can be a row; false leaves why() as the error.
  [[nodiscard]] bool check(const source::chunk& c, std::size_t record);
  /// Appends the columns of the record that was checked last.
  void append(const source::chunk& c, std::size_t record, std::vector<data::column_builder>& out) const;
  [[nodiscard]] const std::string& why() const { return why_; }

private:
  enum class content : std::uint8_t {
    raw,
    key,
    timestamp,
    timestamp_type,
    topic,
    partition,
    position,
    headers
  };
  struct column {
    std::size_t index;  // its index in the schema
    content what;
  };
  bool check_key(const source::chunk& c, std::string_view key);

  std::vector<column> columns_;
  bool raw_is_base64_ = false;
  bool wants_key_ = false;
  bool key_is_bigint_ = false;
  std::shared_ptr<key_decoder> keys_;  // null: keys stand in the chunk as _key has them
  std::string key_json_;               // made by keys_ of the key of the last checked record
  std::optional<std::int64_t> key_;    // the key of the last checked record, where it is a bigint
  bool wants_timestamp_ = false;
  std::string why_;
};

/// The source's own time of a record, where it stores one.
[[nodiscard]] inline std::optional<event_micros> stored_timestamp(const source::chunk& c,
                                                                  std::size_t record) {
  // brokers write -1 where a producer gave none
  if (record >= c.timestamps.size() || c.timestamps[record] < 0)
    return std::nullopt;
  return c.timestamps[record];
}

}  // namespace millrace::parser
