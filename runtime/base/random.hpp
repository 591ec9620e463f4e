// Names that nobody has chosen before: of a state, of a secret.
#pragma once

#include <fmt/format.h>

#include <random>
#include <string>

namespace millrace {

/// Returns 128 bits of the kernel's randomness as 32 hexadecimal digits.
[[nodiscard]] inline std::string random_id() {
  std::random_device random;
  return fmt::format("{:08x}{:08x}{:08x}{:08x}", random(), random(), random(), random());
}

}  // namespace millrace
