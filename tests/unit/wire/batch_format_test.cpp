#include "runtime/base/earlier_format.hpp"
#include "runtime/wire/batch_format.hpp"
#include "tests/support/golden_file.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <cmath>
#include <random>

using namespace millrace;
using namespace millrace::wire;
using data::column_builder;
using data::column_ptr;
using data::type;
using data::type_id;

namespace {

using random_source = std::mt19937_64;

std::size_t below(random_source& random, std::size_t n) { return random() % n; }

type random_type(random_source& random, int depth) {
  if (below(random, 7) == 0) {
    const auto precision = static_cast<int>(below(random, most_decimal_digits + 1));
    return precision == 0 ? type(type_id::numeric)
                          : type::numeric_of(precision, static_cast<int>(below(random, precision + 1)));
  }
  const auto id = type_id{static_cast<std::uint8_t>(below(random, depth > 0 ? 8 : 6))};
  if (id == type_id::list)
    return type::list_of(random_type(random, depth - 1));
  if (id != type_id::object)
    return type(id);
  std::vector<data::field> members;
  for (auto n = below(random, 4); n > 0; --n)
    members.push_back({"member " + std::to_string(n), random_type(random, depth - 1)});
  return type::object_of(std::move(members));
}

std::string random_text(random_source& random) {
  std::string text;
  for (auto n = below(random, 12); n > 0; --n)
    text.push_back(static_cast<char>(random()));
  return text;
}

decimal random_decimal(random_source& random, const type& t) {
  const auto any = t.precision() == 0;
  const auto most = power_of_ten(below(random, 4) == 0 ? 1 : any ? most_decimal_digits : t.precision());
  const auto units =
      static_cast<__int128>((static_cast<unsigned __int128>(random()) << 64 | random()) % most);
  return {random() & 1 ? -units : units,
          any ? static_cast<int>(below(random, most_decimal_digits + 1)) : t.scale()};
}

void append_random(random_source& random, column_builder& out, unsigned nulls_in_8) {
  if (below(random, 8) < nulls_in_8)
    return out.append_null();
  constexpr double odd_doubles[] = {0.0, -0.0, 1e308, -5e-324, 0.1, HUGE_VAL};
  switch (out.type().id()) {
  case type_id::boolean:
    return out.append_boolean(random() & 1);
  case type_id::bigint:
  case type_id::timestamp:
  case type_id::date:
    return out.append_int(static_cast<std::int64_t>(random()));
  case type_id::float64:
    return out.append_double(odd_doubles[below(random, 6)]);
  case type_id::numeric:
    return out.append_decimal(random_decimal(random, out.type()));
  case type_id::text:
  case type_id::json:
    return out.append_text(random_text(random));
  case type_id::object:
    for (std::size_t i = 0; i < out.type().fields().size(); ++i)
      append_random(random, out.child(i), nulls_in_8);
    return out.append_object();
  case type_id::list:
    for (auto n = below(random, 4); n > 0; --n)
      append_random(random, out.child(0), nulls_in_8);
    return out.append_list();
  }
}

data::batch random_batch(random_source& random) {
  std::vector<data::field> fields;
  for (auto n = below(random, 6); n > 0; --n)
    fields.push_back({n == 3 ? "" : "column " + std::to_string(n), random_type(random, 3)});
  data::batch b{std::make_shared<const data::schema>(fields), {}, below(random, 40)};
  for (const auto& f : fields) {
    if (below(random, 6) == 0) {
      b.columns.emplace_back();
      continue;
    }
    column_builder out(f.type);
    const auto nulls = static_cast<unsigned>(below(random, 4) == 0 ? 8 : below(random, 3));
    for (std::size_t i = 0; i < b.rows; ++i)
      append_random(random, out, nulls);
    b.columns.push_back(out.finish());
  }
  return b;
}

bool same(const data::column& a, const data::column& b) {
  if (!(a.type() == b.type()) || a.size() != b.size() || a.null_count() != b.null_count() ||
      a.validity() != b.validity() || a.bits() != b.bits() || a.bytes() != b.bytes() ||
      !std::ranges::equal(a.offsets(), b.offsets()) || a.children().size() != b.children().size())
    return false;
  const auto id = a.type().id();
  if (a.type().is_int() && !std::ranges::equal(a.ints(), b.ints()))
    return false;
  if (id == type_id::numeric)
    for (std::size_t i = 0; i < a.size(); ++i)
      if (a.decimals()[i] != b.decimals()[i] || a.decimals()[i].scale() != b.decimals()[i].scale())
        return false;
  if (id == type_id::float64)
    for (std::size_t i = 0; i < a.size(); ++i)
      if (std::bit_cast<std::uint64_t>(a.doubles()[i]) != std::bit_cast<std::uint64_t>(b.doubles()[i]))
        return false;
  for (std::size_t i = 0; i < a.children().size(); ++i)
    if (!same(*a.children()[i], *b.children()[i]))
      return false;
  return true;
}

bool same(const data::batch& a, const data::batch& b) {
  if (!(*a.schema == *b.schema) || a.rows != b.rows || a.columns.size() != b.columns.size())
    return false;
  for (std::size_t i = 0; i < a.columns.size(); ++i)
    if (!a.columns[i] != !b.columns[i] || (a.columns[i] && !same(*a.columns[i], *b.columns[i])))
      return false;
  return true;
}

std::string encoded(const data::batch& b) {
  writer out;
  encode_batch(out, b);
  return out.take();
}

expected<data::batch> decoded(std::string_view bytes) {
  // A heap block of just this size, so that a sanitizer sees any read beyond it.
  const std::vector<char> exact(bytes.begin(), bytes.end());
  reader in(std::string_view(exact.data(), exact.size()));
  return decode_batch(in);
}

/// Touches every value, as a reader of a damaged but accepted batch would.
std::size_t walk(const data::column& c) {
  std::size_t sum = c.null_count();
  for (std::size_t i = 0; i < c.size() && i < 100'000; ++i) {
    sum += c.is_null(i);
    if (c.type().is_bytes())
      for (const char byte : c.text_at(i))
        sum += static_cast<unsigned char>(byte);
    else if (c.type().id() == type_id::boolean)
      sum += c.boolean_at(i);
    else if (c.type().is_int())
      sum += static_cast<std::size_t>(c.ints()[i]);
    else if (c.type().id() == type_id::numeric && !c.is_null(i))
      REQUIRE((fits_decimal(c.decimals()[i].units()) && data::fitted(c.decimals()[i], c.type()) &&
               (c.type().precision() == 0 || c.decimals()[i].scale() == c.type().scale())));
    else if (c.type().id() == type_id::list)
      REQUIRE(static_cast<std::size_t>(c.offsets()[i + 1]) <= c.children()[0]->size());
  }
  for (const auto& child : c.children())
    sum += walk(*child);
  return sum;
}

data::batch golden_batch() {
  const auto place = type::object_of({{"lat", type_id::float64}, {"tags", type::list_of(type_id::text)}});
  data::batch b{std::make_shared<const data::schema>(std::vector<data::field>{{"ok", type_id::boolean},
                                                                              {"n", type_id::bigint},
                                                                              {"away", type_id::text},
                                                                              {"at", type_id::timestamp},
                                                                              {"raw", type_id::json},
                                                                              {"place", place}}),
                {},
                3};
  column_builder ok(type_id::boolean), n(type_id::bigint), at(type_id::timestamp), raw(type_id::json),
      p(place);
  ok.append_boolean(true);
  ok.append_null();
  ok.append_boolean(false);
  for (const std::int64_t v : {1, -1, 300})
    n.append_int(v);
  for (int i = 0; i < 3; ++i)
    at.append_int(1'541'016'707'796'000 + i);
  raw.append_text("{}");
  raw.append_text("");
  raw.append_null();
  p.child(0).append_double(0.5);
  p.child(1).child(0).append_text("a");
  p.child(1).child(0).append_text("bc");
  p.child(1).append_list();
  p.append_object();
  p.append_null();
  p.child(0).append_null();
  p.child(1).append_list();
  p.append_object();
  b.columns = {ok.finish(), n.finish(), nullptr, at.finish(), raw.finish(), p.finish()};
  return b;
}

data::batch golden_batch_of_empty_objects() {
  const auto empty = type::object_of({});
  const auto list = type::list_of(empty);
  column_builder plain(empty), some(empty), lists(list);
  for (int i = 0; i < 3; ++i) {
    plain.append_object();
    i == 1 ? some.append_null() : some.append_object();
    lists.child(0).append_object();
    lists.append_list();
  }
  return {std::make_shared<const data::schema>(
              std::vector<data::field>{{"plain", empty}, {"some", empty}, {"lists", list}}),
          {plain.finish(), some.finish(), lists.finish()},
          3};
}

}  // namespace

TEST_CASE("a batch of any types comes back as it was") {
  for (std::uint64_t seed = 0; seed < 3000; ++seed) {
    INFO("seed " << seed);
    random_source random(seed);
    const auto b = random_batch(random);
    const auto bytes = encoded(b);
    reader in(bytes);
    const auto back = decode_batch(in);
    REQUIRE(back.has_value());
    REQUIRE(in.at_end());
    REQUIRE(same(b, *back));
    REQUIRE(encoded(*back) == bytes);
  }
}

TEST_CASE("a batch leaves what follows it to the next reader") {
  writer out;
  encode_batch(out, golden_batch());
  encode_batch(out, golden_batch());
  reader in(out.bytes());
  REQUIRE(decode_batch(in));
  REQUIRE(decode_batch(in));
  REQUIRE(in.at_end());
}

TEST_CASE("a batch cut off at any byte is corrupt") {
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    random_source random(seed);
    const auto bytes = encoded(random_batch(random));
    for (std::size_t n = 0; n < bytes.size(); ++n) {
      INFO("seed " << seed << ", cut at " << n << " of " << bytes.size());
      const auto back = decoded(std::string_view(bytes).substr(0, n));
      REQUIRE(!back.has_value());
      REQUIRE(back.error().code == ec::corrupt);
    }
  }
}

