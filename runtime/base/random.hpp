// The kernel's randomness: for names that nobody has chosen before, secrets, and numbers that tell two processes apart.
#pragma once

#include <cstdint>
#include <string>

namespace millrace {

/// Any thread. std::random_device may ask the processor instead, and one (AMD EPYC, model 2) gave the number before
/// once more in one of 800 calls: two processes that opened one chain had one life.
[[nodiscard]] std::uint64_t random_bits();

/// Returns 128 bits as 32 hexadecimal digits.
[[nodiscard]] std::string random_id();

}  // namespace millrace
