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
  case type_id::numeric:
    return order(c.decimals()[a], c.decimals()[b]);
  case type_id::bigint:
  case type_id::timestamp:
  case type_id::date:
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

TEST_CASE("equal numerics of different scales are one key, and order as numbers do") {
  const auto of = [](const std::string& text, const type& t = type_id::numeric) {
    decimal v;
    REQUIRE(read_decimal(text, v) == decimal_reading::ok);
    const auto fits = fitted(v, t);
    REQUIRE(fits);
    column_builder b(t);
    b.append_decimal(*fits);
    return key(*b.finish(), 0);
  };
  CHECK(of("1.5") == of("1.50"));
  CHECK(of("1.5") == of("1.5" + std::string(36, '0')));
  CHECK(of("1.5") == of("1.5", type::numeric_of(10, 2)));
  CHECK(of("100") == of("100.000"));
  CHECK(of("0") == of("0.000"));
  CHECK(of("1.5") != of("1.05"));
  CHECK(of("1") != of("-1"));
  const std::string least = "0." + std::string(37, '0') + "1";
  const std::string greatest(38, '9');
  const std::vector<std::string> ascending{
      "-" + greatest, "-1000", "-100.01",   "-100", "-99",  "-10",  "-9.99", "-1.5", "-1.05", "-1",
      "-0.1",         "-0.01", "-" + least, "0",    least,  "0.01", "0.099", "0.1",  "0.101", "1",
      "1.05",         "1.5",   "9.99",      "10",   "10.1", "99",   "100",   "1000", greatest};
  for (std::size_t i = 0; i < ascending.size(); ++i)
    for (std::size_t j = 0; j < ascending.size(); ++j) {
      INFO(ascending[i] << " and " << ascending[j]);
      CHECK((of(ascending[i]) < of(ascending[j])) == (i < j));
    }
}

TEST_CASE("a key of numeric(p,s) decodes to its scale, and one with other digits is corrupt") {
  column_builder from(type_id::numeric);
  for (const auto& v :
       {decimal(15, 1), decimal(1'005, 3), decimal(1'000, 0), decimal(-150, 2), decimal(0, 5)})
    from.append_decimal(v);
  const auto values = from.finish();
  const auto decoded = [&](std::size_t row, const type& t) -> std::string {
    const auto bytes = key(*values, row);
    std::string_view in = bytes;
    column_builder out(t);
    if (const auto done = decode_key(in, out); !done)
      return done.error().code == ec::corrupt ? "corrupt" : "other";
    std::string text;
    append_decimal(text, out.finish()->decimals()[0]);
    return text;
  };
  const auto money = type::numeric_of(5, 2);
  CHECK(decoded(0, money) == "1.50");
  CHECK(decoded(0, type_id::numeric) == "1.5");
  CHECK(decoded(1, money) == "corrupt");
  CHECK(decoded(1, type_id::numeric) == "1.005");
  CHECK(decoded(2, money) == "corrupt");  // 1000.00 has six digits
  CHECK(decoded(2, type::numeric_of(6, 2)) == "1000.00");
  CHECK(decoded(3, money) == "-1.50");
  CHECK(decoded(4, money) == "0.00");
  CHECK(decoded(4, type_id::numeric) == "0");
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
      REQUIRE(skip_key(skipped, t) == good);
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
      REQUIRE(are_keys(bytes, ends, t));
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
        each = each && skip_key(part, t) && part.empty();
        begin = end;
      }
      REQUIRE(are_keys(bytes, ends, t) == (each && begin == bytes.size()));
      taken += each ? 1 : 0;
    }
  }
  CHECK(taken > 500);
  CHECK_FALSE(are_keys({}, std::vector<std::uint32_t>{~0U, 0}, type_id::text));
}

TEST_CASE("the key of a numeric is part of the disk format and never changes") {
  const auto bytes = [](const decimal& v) {
    column_builder b(type_id::numeric);
    b.append_decimal(v);
    return key(*b.finish(), 0);
  };
  using namespace std::literals;
  CHECK(bytes({0, 2}) == "\x01\x80"s);
  CHECK(bytes({15, 1}) == "\x01\xc1\x02\x33\x00"s);          // 0.0150 * 100
  CHECK(bytes({12'345, 2}) == "\x01\xc2\x02\x18\x2e\x00"s);  // 0.012345 * 100^2
  CHECK(bytes({-15, 1}) == "\x01\x3e\xfd\xcc\xff"s);
  CHECK(bytes({1, 3}) == "\x01\xbf\x0b\x00"s);  // 0.10 * 100^-1
  for (const std::string_view bad :
       {"\x01\xc1"sv, "\x01\xc1\x02"sv, "\x01\xc1\x00"sv, "\x01\xc1\x01\x02\x00"sv, "\x01\xc1\x02\x01\x00"sv,
        "\x01\xc1\x66\x00"sv, "\x01\xff\x02\x00"sv, "\x01\x81\x02\x00"sv}) {
    std::string_view in = bad;
    column_builder out(type_id::numeric);
    CHECK_FALSE(decode_key(in, out));
    in = bad;
    CHECK_FALSE(skip_key(in, type_id::numeric));
  }
}

TEST_CASE("the hash of a key is part of the disk format and never changes") {
  CHECK(hash_key("") == 0x2d06800538d394c2);
  column_builder b(type_id::text);
  b.append_text("user1");
  CHECK(hash_key(key(*b.finish(), 0)) == 0x6428902531033f4b);
}
