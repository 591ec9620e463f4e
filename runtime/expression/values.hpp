// These values flow between a program's nodes while a chunk of rows is evaluated: typed arrays with validity,
// or one value for all rows. Arrays are borrowed from columns or live in the chunk's arena; nothing here owns
// memory.
#pragma once

#include "runtime/data/column.hpp"
#include "runtime/expression/kind.hpp"

#include <cstdint>
#include <memory_resource>
#include <string_view>

namespace millrace::expression {

struct interval_value {
  std::int32_t months = 0;
  std::int32_t days = 0;
  std::int64_t micros = 0;
};

/// A list's elements: an array of `element` as it lies in values::data.
struct list_value {
  const void* data = nullptr;
  const std::uint8_t* valid = nullptr;  // a byte an element; null pointer: all are present
  std::size_t size = 0;
  kind element{};

  template<class T>
  [[nodiscard]] T get(std::size_t i) const;
  [[nodiscard]] bool present(std::size_t i) const { return !valid || valid[i] != 0; }
};

/// Objects are only ever looked at where they lie.
struct object_value {
  const data::column* column = nullptr;
  std::size_t row = 0;
};

/// The form of a C++ type in an array: booleans as bytes, everything else as it is.
template<class T>
struct stored {
  using type = T;
};
template<>
struct stored<bool> {
  using type = std::uint8_t;
};
template<class T>
using stored_t = typename stored<T>::type;

template<class T>
T list_value::get(std::size_t i) const {
  return static_cast<T>(static_cast<const stored_t<T>*>(data)[i]);
}

/// bigint, timestamptz, timestamp, date, time: int64. numeric: decimal. float64: double. text, json, jsonb, unknown: string_view. list:
/// list_value. object: object_value. Elements of null rows may be read, and mean nothing.
struct values {
  kind type{};
  bool constant = false;                // one element stands for all rows
  const std::uint8_t* valid = nullptr;  // a byte an element, 1 = present; null pointer: all are
  const void* data = nullptr;

  template<class T>
  [[nodiscard]] const stored_t<T>* as() const {
    return static_cast<const stored_t<T>*>(data);
  }
  [[nodiscard]] std::size_t at(std::size_t row) const { return constant ? 0 : row; }
  [[nodiscard]] bool present(std::size_t row) const { return !valid || valid[at(row)] != 0; }
  template<class T>
  [[nodiscard]] T get(std::size_t row) const {
    return static_cast<T>(as<T>()[at(row)]);
  }
};

/// Calls f<T>() with the type that elements of that kind have in an array.
template<class F>
decltype(auto) with_stored_type(kind k, F f) {
  switch (k) {
  case kind::boolean:
    return f.template operator()<stored_t<bool>>();
  case kind::numeric:
    return f.template operator()<decimal>();
  case kind::float64:
    return f.template operator()<double>();
  case kind::interval:
    return f.template operator()<interval_value>();
  case kind::unknown:
  case kind::text:
  case kind::json:
  case kind::jsonb:
    return f.template operator()<std::string_view>();
  case kind::list:
    return f.template operator()<list_value>();
  case kind::object:
    return f.template operator()<object_value>();
  case kind::bigint:
  case kind::timestamptz:
  case kind::timestamp:
  case kind::date:
  case kind::time:
    break;
  }
  return f.template operator()<std::int64_t>();
}

using arena = std::pmr::monotonic_buffer_resource;

template<class T>
[[nodiscard]] stored_t<T>* allocate(arena& memory, std::size_t count) {
  return static_cast<stored_t<T>*>(
      memory.allocate(std::max<std::size_t>(count, 1) * sizeof(stored_t<T>), alignof(stored_t<T>)));
}

}  // namespace millrace::expression
