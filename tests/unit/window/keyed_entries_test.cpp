#include "runtime/window/keyed_entries.hpp"

#include <catch2/catch.hpp>

#include <map>
#include <random>
#include <string>

using namespace millrace::window;

namespace {

struct numbered {
  std::string key;
  std::uint32_t tag = 0;
  int number = 0;
};

}  // namespace

TEST_CASE("entries keep their addresses while others come and go, also where "
          "tags collide") {
  std::mt19937 random(7);
  keyed_entries<numbered> entries;
  std::map<std::string, numbered*> expected;
  for (int i = 0; i < 50'000; ++i) {
    const auto key = std::to_string(random() % 700);
    const auto tag = static_cast<std::uint32_t>(key.size() * 0x7FFF'FFFFU + key.back());
    const auto known = expected.find(key);
    REQUIRE(entries.find(key, tag) == (known == expected.end() ? nullptr : known->second));
    if (known != expected.end() && random() % 2 == 0) {
      entries.erase(*known->second);
      expected.erase(known);
      continue;
    }
    auto& e = entries.at(key, tag);
    REQUIRE((known == expected.end() || &e == known->second));
    REQUIRE((e.key == key && e.tag == tag));
    expected[key] = &e;
    REQUIRE(entries.size() == expected.size());
  }
  std::size_t n = 0;
  entries.each([&](const numbered& e) { n += expected.at(e.key) == &e ? 1 : 0; });
  CHECK(n == expected.size());
  entries.clear();
  CHECK(entries.size() == 0);
  CHECK(entries.find("1", 1) == nullptr);
}