TEST_CASE("a batch with damaged bytes is refused or safe to read") {
  for (std::uint64_t seed = 0; seed < 6000; ++seed) {
    INFO("seed " << seed);
    random_source random(seed);
    auto bytes = encoded(random_batch(random));
    for (auto n = 1 + below(random, 3); n > 0; --n)
      bytes[below(random, bytes.size())] = static_cast<char>(random());
    if (const auto back = decoded(bytes)) {
      for (const auto& c : back->columns)
        if (c)
          walk(*c);
      REQUIRE(decoded(encoded(*back)).has_value());
    }
  }
}

TEST_CASE("bytes at random never pass for more than they hold") {
  for (std::uint64_t seed = 0; seed < 6000; ++seed) {
    random_source random(seed);
    std::string bytes = "\x01";
    for (auto n = below(random, 60); n > 0; --n)
      bytes.push_back(static_cast<char>(below(random, 2) ? random() : below(random, 9)));
    if (const auto back = decoded(bytes))
      for (const auto& c : back->columns)
        if (c)
          walk(*c);
  }
}

TEST_CASE("impossible counts are refused before memory is asked for") {
  writer columns;
  columns.fixed(std::uint8_t{2});
  columns.varint(1ULL << 60);
  REQUIRE(decoded(columns.bytes()).error().code == ec::corrupt);
  writer rows;
  rows.fixed(std::uint8_t{2});
  rows.varint(1);
  rows.string("n");
  rows.fixed(static_cast<std::uint8_t>(type_id::bigint));
  for (const auto n : {1ULL << 31, 1ULL << 61, ~0ULL, (1ULL << 31) - 1}) {
    writer out;
    out.raw(rows.bytes());
    out.varint(n);
    out.fixed(std::uint8_t{1});
    REQUIRE(decoded(out.bytes()).error().code == ec::corrupt);
  }
}

