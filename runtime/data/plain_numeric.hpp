// Numerics of any scale: products whose decimals have a fixed scale cannot store them. Asked by those who make tables there.
#pragma once

#include "runtime/data/type.hpp"

#include <algorithm>

namespace millrace::data {

[[nodiscard]] inline bool is_plain_numeric(const type& t) {
  return t.id() == type_id::numeric && t.precision() == 0;
}
/// It is one, or has one at any depth.
[[nodiscard]] inline bool holds_plain_numeric(const type& t) {
  if (t.id() == type_id::list)
    return holds_plain_numeric(t.element());
  return is_plain_numeric(t) || std::any_of(t.fields().begin(), t.fields().end(),
                                            [](const field& f) { return holds_plain_numeric(f.type); });
}

}  // namespace millrace::data
