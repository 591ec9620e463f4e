// An Avro schema as a tree of types whose names are resolved: what the decoder, the columns and the framing of
// container files go by. Pure; immutable once parsed, and read from any thread.
#pragma once

#include "runtime/base/error.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::avro {

enum class kind : std::uint8_t {
  null,
  boolean,
  int32,    // "int"
  int64,    // "long"
  float32,  // "float"
  float64,  // "double"
  bytes,
  string,
  record,
  enumeration,
  array,
  map,
  one_of,  // a union
  fixed,
};

/// Logical types. One that is unknown, or does not fit its type, is none, as the specification has it.
enum class meaning : std::uint8_t {
  none,
  decimal,
  uuid,
  date,
  time_millis,
  time_micros,
  timestamp_millis,  // also those of local time
  timestamp_micros,
};

/// Longest names, of types and of fields, with their namespace.
inline constexpr std::size_t longest_name = 1'000;
/// Longest text of a schema.
inline constexpr std::size_t longest_schema = std::size_t{5} << 20;
/// A value is nested no deeper: each record, array, map and union is a level.
inline constexpr std::uint32_t deepest_value = 512;
/// Items without a single byte (nulls) that the arrays of one datum have at most: any few bytes claim billions of them.
inline constexpr std::uint64_t most_empty_items = 64;

/// A type's place in its schema.
using type_index = std::uint32_t;

struct field {
  std::string name;
  std::vector<std::string> aliases{};
  type_index of = 0;
  /// The default as a datum of the field's type; none: there is none, or it does not fit, and then this says why.
  std::optional<std::string> default_datum{};
  std::string default_problem{};
};

/// How a value is passed over that nobody reads.
struct passing {
  enum class way : std::uint8_t { integer, bytes, fixed, other };
  way how = way::other;
  type_index of = 0;       // the value's type
  std::uint64_t size = 0;  // of `fixed`: the value's bytes
};

struct type {
  kind is = kind::null;
  meaning means = meaning::none;
  int precision = 0;                     // of a decimal, and of a fixed that is too short to be one
  int scale = 0;                         // of a decimal
  std::uint32_t size = 0;                // of a fixed
  std::string name{};                    // of a record, enum or fixed: with its namespace
  std::vector<std::string> aliases{};    // the same, of its former names
  std::vector<field> fields{};           // of a record
  std::vector<type_index> of{};          // of an array and a map one, of a union its branches
  std::vector<std::string> symbols{};    // of an enum
  std::optional<std::uint32_t> other{};  // of an enum: the symbol that stands for unknown ones
  /// The bytes of each value, where all have as many.
  std::optional<std::uint64_t> length{};
  std::vector<passing> passed{};  // of a record: how its fields are, one after another
};

class schema {
public:
  [[nodiscard]] const type& root() const { return types_[root_]; }
  [[nodiscard]] type_index root_index() const { return root_; }
  [[nodiscard]] const type& operator[](type_index i) const { return types_[i]; }

private:
  friend class schema_reader;
  std::vector<type> types_;
  type_index root_ = 0;
};

using schema_ptr = std::shared_ptr<const schema>;

/// Reads a schema as JSON. Errors (ec::invalid_argument, the user's) say where in it, and what is expected there.
[[nodiscard]] expected<schema_ptr> parse_schema(std::string_view json);

/// The name without its namespace.
[[nodiscard]] std::string_view short_name(std::string_view full);
/// Spells a type for messages: "long", "record org.example.Click", "timestamp-millis", "array of string".
[[nodiscard]] std::string describe(const schema& s, type_index i);
/// The specification's word for it: "int", "record".
[[nodiscard]] std::string_view word_of(kind k);

}  // namespace millrace::avro
