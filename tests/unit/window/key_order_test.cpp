#include "runtime/window/key_order.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <functional>
#include <numeric>
#include <random>
#include <string>

namespace millrace::window {
namespace {

row_store store_of(const std::vector<std::string>& keys) {
  row_store store(std::make_shared<const layout>(std::vector<aggregate>{}));
  for (const auto& k : keys)
    store.append(k);
  return store;
}

/// Rows in the order that is asked for, by the plainest means.
std::vector<std::string> in_order(const std::vector<std::string>& keys, std::vector<std::uint32_t> of) {
  std::vector<std::string> sorted;
  for (const auto r : of)
    sorted.push_back(keys[r]);
  std::sort(sorted.begin(), sorted.end());
  return sorted;
}

}  // namespace

TEST_CASE("rows come in the order of their keys' bytes, however long, alike and many they are") {
  std::mt19937_64 random(5);
  const auto digits = [&](std::size_t n) {
    std::string s;
    while (s.size() < n)
      s.push_back(static_cast<char>('0' + random() % 10));
    return s;
  };
  const auto bytes = [&](std::size_t n) {
    std::string s;
    while (s.size() < n)
      s.push_back(static_cast<char>(random()));
    return s;
  };
  const std::vector<std::function<std::string()>> kinds{
      [&] { return "\x01user" + digits(5) + std::string(2, '\0'); },  // the compared part fits into 32 bits
      [&] { return "\x01user" + digits(3) + "/" + digits(9); },       // beyond eight bytes after the start
      [&] { return bytes(8); },                                       // all of 64 bits
      [&] { return bytes(random() % 12); },                           // some end early, one may be empty
      [&] { return "same" + std::string(random() % 3, '\0') + bytes(1); },  // zeros and ends look alike
      [&] { return "xxxxxxxxx" + std::string(1, static_cast<char>(random() & 0x81)); },
      [&] { return std::string("one"); },
  };
  for (const std::size_t n : {0, 1, 2, 3, 100, 1023, 1024, 1025, 30'000})
    for (std::size_t kind = 0; kind < kinds.size(); ++kind) {
      INFO(n << " keys of kind " << kind);
      std::vector<std::string> keys;
      for (std::size_t i = 0; i < n; ++i)
        keys.push_back(kinds[kind]());
      const auto store = store_of(keys);
      std::vector<std::uint32_t> of(n);
      std::iota(of.begin(), of.end(), 0U);
      std::shuffle(of.begin(), of.end(), random);
      of.resize(n - n / 10);
      const auto expected = in_order(keys, of);
      sort_by_key(store, of);
      std::vector<std::string> found;
      for (const auto r : of)
        found.push_back(keys[r]);
      REQUIRE(found == expected);
      std::sort(of.begin(), of.end());
      REQUIRE(std::adjacent_find(of.begin(), of.end()) == of.end());
    }
}

}  // namespace millrace::window
