#include "runtime/data/empty_object.hpp"

#include <algorithm>

namespace millrace::data {

bool holds_empty_object(const type& t) {
  if (t.id() == type_id::list)
    return holds_empty_object(t.element());
  return is_empty_object(t) ||
         std::ranges::any_of(t.fields(), [](const field& f) { return holds_empty_object(f.type); });
}

}  // namespace millrace::data