TEST_CASE("many objects without members cost their bytes, and come back") {
  const type empty = type::object_of({});
  for (const std::size_t n : {0UL, 1UL, 7UL, 8UL, 9UL, 2 * max_unbacked + 3}) {
    INFO(n << " rows");
    column_builder plain(empty), some(empty), list(type::list_of(empty));
    for (std::size_t i = 0; i < n; ++i) {
      plain.append_object();
      i % 3 == 0 ? some.append_null() : some.append_object();
      list.child(0).append_object();
    }
    list.append_list();
    const data::batch rows{
        std::make_shared<const data::schema>(std::vector<data::field>{{"plain", empty}, {"some", empty}}),
        {plain.finish(), some.finish()},
        n};
    const data::batch elements{
        std::make_shared<const data::schema>(std::vector<data::field>{{"list", type::list_of(empty)}}),
        {list.finish()},
        1};
    for (const auto& b : {rows, elements}) {
      const auto bytes = encoded(b);
      REQUIRE(bytes.size() >= n / 8);
      const auto back = decoded(bytes);
      REQUIRE(back.has_value());
      REQUIRE(same(b, *back));
      REQUIRE(encoded(*back) == bytes);
    }
  }
}

TEST_CASE("a few bytes do not pass for many rows") {
  // Columns "": of empty objects; projected away; none at all.
  const auto batch = [](std::string_view columns, std::uint64_t rows, std::string_view rest) {
    writer out;
    out.fixed(std::uint8_t{2});
    out.raw(columns);
    out.varint(rows);
    out.raw(rest);
    return decoded(out.bytes());
  };
  using namespace std::string_view_literals;
  for (const std::uint64_t n : {std::uint64_t{max_unbacked}, std::uint64_t{max_unbacked} + 1, 1UL << 28}) {
    INFO(n << " rows");
    const bool few = n <= max_unbacked;
    REQUIRE(batch("\1\0\6\0"sv, n, "\0"sv).has_value() == few);
    REQUIRE(batch("\0"sv, n, ""sv).has_value() == few);
    // Each object has a bit.
    REQUIRE(batch("\1\0\6\0"sv, n, "\1"sv).error().code == ec::corrupt);
    REQUIRE(batch("\1\0\6\0"sv, n, "\2\xff"sv).error().code == ec::corrupt);
  }
}

