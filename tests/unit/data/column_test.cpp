#include "runtime/data/render.hpp"
#include "tests/unit/data/data_fixture.hpp"

#include <catch2/catch.hpp>

#include <functional>
#include <random>

using namespace millrace;
using namespace millrace::data;

namespace {

std::string shown(const column& c, std::size_t row) {
  std::string out;
  append_json_value(out, c, row);
  return out;
}

std::vector<std::string> shown(const column& c) {
  std::vector<std::string> out;
  for (std::size_t i = 0; i < c.size(); ++i)
    out.push_back(shown(c, i));
  return out;
}

}  // namespace

TEST_CASE("a column without nulls has no validity bitmap") {
  column_builder b(type_id::bigint);
  for (int i = 0; i < 20; ++i)
    b.append_int(i);
  const auto c = b.finish();
  CHECK(c->validity().empty());
  CHECK(c->null_count() == 0);
  CHECK_FALSE(c->is_null(19));
  CHECK(c->ints()[19] == 19);
}

TEST_CASE("nulls are told apart wherever the first one comes") {
  for (std::size_t first = 0; first < 20; ++first) {
    column_builder b(type_id::text);
    for (std::size_t i = 0; i < 40; ++i) {
      if (i == first || (i > first && i % 3 == 0))
        b.append_null();
      else
        b.append_text(std::to_string(i));
    }
    const auto c = b.finish();
    CHECK(c->validity().size() == 5);
    for (std::size_t i = 0; i < 40; ++i) {
      const bool null = i == first || (i > first && i % 3 == 0);
      REQUIRE(c->is_null(i) == null);
      REQUIRE(c->text_at(i) == (null ? "" : std::to_string(i)));
    }
  }
}

TEST_CASE("a null is not the empty text, and the value of a null is zero") {
  column_builder text(type_id::text);
  text.append_text("");
  text.append_null();
  const auto c = text.finish();
  CHECK_FALSE(c->is_null(0));
  CHECK(c->is_null(1));
  column_builder number(type_id::timestamp);
  number.append_null();
  CHECK(number.finish()->ints()[0] == 0);
}

TEST_CASE("a builder is empty after finish and can be used again") {
  for (const auto& t : all_types()) {
    random_columns random(1);
    column_builder b(t);
    std::vector<std::vector<std::string>> rounds;
    for (int round = 0; round < 3; ++round) {
      CHECK(b.size() == 0);
      for (int i = 0; i < 50; ++i)
        random.append(b);
      const auto c = b.finish();
      CHECK(c->size() == 50);
      CHECK(c->type() == t);
      rounds.push_back(shown(*c));
    }
    CHECK(rounds[0] != rounds[1]);
  }
}

TEST_CASE("taking rows keeps their values, in any order and repeated") {
  random_columns random(7);
  for (const auto& t : all_types()) {
    INFO(t.name());
    column_builder b(t);
    for (int i = 0; i < 100; ++i)
      random.append(b);
    const auto all = b.finish();
    std::vector<std::uint32_t> rows;
    for (int i = 0; i < 150; ++i)
      rows.push_back(static_cast<std::uint32_t>(random.number() % 100));
    const auto some = take(*all, rows);
    REQUIRE(some->size() == rows.size());
    for (std::size_t i = 0; i < rows.size(); ++i) {
      REQUIRE(some->is_null(i) == all->is_null(rows[i]));
      REQUIRE(shown(*some, i) == shown(*all, rows[i]));
    }
    CHECK(take(*all, {})->size() == 0);
  }
}

