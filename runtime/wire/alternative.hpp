// A variant's alternative by its number, as bytes name it.
#pragma once

#include <cstddef>
#include <variant>

namespace millrace::wire {

/// Makes `out` an empty value of that alternative. False, with `out` as it was, where there are not so many.
template<std::size_t Place = 0, class... Each>
[[nodiscard]] bool emplace_alternative(std::variant<Each...>& out, std::size_t which) {
  if constexpr (Place < sizeof...(Each)) {
    if (which != Place)
      return emplace_alternative<Place + 1>(out, which);
    out.template emplace<Place>();
    return true;
  }
  return false;
}

}  // namespace millrace::wire
