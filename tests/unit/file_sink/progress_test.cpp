// The progress format: round trips of hostile values, size with many logs, every damage noticed.
#include "actors/stream/sink/sink.hpp"

#include <catch2/catch.hpp>

#include <random>

namespace millrace::sink {
namespace {

bool same(const progress& a, const progress& b) {
  return a.positions == b.positions && a.counters == b.counters && a.batch == b.batch;
}

progress shards(int n) {
  progress p;
  p.counters = std::string(60, '\x7f');
  p.batch = 123'456;
  for (int i = 0; i < n; ++i)
    p.positions["counts/1/" + std::to_string(i)] = {{1'619'000'000'000'000 + (i % 3) * 300'000'000, whole},
                                                    1'619'000'000'123'456};
  return p;
}

}  // namespace

TEST_CASE("Progress reads back as it was written, also at the ends of all ranges") {
  progress p;
  CHECK(same(decode_progress(encode_progress(p)).value(), p));
  p.counters = std::string("\0\xff opaque", 9);
  p.batch = std::numeric_limits<std::uint64_t>::max();
  p.positions[""] = {lowest_position, no_watermark};
  p.positions["a"] = {highest_position, end_of_time};
  p.positions["a/b"] = {{0, 0}, 0};
  p.positions["a/bc"] = {{-1, std::numeric_limits<std::int64_t>::min()}, end_of_time - 1};
  p.positions["a/bd"] = {{std::numeric_limits<std::int64_t>::min(), -1}, no_watermark + 1};
  p.positions["b\xc3\xa9"] = {{std::numeric_limits<std::int64_t>::max(), 1}, -1};
  CHECK(same(decode_progress(encode_progress(p)).value(), p));
}

TEST_CASE("Random progress reads back as it was written") {
  std::mt19937_64 random(7);
  const auto number = [&]() -> std::int64_t {
    switch (random() % 5) {
    case 0:
      return whole;
    case 1:
      return std::numeric_limits<std::int64_t>::min();
    case 2:
      return static_cast<std::int64_t>(random());
    case 3:
      return 1'619'000'000'000'000;
    default:
      return static_cast<std::int64_t>(random() % 100);
    }
  };
  for (int round = 0; round < 2000; ++round) {
    progress p;
    p.batch = random() % 1000;
    p.counters.assign(random() % 20, static_cast<char>(random()));
    for (auto n = random() % 20; n > 0; --n)
      p.positions[std::string(random() % 4, 'x') + std::to_string(random() % 50)] = {{number(), number()},
                                                                                     number()};
    REQUIRE(same(decode_progress(encode_progress(p)).value(), p));
  }
}

TEST_CASE("The progress of 200 shards stays below two kilobytes as base64") {
  const auto bytes = encode_progress(shards(200));
  CHECK(bytes.size() * 4 / 3 < 2000);
  CHECK(decode_progress(bytes).value().positions.size() == 200);
}

TEST_CASE("Progress that was cut off, changed in one bit or lengthened is refused") {
  const auto bytes = encode_progress(shards(5));
  for (std::size_t n = 0; n < bytes.size(); ++n)
    CHECK_FALSE(decode_progress(std::string_view(bytes).substr(0, n)));
  for (std::size_t i = 0; i < bytes.size() * 8; ++i) {
    auto damaged = bytes;
    damaged[i / 8] = static_cast<char>(damaged[i / 8] ^ (1 << i % 8));
    REQUIRE_FALSE(decode_progress(damaged));
  }
  CHECK_FALSE(decode_progress(bytes + '\0'));
}

TEST_CASE("Progress of another format version is refused with the way out") {
  auto bytes = encode_progress(shards(1));
  bytes[1] = 9;
  const auto refused = decode_progress(bytes);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == ec::unsupported);
  CHECK(refused.error().message.find("--fresh") != std::string::npos);
}

}  // namespace millrace::sink
