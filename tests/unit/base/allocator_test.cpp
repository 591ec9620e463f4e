#include "runtime/base/allocator.hpp"

#include <catch2/catch.hpp>

#include <memory>
#include <vector>

using namespace millrace;

TEST_CASE("malloc tells what is used, and what it holds") {
  const auto before = figures_of_malloc();
  if (before.held_bytes == 0)
    return;  // the malloc of a sanitizer
  constexpr std::size_t block = 1 << 18;
  std::vector<std::unique_ptr<char[]>> blocks(64);
  for (auto& b : blocks)
    b = std::make_unique<char[]>(block);
  const auto full = figures_of_malloc();
  CHECK(full.used_bytes >
        before.used_bytes + 60 * block);  // threads keep some freed blocks, which count as used
  CHECK(full.held_bytes >= full.used_bytes);
  blocks.clear();
  const auto after = figures_of_malloc();
  CHECK(after.used_bytes < full.used_bytes - 60 * block);
  CHECK(after.held_bytes >= after.used_bytes);
}
