#include "runtime/base/byte_block.hpp"

#include <catch2/catch.hpp>

#include <random>
#include <string>

using namespace millrace;

TEST_CASE("bytes of a block are marked where they are one of some, or beyond ASCII") {
  std::mt19937 random(1);
  for (int round = 0; round < 5'000; ++round) {
    std::string text(byte_block::size, '\0');
    for (auto& c : text)
      c = random() % 2 == 0 ? ",\"\x7f\x80\xff-"[random() % 7] : static_cast<char>(random());
    std::uint64_t commas = 0, marked = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
      commas |= std::uint64_t{text[i] == ','} << i;
      marked |= std::uint64_t{text[i] == '"' || text[i] == '\0' || (text[i] & 0x80) != 0} << i;
    }
    const byte_block block(text.data());
    REQUIRE(block.equal(',') == commas);
    REQUIRE(block.equal_or_beyond_ascii('\0', '"') == marked);
  }
}