TEST_CASE("a range of rows behind others is what appending them one by one gives") {
  random_columns random(11);
  for (const auto& t : all_types()) {
    INFO(t.name());
    for (const bool with_nulls : {false, true}) {
      column_builder b(t);
      while (b.size() < 60) {
        column_builder one(t);
        random.append(one);
        if (const auto c = one.finish(); with_nulls || c->null_count() == 0)
          b.append_from(*c, 0);
      }
      const auto all = b.finish();
      for (const auto& [from, to] : {std::pair(0, 60), {7, 7}, {13, 42}, {59, 60}}) {
        column_builder ranges(t), rows(t);
        for (auto* out : {&ranges, &rows})
          out->append_from(*all, 3);
        ranges.append_range(*all, static_cast<std::size_t>(from), static_cast<std::size_t>(to));
        for (auto i = from; i < to; ++i)
          rows.append_from(*all, static_cast<std::size_t>(i));
        random.append(ranges);  // later values still fit
        const auto got = ranges.finish();
        const auto wanted = shown(*rows.finish());
        REQUIRE(got->size() == wanted.size() + 1);
        for (std::size_t i = 0; i < wanted.size(); ++i)
          REQUIRE(shown(*got, i) == wanted[i]);
      }
    }
  }
}

TEST_CASE("a builder that is cut goes on as if what was cut had never come") {
  random_columns random(12);
  for (const auto& t : all_types()) {
    INFO(t.name());
    column_builder b(t);
    while (b.size() < 40)
      random.append(b);
    const auto all = b.finish();
    for (std::size_t first = 0; first < 20; ++first)  // nulls begin at different places
      for (std::size_t kept = 0; kept + first <= 20; ++kept) {
        column_builder once(t);
        column_builder cut(t);
        for (auto* out : {&once, &cut})
          out->append_range(*all, first, first + kept);
        cut.append_range(*all, first + kept, 25);
        if (t.is_nested())  // of a row that is not closed
          random.append(cut.child(0));
        cut.cut(kept);
        for (auto* out : {&once, &cut})
          out->append_range(*all, 25, 40);
        const auto wanted = once.finish();
        const auto got = cut.finish();
        REQUIRE(shown(*got) == shown(*wanted));
        CHECK(got->null_count() == wanted->null_count());
        CHECK(got->validity() == wanted->validity());
        CHECK(got->bits() == wanted->bits());
        CHECK(got->bytes() == wanted->bytes());
      }
  }
}