TEST_CASE("types may nest up to the bound and no deeper") {
  for (const int depth : {max_type_depth, max_type_depth + 1, 1'000'000}) {
    std::string bytes(static_cast<std::size_t>(depth - 1), static_cast<char>(type_id::list));
    bytes.push_back(static_cast<char>(type_id::text));
    reader in(bytes);
    const auto t = decode_type(in);
    REQUIRE(t.has_value() == (depth == max_type_depth));
    if (!t)
      REQUIRE(t.error().code == ec::corrupt);
  }
}

TEST_CASE("a type comes back as it was") {
  for (std::uint64_t seed = 0; seed < 500; ++seed) {
    random_source random(seed);
    const auto t = random_type(random, 5);
    writer out;
    encode_type(out, t);
    reader in(out.bytes());
    const auto back = decode_type(in);
    REQUIRE(back.has_value());
    REQUIRE(*back == t);
    REQUIRE(in.at_end());
  }
}

TEST_CASE("a value that is none of its numeric is corrupt") {
  const auto batch_of = [](const type& t, const std::vector<std::optional<decimal>>& values) {
    column_builder c(t);
    for (const auto& v : values)
      v ? c.append_decimal(*v) : c.append_null();
    return data::batch{std::make_shared<const data::schema>(std::vector<data::field>{{"n", t}}),
                       {c.finish()},
                       values.size()};
  };
  const auto money = type::numeric_of(10, 2);
  const auto bytes = encoded(batch_of(money, {decimal(150, 2), decimal(-1, 2)}));
  constexpr std::size_t head = 9;  // version, 1 column, "n", type, precision, scale, rows, presence
  REQUIRE(bytes.size() == head + 2 * (16 + 1));
  REQUIRE(decoded(bytes).has_value());
  const auto with = [&](std::size_t at, char byte) {
    auto changed = bytes;
    changed[at] = byte;
    return decoded(changed);
  };
  REQUIRE(with(head, 'a').has_value());
  REQUIRE(with(head + 8, 1).error().code == ec::corrupt);        // 2^64 hundredths have more than 10 digits
  REQUIRE(with(head + 2 * 16, 3).error().code == ec::corrupt);   // another scale than the column's
  REQUIRE(with(head + 15, '\x80').error().code == ec::corrupt);  // less than -10^38
  REQUIRE(with(head - 4, 39).error().code == ec::corrupt);       // precision
  REQUIRE(with(head - 3, 11).error().code == ec::corrupt);       // a scale beyond it
  for (const int scale : {0, 1, 2, 38})
    REQUIRE(decoded(encoded(batch_of(money, {decimal(0, scale), std::nullopt}))).has_value() == (scale == 2));
  auto any = encoded(batch_of(type_id::numeric, {decimal(150, 2), std::nullopt}));
  REQUIRE(decoded(any).has_value());
  any.back() = 1;  // a null has scale 0
  REQUIRE(decoded(any).error().code == ec::corrupt);
  any[any.size() - 2] = most_decimal_digits + 1;
  any.back() = 0;
  REQUIRE(decoded(any).error().code == ec::corrupt);
  any[any.size() - 2] = most_decimal_digits;
  REQUIRE(decoded(any).has_value());
}

