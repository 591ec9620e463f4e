// Counts for people.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace millrace {

/// 1,234,567.
[[nodiscard]] inline std::string grouped(std::uint64_t n) {
  auto digits = std::to_string(n);
  for (auto at = static_cast<std::ptrdiff_t>(digits.size()) - 3; at > 0; at -= 3)
    digits.insert(static_cast<std::size_t>(at), ",");
  return digits;
}

}  // namespace millrace
