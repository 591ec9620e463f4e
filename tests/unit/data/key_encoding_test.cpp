#include "runtime/data/key_encoding.hpp"
#include "tests/unit/data/data_fixture.hpp"

#include <catch2/catch.hpp>

using namespace millrace;
using namespace millrace::data;

namespace {

/// PostgreSQL's order of two values, nulls last; NaN equals itself and is greatest.
int compare(const column& c, std::size_t a, std::size_t b) {
  if (c.is_null(a) || c.is_null(b))
    return static_cast<int>(c.is_null(a)) - static_cast<int>(c.is_null(b));
  const auto order = [](const auto& x, const auto& y) { return x < y ? -1 : y < x ? 1 : 0; };
  switch (c.type().id()) {
  case type_id::boolean:
    return order(c.boolean_at(a), c.boolean_at(b));
  case type_id::float64: {
    const double x = c.doubles()[a], y = c.doubles()[b];
    if (std::isnan(x) || std::isnan(y))
      return static_cast<int>(std::isnan(x)) - static_cast<int>(std::isnan(y));
    return order(x, y);
  }
  case type_id::bigint:
  case type_id::timestamp:
    return order(c.ints()[a], c.ints()[b]);
  default:
    return order(c.text_at(a), c.text_at(b));  // char_traits compares as unsigned bytes
  }
}

std::string key(const column& c, std::size_t row) {
  std::string out;
  append_key(out, c, row);
  return out;
}

}  // namespace

TEST_CASE("encoded keys compare as their values do, nulls last") {
  random_columns random(3);
  for (const auto& t : scalar_types()) {
    INFO(t.name());
    column_builder b(t);
    for (int i = 0; i < 300; ++i)
      random.append(b);
    const auto c = b.finish();
    for (std::size_t i = 0; i < c->size(); ++i)
      for (std::size_t j = 0; j < c->size(); ++j) {
        const int encoded = key(*c, i).compare(key(*c, j));
        REQUIRE((encoded > 0) - (encoded < 0) == compare(*c, i, j));
      }
  }
}

TEST_CASE("several columns are compared from left to right") {
  random_columns random(4);
  column_builder first(type_id::text), second(type_id::bigint);
  for (int i = 0; i < 300; ++i) {
    random.append(first);
    random.append(second);
  }
  const auto a = first.finish(), b = second.finish();
  for (std::size_t i = 0; i < 300; ++i)
    for (std::size_t j = 0; j < 300; ++j) {
      const auto encoded = (key(*a, i) + key(*b, i)).compare(key(*a, j) + key(*b, j));
      const auto left = compare(*a, i, j);
      REQUIRE((encoded > 0) - (encoded < 0) == (left != 0 ? left : compare(*b, i, j)));
    }
}

TEST_CASE("keys decode to the values they came from") {
  random_columns random(5);
  for (const auto& t : scalar_types()) {
    column_builder b(t), back(t);
    for (int i = 0; i < 300; ++i)
      random.append(b);
    const auto c = b.finish();
    std::string encoded;
    for (std::size_t i = 0; i < c->size(); ++i)
      append_key(encoded, *c, i);
    std::string_view in = encoded;
    for (std::size_t i = 0; i < c->size(); ++i)
      REQUIRE(decode_key(in, back));
    CHECK(in.empty());
    const auto d = back.finish();
    for (std::size_t i = 0; i < c->size(); ++i) {
      REQUIRE(d->is_null(i) == c->is_null(i));
      REQUIRE(key(*d, i) == key(*c, i));
    }
  }
}

TEST_CASE("damaged keys are refused") {
  for (const auto& t : scalar_types()) {
    INFO(t.name());
    column_builder out(t);
    for (const std::string_view bad : {"", "\x03", "\x01"}) {
      std::string_view in = bad;
      const auto done = decode_key(in, out);
      REQUIRE_FALSE(done);
      CHECK(done.error().code == ec::corrupt);
    }
  }
  column_builder text(type_id::text);
  for (const auto& bad : {std::string("\x01"
                                      "abc"),
                          std::string("\x01"
                                      "abc\0",
                                      5),
                          std::string("\x01"
                                      "a\0\x02",
                                      4)}) {
    std::string_view in = bad;
    CHECK_FALSE(decode_key(in, text));
  }
  column_builder number(type_id::bigint);
  std::string_view seven("\x01"
                         "1234567",
                         8);
  CHECK_FALSE(decode_key(seven, number));
}

TEST_CASE("a key is skipped exactly where it decodes, whole or damaged") {
  random_columns random(6);
  for (const auto& t : scalar_types()) {
    INFO(t.name());
    column_builder b(t), out(t);
    for (int i = 0; i < 300; ++i)
      random.append(b);
    const auto c = b.finish();
    for (std::size_t i = 0; i < c->size(); ++i) {
      auto bytes = key(*c, i) + "\x01rest";
      if (random.chance(2))
        bytes[random.number() % bytes.size()] = static_cast<char>(random.number() % 3);
      if (random.chance(2))
        bytes.resize(random.number() % (bytes.size() + 1));
      std::string_view decoded = bytes, skipped = bytes;
      const bool good = decode_key(decoded, out).has_value();
      REQUIRE(skip_key(skipped, t.id()) == good);
      if (good)
        REQUIRE(skipped == decoded);
    }
  }
}

TEST_CASE("keys one behind the other are taken exactly where each of them is one") {
  random_columns random(7);
  std::size_t taken = 0;
  for (const auto& t : scalar_types()) {
    INFO(t.name());
    for (int round = 0; round < 400; ++round) {
      column_builder b(t);
      for (auto n = random.number() % 40; n > 0; --n)
        random.append(b);
      const auto c = b.finish();
      std::string bytes;
      std::vector<std::uint32_t> ends;
      for (std::size_t i = 0; i < c->size(); ++i) {
        append_key(bytes, *c, i);
        ends.push_back(static_cast<std::uint32_t>(bytes.size()));
      }
      REQUIRE(are_keys(bytes, ends, t.id()));
      if (!bytes.empty() && random.chance(2))
        bytes[random.number() % bytes.size()] = static_cast<char>(random.number() % 3);
      if (!ends.empty() && random.chance(3))
        ends[random.number() % ends.size()] += static_cast<std::uint32_t>(random.number() % 3) - 1;
      if (random.chance(4))
        bytes.resize(random.number() % (bytes.size() + 1));
      bool each = true;
      std::size_t begin = 0;
      for (const auto end : ends) {
        each = each && end >= begin && end <= bytes.size();
        auto part = each ? std::string_view(bytes).substr(begin, end - begin) : std::string_view();
        each = each && skip_key(part, t.id()) && part.empty();
        begin = end;
      }
      REQUIRE(are_keys(bytes, ends, t.id()) == (each && begin == bytes.size()));
      taken += each ? 1 : 0;
    }
  }
  CHECK(taken > 500);
  CHECK_FALSE(are_keys({}, std::vector<std::uint32_t>{~0U, 0}, type_id::text));
}

TEST_CASE("the hash of a key is part of the disk format and never changes") {
  CHECK(hash_key("") == 0x2d06800538d394c2);
  column_builder b(type_id::text);
  b.append_text("user1");
  CHECK(hash_key(key(*b.finish(), 0)) == 0x6428902531033f4b);
}
