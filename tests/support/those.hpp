// Picks what a test asks for out of a list of decisions.
#pragma once

#include <variant>
#include <vector>

namespace millrace::test {

/// Returns the variants' values of this type, in their order.
template<class T, class... Ts>
std::vector<T> those(const std::vector<std::variant<Ts...>>& all) {
  std::vector<T> out;
  for (const auto& v : all)
    if (const auto* const x = std::get_if<T>(&v))
      out.push_back(*x);
  return out;
}

}  // namespace millrace::test