TEST_CASE("offsets that go back, start late or leave their bytes are corrupt") {
  column_builder text(type_id::text);
  text.append_text("ab");
  text.append_text("cd");
  const data::batch b{std::make_shared<const data::schema>(std::vector<data::field>{{"t", type_id::text}}),
                      {text.finish()},
                      2};
  const auto bytes = encoded(b);
  REQUIRE(bytes.size() == 7 + 12 + 4);  // version, 1 column, "t", type, rows, presence; offsets; bytes
  const auto with_offset = [&](std::size_t i, std::int32_t v) {
    auto changed = bytes;
    std::memcpy(changed.data() + 7 + 4 * i, &v, 4);
    return decoded(changed);
  };
  REQUIRE(with_offset(1, 2).has_value());
  REQUIRE(with_offset(0, 1).error().code == ec::corrupt);
  REQUIRE(with_offset(0, -1).error().code == ec::corrupt);
  REQUIRE(with_offset(1, 5).error().code == ec::corrupt);
  REQUIRE(with_offset(2, 5).error().code == ec::corrupt);
  REQUIRE(with_offset(2, -1).error().code == ec::corrupt);
}

TEST_CASE("a batch of a later format is refused as unsupported") {
  auto bytes = encoded(golden_batch());
  bytes[0] = 3;
  REQUIRE(decoded(bytes).error().code == ec::unsupported);
}

TEST_CASE("the batch format is the golden files', byte for byte") {
  const auto like = [](const char* path, const data::batch& b) {
    const auto bytes = encoded(b);
    millrace::test::check_golden(path, bytes);
    const auto back = decoded(bytes);
    REQUIRE(back.has_value());
    REQUIRE(same(*back, b));
  };
  like("tests/unit/wire/golden/batch_2.bin", golden_batch());
  like("tests/unit/wire/golden/batch_2_empty_objects.bin", golden_batch_of_empty_objects());
}

TEST_CASE("a batch of the earlier format is refused by name") {
  const auto back = decoded(std::string_view("\1\1\1e\6\0\3\1", 8));
  REQUIRE_FALSE(back);
  CHECK(back.error().code == ec::unsupported);
  CHECK(back.error().message.find(build_of_earlier_formats) != std::string::npos);
}