TEST_CASE("a number fits a numeric(p,s) that holds all its digits") {
  const auto money = type::numeric_of(5, 2);
  const auto shown_as = [](const decimal& v, const type& t) {
    std::string out;
    if (const auto fits = fitted(v, t))
      append_decimal(out, *fits);
    return out;
  };
  CHECK(shown_as({15, 1}, money) == "1.50");
  CHECK(shown_as({-99'999, 2}, money) == "-999.99");
  CHECK(shown_as({1'500, 3}, money) == "1.50");
  CHECK(shown_as({1'505, 3}, money).empty());
  CHECK(shown_as({1'000, 0}, money).empty());
  CHECK(shown_as({-1'000, 0}, money).empty());
  CHECK(shown_as({1'505, 3}, type_id::numeric) == "1.505");
  CHECK(shown_as({9, 0}, type::numeric_of(38, 38)).empty());
  CHECK(shown_as({0, 0}, type::numeric_of(38, 38)) == "0." + std::string(38, '0'));
}

TEST_CASE("lists keep empty and null apart") {
  column_builder b(type::list_of(type_id::bigint));
  b.append_list();
  b.append_null();
  b.child(0).append_int(1);
  b.child(0).append_null();
  b.append_list();
  CHECK(shown(*b.finish()) == std::vector<std::string>{"[]", "null", "[1,null]"});
}

TEST_CASE("null objects are in all columns of their members, whatever was appended and cut before") {
  const auto inner = type::object_of({{"t", type_id::text}, {"l", type::list_of(type_id::bigint)}});
  const auto outer = type::object_of({{"a", type_id::bigint}, {"b", type_id::boolean}, {"o", inner}});
  std::mt19937 chance(1);
  const auto one_in = [&](unsigned n) { return chance() % n == 0; };
  for (int round = 0; round < 200; ++round) {
    column_builder b(outer);
    std::vector<std::string> wanted;
    for (auto steps = chance() % 60; steps > 0; --steps) {
      if (one_in(8) && !wanted.empty()) {
        wanted.resize(chance() % (wanted.size() + 1));
        b.child(0).append_int(7);  // of a row that is not closed
        b.child(2).child(1).child(0).append_int(7);
        b.cut(wanted.size());
      } else if (one_in(2)) {
        const auto count = one_in(4) ? chance() % 20 : 1;
        b.append_nulls(count);
        wanted.insert(wanted.end(), count, "null");
      } else {
        const auto n = std::to_string(wanted.size());
        b.child(0).append_int(static_cast<std::int64_t>(wanted.size()));
        b.child(1).append_boolean(true);
        auto& o = b.child(2);
        if (one_in(2)) {
          o.append_null();
          wanted.push_back(R"({"a":)" + n + R"(,"b":true,"o":null})");
        } else {
          o.child(0).append_text(n);
          const bool is_null = one_in(2);
          if (is_null) {
            o.child(1).append_null();
          } else {
            o.child(1).child(0).append_int(1);
            o.child(1).append_list();
          }
          o.append_object();
          wanted.push_back(R"({"a":)" + n + R"(,"b":true,"o":{"t":")" + n + R"(","l":)" +
                           (is_null ? "null" : "[1]") + "}}");
        }
        b.append_object();
      }
    }
    const auto c = b.finish();
    REQUIRE(shown(*c) == wanted);
    for (const auto& member : c->children())
      REQUIRE(member->size() == wanted.size());
    for (const auto& member : c->children()[2]->children())
      REQUIRE(member->size() == wanted.size());
    REQUIRE(shown(*slice(*c, 0, c->size())) == wanted);
  }
}

TEST_CASE("rows and ranges of a column, of each type, are those of their places, also behind others") {
  const auto member = type::object_of({{"t", type_id::text}, {"n", type_id::numeric}});
  const auto all = type::object_of({{"i", type_id::bigint},
                                    {"d", type_id::float64},
                                    {"n", type_id::numeric},
                                    {"b", type_id::boolean},
                                    {"t", type_id::text},
                                    {"o", member},
                                    {"l", type::list_of(member)},
                                    {"s", type::list_of(type_id::text)}});
  std::mt19937 chance(2);
  const auto one_in = [&](unsigned n) { return chance() % n == 0; };
  for (int round = 0; round < 200; ++round) {
    const auto seldom = round % 2 == 0 ? 3U : 1'000'000U;  // nulls
    const std::function<void(column_builder&)> add = [&](column_builder& to) {
      const auto v = static_cast<int>(chance() % 100);
      if (one_in(seldom))
        return to.append_null();
      switch (to.type().id()) {
      case type_id::bigint:
        return to.append_int(v);
      case type_id::float64:
        return to.append_double(v);
      case type_id::numeric:
        return to.append_decimal(decimal(v, 0));
      case type_id::boolean:
        return to.append_boolean(v % 2 == 0);
      case type_id::text:
        return to.append_text(std::string(static_cast<std::size_t>(v % 20), 'x'));
      case type_id::object:
        for (std::size_t i = 0; i < to.type().fields().size(); ++i)
          add(to.child(i));
        return to.append_object();
      default:
        for (int i = 0; i < v % 3; ++i)
          add(to.child(0));
        return to.append_list();
      }
    };
    column_builder builder(all);
    for (auto n = chance() % 40; n > 0; --n)
      add(builder);
    const auto from = builder.finish();
    const auto shown_of = shown(*from);
    std::vector<std::uint32_t> at;
    std::vector<std::string> wanted;
    column_builder out(all);
    for (int part = 0; part < 4 && !shown_of.empty(); ++part) {
      at.clear();
      for (auto n = chance() % 12; n > 0; --n)
        at.push_back(static_cast<std::uint32_t>(chance() % shown_of.size()));
      out.append_rows(*from, at);
      for (const auto i : at)
        wanted.push_back(shown_of[i]);
      const auto begin = chance() % shown_of.size();
      const auto end = begin + chance() % (shown_of.size() - begin + 1);
      out.append_range(*from, begin, end);
      wanted.insert(wanted.end(), shown_of.begin() + static_cast<std::ptrdiff_t>(begin),
                    shown_of.begin() + static_cast<std::ptrdiff_t>(end));
    }
    const auto found = out.finish();
    REQUIRE(shown(*found) == wanted);
    for (const auto& c : found->children()) {
      REQUIRE(c->size() == wanted.size());
      std::size_t nulls = 0;
      for (std::size_t i = 0; i < c->size(); ++i)
        nulls += c->is_null(i) ? 1 : 0;
      REQUIRE(c->null_count() == nulls);
    }
  }
}

TEST_CASE("a batch slices and takes rows of all its columns, also where some are projected away") {
  column_builder a(type_id::bigint), c(type_id::text);
  for (int i = 0; i < 10; ++i) {
    a.append_int(i);
    c.append_text(std::to_string(i));
  }
  batch b{std::make_shared<schema>(
              std::vector<field>{{"a", type_id::bigint}, {"gone", type_id::text}, {"c", type_id::text}}),
          {a.finish(), nullptr, c.finish()},
          10};
  CHECK(b.byte_size() > 0);
  const auto middle = slice(b, 3, 6);
  CHECK(middle.rows == 3);
  CHECK(middle.columns[0]->ints()[0] == 3);
  CHECK(middle.columns[1] == nullptr);
  CHECK(middle.columns[2]->text_at(2) == "5");
  CHECK(slice(b, 10, 10).rows == 0);
  const std::vector<std::uint32_t> rows{9, 0};
  CHECK(take(b, rows).columns[2]->text_at(0) == "9");
}

TEST_CASE("a schema finds columns spelt exactly so") {
  const schema s({{"a", type_id::text}, {"A", type_id::bigint}});
  CHECK(s.find("A") == 1U);
  CHECK_FALSE(s.find("b"));
}

TEST_CASE("types have the names that users write") {
  CHECK(type(type_id::float64).name() == "double");
  CHECK(type::list_of(type_id::text).name() == "[text]");
  CHECK(type::object_of({{"lat", type_id::float64}, {"tags", type::list_of(type_id::text)}}).name() ==
        "{lat double, tags [text]}");
  for (const auto& t : scalar_types())
    CHECK(type_of_name(t.name()) == t);
  CHECK(type(type_id::numeric).name() == "numeric");
  CHECK(type::numeric_of(10, 2).name() == "numeric(10,2)");
  CHECK(type::list_of(type::numeric_of(38, 0)).name() == "[numeric(38,0)]");
  CHECK(type_of_name("numeric(10,2)") == type::numeric_of(10, 2));
  CHECK(type_of_name("numeric( 10 , 2 )") == type::numeric_of(10, 2));
  CHECK(type_of_name("numeric(10)") == type::numeric_of(10, 0));
  CHECK(type_of_name("numeric(38,38)") == type::numeric_of(38, 38));
  for (const auto* const wrong : {"numeric(39)", "numeric(0)", "numeric(2,3)", "numeric(10,-1)", "numeric()",
                                  "numeric(", "numeric(10", "numeric(10,)", "numeric(,2)", "numeric(10,2)x",
                                  "numeric(10,2,1)", "numeric(a)", "numeric (10)", "Numeric", "numeric10"})
    CHECK_FALSE(type_of_name(wrong));
  CHECK_FALSE(type::numeric_of(10, 2) == type::numeric_of(10, 4));
  CHECK_FALSE(type::numeric_of(10, 2) == type::numeric_of(12, 2));
  CHECK_FALSE(type::numeric_of(10, 2) == type(type_id::numeric));
  CHECK_FALSE(type_of_name("integer"));
  CHECK_FALSE(type_of_name("object"));
  CHECK(type::list_of(type_id::text) == type::list_of(type_id::text));
  CHECK_FALSE(type::list_of(type_id::text) == type::list_of(type_id::json));
  CHECK_FALSE(type(type_id::text) == type::list_of(type_id::text));
}
