// The types that expressions compute with, and how they convert without being asked. More than a column can
// be: literals whose type is still open, wall-clock time, intervals.
#pragma once

#include "runtime/data/type.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace millrace::expression {

enum class kind : std::uint8_t {
  unknown,  // a string literal or null that takes the type of its surroundings
  boolean,
  bigint,
  numeric,  // decimals; rounds half away from zero
  float64,
  text,
  timestamptz,  // a column's timestamp
  timestamp,    // wall-clock time, microseconds since 1970 of some zone
  interval,
  json,
  list,    // elements of one kind; the node's column_type says of which
  object,  // likewise
  date,
  time,   // of a day, microseconds; no column
  jsonb,  // the text that PostgreSQL writes of it; json as a column
};

/// Spells the kind as messages do.
[[nodiscard]] std::string_view name_of(kind k);
[[nodiscard]] kind kind_of(const data::type& t);
/// Gives the column type of a scalar result, of a numeric that of any scale; none for an interval, lists and objects.
[[nodiscard]] std::optional<data::type> column_type_of(kind k);
/// The kind of a type name in a cast; `narrow` is set to the bits of a smaller integer.
struct named_kind {
  kind to{};
  int bits = 64;
};
[[nodiscard]] std::optional<named_kind> kind_of_cast(std::string_view type_name);

/// PostgreSQL's implicit casts (each kind converts to itself; an unknown to anything).
[[nodiscard]] bool converts_implicitly(kind from, kind to);
/// Kinds that one result may mix: numbers, times, text.
[[nodiscard]] char category(kind k);
/// The kind of its category that ambiguous calls prefer.
[[nodiscard]] bool is_preferred(kind k);

}  // namespace millrace::expression
