// The types of a topology and the schema of a batch. Values, cheap to copy where they are scalar.
#pragma once

#include "runtime/base/decimal.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::data {

enum class type_id : std::uint8_t {
  boolean,
  bigint,     // int64
  float64,    // "double"
  text,       // UTF-8
  timestamp,  // int64, microseconds since 1970 UTC
  json,       // UTF-8 text of one JSON value, as it came
  object,     // nested columns
  list,       // elements of one type
  numeric,    // exact decimals of up to 38 digits
  date,       // int64, days since 1970
};

struct field;

class type {
public:
  type(type_id id = type_id::text) : id_(id) {}
  [[nodiscard]] static type object_of(std::vector<field> fields);
  [[nodiscard]] static type list_of(type element);
  /// numeric(precision, scale): each value has that scale. A numeric of any scale where both are 0.
  [[nodiscard]] static type numeric_of(int precision, int scale);

  [[nodiscard]] type_id id() const { return id_; }
  [[nodiscard]] bool is_nested() const { return id_ == type_id::object || id_ == type_id::list; }
  /// Stored as int64: bigint, timestamp and date.
  [[nodiscard]] bool is_int() const {
    return id_ == type_id::bigint || id_ == type_id::timestamp || id_ == type_id::date;
  }
  /// Stored as text bytes: text and json.
  [[nodiscard]] bool is_bytes() const { return id_ == type_id::text || id_ == type_id::json; }
  /// An object's members. Empty for other types.
  [[nodiscard]] inline const std::vector<field>& fields() const;
  /// A list's elements have this type.
  [[nodiscard]] const type& element() const;

  /// How many digits a value of numeric(precision, scale) has; 0 for a numeric of any scale, and for other types.
  [[nodiscard]] int precision() const { return precision_; }
  /// How many of them stand behind the point.
  [[nodiscard]] int scale() const { return scale_; }

  /// Spells the type as a topology does: "bigint", "numeric(10,2)", "[text]", "{lat double, lon double}".
  [[nodiscard]] std::string name() const;
  friend bool operator==(const type& a, const type& b);

private:
  type_id id_;
  std::uint8_t precision_ = 0;
  std::uint8_t scale_ = 0;
  std::shared_ptr<const std::vector<field>>
      children_;  // members of an object, or one unnamed element of a list
};

struct field {
  std::string name;
  data::type type;
  friend bool operator==(const field&, const field&) = default;
};

inline const std::vector<field>& type::fields() const {
  static const std::vector<field> none;
  return id_ == type_id::object && children_ ? *children_ : none;
}

/// Returns whether there is a numeric(precision, scale).
[[nodiscard]] constexpr bool is_numeric(std::int64_t precision, std::int64_t scale) {
  return precision >= 1 && precision <= most_decimal_digits && scale >= 0 && scale <= precision;
}
/// Returns whether a column of that numeric may have the value.
[[nodiscard]] bool holds(const type& numeric, const decimal& v);
/// The same number as a value of that numeric: at the scale of numeric(p,s), as it is for one of any scale. None where digits
/// would be lost.
[[nodiscard]] decimal_or_none fitted(const decimal& v, const type& numeric);

/// The scalar type that a topology calls so, none for an unknown name.
[[nodiscard]] std::optional<type> type_of_name(std::string_view name);

class schema {
public:
  schema() = default;
  explicit schema(std::vector<field> fields) : fields_(std::move(fields)) {}
  [[nodiscard]] std::size_t size() const { return fields_.size(); }
  [[nodiscard]] const field& operator[](std::size_t i) const { return fields_[i]; }
  [[nodiscard]] const std::vector<field>& fields() const { return fields_; }
  /// The column spelt exactly so.
  [[nodiscard]] std::optional<std::size_t> find(std::string_view name) const;
  [[nodiscard]] auto begin() const { return fields_.begin(); }
  [[nodiscard]] auto end() const { return fields_.end(); }
  friend bool operator==(const schema&, const schema&) = default;

private:
  std::vector<field> fields_;
};

using schema_ptr = std::shared_ptr<const schema>;

}  // namespace millrace::data
