#include "runtime/base/words_of_text.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <random>
#include <string>

namespace millrace {

TEST_CASE("a word has a byte exactly where one of its eight is that byte, or below it") {
  std::mt19937_64 chance(1);
  for (int round = 0; round < 20'000; ++round) {
    // Mostly neighbours of the bytes that are asked for, where a borrow would be seen.
    std::string text(chance() % 40, ' ');
    for (auto& c : text) {
      constexpr char near[] = {'"', '!', '#', '\x1F', ' ', '\x7F', '\x80', '\x9F', '\xFF', '\0', '\1', 'a'};
      c = chance() % 8 == 0 ? static_cast<char>(chance())
                            : near[chance() % (chance() % 2 == 0 ? std::size(near) : 3)];
      if (chance() % 4 != 0 && (c == '"' || static_cast<unsigned char>(c) < 0x20))
        c = 'a';
    }
    const auto any = [&](auto is) { return std::any_of(text.begin(), text.end(), is); };
    REQUIRE(any_word(text, [](auto w) { return byte_in(w, '"'); }) == any([](char c) { return c == '"'; }));
    REQUIRE(any_word(text, [](auto w) { return below_in(w, 0x20); }) ==
            any([](char c) { return static_cast<unsigned char>(c) < 0x20; }));
    REQUIRE(any_word(text, [](auto w) { return w & high_bits; }) ==
            any([](char c) { return static_cast<unsigned char>(c) >= 0x80; }));
  }
}

}  // namespace millrace
