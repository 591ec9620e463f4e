#include "runtime/link/hello.hpp"
#include "tests/support/golden_file.hpp"

#include <catch2/catch.hpp>

using namespace millrace;
using namespace millrace::link;

namespace {

hello full() {
  return {"production",
          "node-b",
          {7, 3},
          link_end{5, 9},
          {1, 4},
          {{"clicks", 12}, {"game", 1}},
          1'700'000'000'000'000,
          "0123456789ABCDEF#4711"};
}

}  // namespace

TEST_CASE("a hello comes back as it was, with and without what may be missing") {
  auto h = full();
  CHECK(decode_hello(encode_hello(h)) == h);
  h.answers.reset();
  h.plans.clear();
  h.clock = std::numeric_limits<event_micros>::min();
  CHECK(decode_hello(encode_hello(h)) == h);
}

TEST_CASE("the format of hellos is the golden file's, byte for byte") {
  millrace::test::check_golden("tests/unit/link/golden/hello_1.bin", encode_hello(full()));
}

TEST_CASE("a hello that is cut off anywhere, or has more behind it, is refused") {
  const auto bytes = encode_hello(full());
  for (std::size_t n = 0; n < bytes.size(); ++n)
    CHECK_FALSE(decode_hello(bytes.substr(0, n)).has_value());
  const auto longer = decode_hello(bytes + "x");
  REQUIRE_FALSE(longer.has_value());
  CHECK(longer.error().code == ec::corrupt);
}

TEST_CASE("a hello of a later format is read as far as this one goes; one of format 0 is refused") {
  auto bytes = encode_hello(full());
  bytes[5] = 2;  // after u8 what and u32 magic
  CHECK(decode_hello(bytes + "members of format 2") == full());
  bytes[5] = 0;
  CHECK_FALSE(decode_hello(bytes).has_value());
}

TEST_CASE("bytes that are no hello are refused") {
  auto bytes = encode_hello(full());
  bytes[0] = 1;
  CHECK_FALSE(decode_hello(bytes).has_value());
  bytes[0] = 0;
  bytes[1] ^= 1;
  CHECK_FALSE(decode_hello(bytes).has_value());
  CHECK_FALSE(decode_hello(std::string(longest_hello + 1, '\0')).has_value());
}

TEST_CASE("names of a hello are there and bounded, versions in order, plans not too many") {
  const auto refused = [](auto change) {
    auto h = full();
    change(h);
    return !is_well_formed(h) && !decode_hello(encode_hello(h)).has_value();
  };
  CHECK(is_well_formed(full()));
  CHECK(refused([](hello& h) { h.cluster.clear(); }));
  CHECK(refused([](hello& h) { h.node = std::string(longest_name + 1, 'n'); }));
  CHECK(refused([](hello& h) { h.caf_node.clear(); }));
  CHECK(refused([](hello& h) { h.me.node = 0; }));
  CHECK(refused([](hello& h) { h.wire = {3, 2}; }));
  CHECK(refused([](hello& h) { h.plans[1].topology.clear(); }));
  CHECK(refused([](hello& h) { h.plans.resize(most_plans + 1, {"t", 1}); }));
  auto longest = full();
  longest.cluster = longest.node = longest.caf_node = std::string(longest_name, 'n');
  longest.plans.assign(most_plans,
                       {std::string(longest_name, 't'), std::numeric_limits<std::uint64_t>::max()});
  CHECK(decode_hello(encode_hello(longest)) == longest);
}
