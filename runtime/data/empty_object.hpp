// Objects without members: a schema may name them ("meta": {}), but nothing of them is there to be stored.
// Asked by those who store columns.
#pragma once

#include "runtime/data/type.hpp"

namespace millrace::data {

[[nodiscard]] inline bool is_empty_object(const type& t) {
  return t.id() == type_id::object && t.fields().empty();
}
/// It is one, or has one at any depth.
[[nodiscard]] bool holds_empty_object(const type& t);

}  // namespace millrace::data
