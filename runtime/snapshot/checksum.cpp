#include "runtime/snapshot/checksum.hpp"

#define XXH_STATIC_LINKING_ONLY  // the state may then lie on the stack
#include <xxhash.h>

namespace millrace::snapshot {

std::uint64_t checksum_of(std::initializer_list<std::string_view> parts) {
  XXH3_state_t state;
  XXH3_64bits_reset(&state);
  for (const auto part : parts)
    if (!part.empty())
      XXH3_64bits_update(&state, part.data(), part.size());
  return XXH3_64bits_digest(&state);
}

}  // namespace millrace::snapshot
