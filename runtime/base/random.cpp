#include "runtime/base/random.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <system_error>
#include <unistd.h>

namespace millrace {

std::uint64_t random_bits() {
  std::uint64_t bits = 0;
  if (getentropy(&bits, sizeof bits) != 0)  // a kernel without getrandom()
    throw std::system_error(errno, std::generic_category(), "the kernel gives no random numbers");
  return bits;
}

std::string random_id() { return fmt::format("{:016x}{:016x}", random_bits(), random_bits()); }

}  // namespace millrace
