#include "runtime/base/address_sanitizer.hpp"
#include "runtime/base/freed_memory.hpp"

#include <catch2/catch.hpp>

#include <memory>
#include <vector>

using namespace millrace;
using namespace std::chrono_literals;

TEST_CASE("malloc tells what is used, and holds what was freed") {
  if (with_address_sanitizer)
    return;  // its malloc is another one
  constexpr std::size_t block = 1 << 16;
  const auto before = figures_of_malloc();
  std::vector<std::unique_ptr<char[]>> blocks(100);
  for (auto& b : blocks)
    b = std::make_unique<char[]>(block);
  const auto full = figures_of_malloc();
  CHECK(full.used_bytes >= before.used_bytes + blocks.size() * block);
  CHECK(full.held_bytes >= full.used_bytes);
  blocks.clear();
  const auto after = figures_of_malloc();
  CHECK(after.used_bytes < full.used_bytes - 90 * block);
  CHECK(after.held_bytes >= after.used_bytes);
}

TEST_CASE("freed memory is given back once a minute, and less often where that takes long") {
  CHECK(pause_after_return(0ns) == 1min);
  CHECK(pause_after_return(5ms) == 1min);
  CHECK(pause_after_return(60ms) == 10min);
}

TEST_CASE("the thread that gives memory back ends at once when it is asked to") {
  const auto began = std::chrono::steady_clock::now();
  { const freed_memory_return returns; }
  CHECK(std::chrono::steady_clock::now() - began < 30s);
}
