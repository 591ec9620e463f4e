// A message as JSON text, straight from its bytes: of maps, of types that come again within themselves, and of columns
// that are declared json. Members have the names of the schema and its order, numbers are numbers.
#pragma once

#include "actors/parsers/protobuf/wire_value.hpp"
#include "runtime/base/ids.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::parser::protobuf {

/// The microseconds of a google.protobuf.Timestamp; none where the values are no timestamp of ours, and `why` says so.
[[nodiscard]] std::optional<event_micros> micros_of_time(std::int64_t seconds, std::int64_t nanos,
                                                         std::string& why);
/// Appends a message of google.protobuf.Timestamp or Duration as its JSON text, without quotes; false where the values are
/// none, and `why` says so.
[[nodiscard]] bool append_time_text(std::string& out, well_known_type kind, std::int64_t seconds,
                                    std::int64_t nanos, std::string& why);

class message_json {
public:
  /// Appends the message of these parts, each an encoding of it, which count as one. The text has at most `most` bytes.
  [[nodiscard]] bool append_message(std::string& out, const message_shape& shape,
                                    std::span<const wire_value> parts, std::uint32_t depth, std::size_t most);
  /// Appends all values of a repeated field: a list, or of a map an object by its keys' order.
  [[nodiscard]] bool append_repeated(std::string& out, const field_shape& field,
                                     std::span<const wire_value> values, std::uint32_t depth,
                                     std::size_t most);
  /// Says why not, and where within the message: ".a.b[2]".
  [[nodiscard]] const std::string& why() const { return why_; }
  [[nodiscard]] const std::string& path() const { return path_; }

private:
  struct occurrence {
    wire_value value;
    std::uint32_t field;
    std::uint32_t order;
  };
  struct oneof_state {
    std::uint32_t field = message_shape::unknown;
    std::uint32_t since = 0;  // occurrences of the field before are of a value that was replaced
  };
  struct map_entry {
    std::string_view bytes;  // of the entry
    std::string_view text;   // key
    std::uint64_t number = 0;
    std::uint32_t order = 0;
  };
  /// Occurrences in found_.
  struct range {
    std::size_t from;
    std::size_t to;
  };

  void start(std::string& out, std::size_t most);
  bool fail(std::string why);
  bool fail_in(const std::string& name);
  [[nodiscard]] bool is_short(const std::string& out);
  [[nodiscard]] bool collect(const message_shape& shape, std::string_view bytes, std::size_t oneofs);
  [[nodiscard]] bool append(std::string& out, const message_shape& shape, range parts, std::uint32_t depth);
  [[nodiscard]] bool append_members(std::string& out, const message_shape& shape, range own,
                                    std::size_t oneofs, std::uint32_t depth);
  [[nodiscard]] bool append_known(std::string& out, const message_shape& shape, range own, std::size_t oneofs,
                                  std::uint32_t depth);
  [[nodiscard]] bool append_value_of(std::string& out, const message_shape& shape, range own,
                                     std::size_t oneofs, std::uint32_t depth);
  [[nodiscard]] bool append_field(std::string& out, const field_shape& field, range values,
                                  std::uint32_t depth);
  [[nodiscard]] bool append_list(std::string& out, const field_shape& field, range values,
                                 std::uint32_t depth);
  [[nodiscard]] bool append_map(std::string& out, const field_shape& field, range values,
                                std::uint32_t depth);
  [[nodiscard]] bool append_scalar(std::string& out, const field_shape& field, const wire_value& value);
  [[nodiscard]] bool read_key(const message_shape& entry, std::string_view bytes, map_entry& out,
                              bool& is_dropped);
  [[nodiscard]] range field_range(range own, std::uint32_t field) const;

  std::vector<occurrence> found_;    // of the messages that are open, innermost last
  std::vector<oneof_state> oneofs_;  // likewise
  std::size_t most_size_ = 0;
  std::string why_;
  std::string path_;
};

}  // namespace millrace::parser::protobuf
