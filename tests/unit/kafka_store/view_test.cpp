// Tests which of the records that a reader has seen count.
#include "actors/node/stores/kafka/follower.hpp"
#include "actors/node/stores/kafka/view.hpp"

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include <set>

using namespace millrace;
using namespace millrace::kafka_chain;

namespace {

using texts = std::vector<std::string>;
const auto prefix = prefix_of({"clicks", "w/0"});
constexpr writer_id first{{1, 0}, 5}, raised{{1, 1}, 4}, second{{2, 0}, 3};

class trial {
public:
  trial& with(const writer_id& by, std::uint64_t number, record_kind kind, std::string_view payload = "") {
    for (const auto& m : cut(prefix, {by, number, kind}, payload))
      with(m);
    return *this;
  }
  trial& with(const message& m) {
    const auto s = see(offset++, m.key, m.value);
    seen.take(s->what, s->payload);
    return *this;
  }
  trial& opened(const writer_id& by, std::uint64_t number = 0) {
    return with(by, number, record_kind::opening);
  }
  trial& added(const writer_id& by, std::uint64_t number, std::string_view payload) {
    return with(by, number, record_kind::increment, payload);
  }
  trial& based(const writer_id& by, std::uint64_t number, std::string_view payload) {
    return with(by, number, record_kind::base, payload);
  }
  [[nodiscard]] restored restores() {
    auto all = seen.restore("here");
    if (!all)
      FAIL(all.error().message);
    return *all;
  }
  [[nodiscard]] texts increments() { return restores().contents.increments; }
  [[nodiscard]] std::string refusal() {
    const auto all = seen.restore("here");
    REQUIRE_FALSE(all);
    CHECK(all.error().code == ec::corrupt);
    CHECK_FALSE(all.error().retry);
    CHECK_THAT(all.error().message, Catch::StartsWith("here: ") && Catch::Contains("remedy"));
    return all.error().message;
  }

  std::uint64_t offset = 0;
  view seen{prefix};
};

std::string large(char c) { return std::string(2 * largest_piece + 10, c); }

}  // namespace

TEST_CASE("the newest base and what was appended after it count") {
  trial t;
  t.opened(first).added(first, 1, "a").based(first, 2, "A").added(first, 3, "b").based(first, 4, "AB");
  const auto all = t.opened(second).added(second, 5, "c").restores();
  CHECK(all.contents.base == "AB");
  CHECK(all.contents.increments == texts{"c"});
  CHECK(all.contents.sequence == 5);
  CHECK(all.contents.passed_over == 0);
  CHECK(all.base_at == 4);
  CHECK(all.weight.base_bytes == 2);
  CHECK(all.weight.increments == 2);
  CHECK(all.weight.increments_bytes == 1);
  CHECK_FALSE(all.weight.is_base_due);
  CHECK(t.seen.highest() == second);
  CHECK(t.seen.position() == 7);
}

TEST_CASE("R1: a record behind one of a higher life is void, also behind that one's tombstone") {
  trial t;
  t.opened(first).added(first, 1, "a");
  SECTION("an opening") {
    t.opened(second).added(first, 2, "void").added(second, 2, "b");
    CHECK(t.increments() == texts{"a", "b"});
  }
  SECTION("a tombstone, the opening having gone") {
    t.with({encode_key(prefix, {{second, 0, record_kind::opening}, 0}), std::nullopt});
    CHECK(t.seen.highest() == second);
    t.added(first, 2, "void");
    CHECK_FALSE(t.seen.has_whole({first, 2, record_kind::increment}));
  }
  SECTION("another opening of the same life") {
    t.opened({{1, 0}, 9}).added(first, 2, "void");
    CHECK(t.increments() == texts{"a"});
  }
}

TEST_CASE("a record of many pieces counts with its last one") {
  trial t;
  t.opened(first);
  const auto pieces = cut(prefix, {first, 1, record_kind::increment}, large('a'));
  t.with(pieces[0]).with(pieces[1]);
  CHECK(t.increments().empty());
  SECTION("it stands where that stands") {
    t.opened(second).with(pieces[2]);
    CHECK(t.increments().empty());
    CHECK_FALSE(t.seen.has_whole({first, 1, record_kind::increment}));
  }
  SECTION("it is there") {
    t.with(pieces[2]);
    CHECK(t.seen.has_whole({first, 1, record_kind::increment}));
    CHECK(t.seen.begin_of({first, 1, record_kind::increment}) == 1);
    CHECK(t.seen.bytes() == large('a').size());
    CHECK(t.increments() == texts{large('a')});
  }
}

TEST_CASE("a record that lacks a piece does not count; what builds upon it misses it") {
  trial t;
  t.opened(first).added(first, 1, "a");
  const auto pieces = cut(prefix, {first, 2, record_kind::increment}, large('b'));
  t.with(pieces[0]).with(pieces[2]);
  CHECK(t.increments() == texts{"a"});
  t.added(first, 3, "c");
  CHECK_THAT(t.refusal(), Catch::Contains("record 2 is missing in partition "));
}

TEST_CASE("R4: a raised opening passes over what it does not name") {
  trial t;
  t.opened(first).added(first, 1, "a").added(first, 2, "failed");
  t.opened(raised, 2);
  CHECK(t.restores().contents.sequence == 1);
  trial u;
  u.opened(first).added(first, 1, "a").based(first, 2, "failed").opened(raised, 2).added(raised, 2, "b");
  const auto all = u.restores();
  CHECK(all.contents.base.empty());
  CHECK(all.contents.increments == texts{"a", "b"});
  CHECK(all.weight.increments == 4);
  CHECK_FALSE(u.seen.has_whole({first, 2, record_kind::base}));
}

TEST_CASE("two failed bases in a row do not hide the one that counts") {
  trial t;
  t.opened(first).based(first, 1, "A").based(first, 2, "failed").opened(raised, 2);
  t.based(raised, 2, "failed, too").opened({{1, 2}, 6}, 2).added({{1, 2}, 6}, 2, "b");
  const auto all = t.restores();
  CHECK(all.contents.base == "A");
  CHECK(all.contents.increments == texts{"b"});
}

TEST_CASE("what a later look has told to have failed is passed over") {
  trial t;
  t.opened(first).added(first, 1, "a").added(first, 2, "failed");
  t.seen.pass_over_above(1);
  CHECK(t.increments() == texts{"a"});
}

TEST_CASE("a damaged base is passed over for the generation before it, and a new one is due") {
  trial t;
  t.opened(first).based(first, 1, "A").added(first, 2, "b");
  auto damaged = cut(prefix, {first, 3, record_kind::base}, "AB").front();
  (*damaged.value)[4] = 'x';
  t.with(damaged).added(first, 4, "c");
  const auto all = t.restores();
  CHECK(all.contents.base == "A");
  CHECK(all.contents.increments == texts{"b", "c"});
  CHECK(all.contents.passed_over == 1);
  CHECK(all.base_at == 1);
  CHECK(all.weight.is_base_due);
}

TEST_CASE("other damage, and a record that is missing, is told with its number and the remedy") {
  trial t;
  t.opened(first);
  SECTION("a payload") {
    auto m = cut(prefix, {first, 1, record_kind::increment}, "a").front();
    (*m.value)[4] = 'x';
    CHECK_THAT(t.with(m).refusal(),
               Catch::Contains("record 1 is damaged (partition") && Catch::Contains(", offset 1)"));
  }
  SECTION("a value that is none") {
    const auto m = cut(prefix, {first, 1, record_kind::increment}, "a").front();
    CHECK_THAT(t.with({m.key, "x"}).refusal(),
               Catch::Contains("record 1 is damaged (partition") && Catch::Contains(", offset 1)"));
  }
  SECTION("a hole") {
    t.added(first, 1, "a").added(first, 3, "c");
    CHECK_THAT(t.refusal(), Catch::Contains("record 2 is missing in partition "));
  }
  SECTION("the first one") {
    t.added(first, 2, "b");
    CHECK_THAT(t.refusal(), Catch::Contains("record 1 is missing in partition "));
  }
  SECTION("one that a raised opening names") {
    t.added(first, 1, "a").opened(raised, 3);
    CHECK_THAT(t.refusal(), Catch::Contains("record 2 is missing in partition "));
  }
  SECTION("both bases") {
    auto m = cut(prefix, {first, 7, record_kind::base}, "A").front();
    (*m.value)[4] = 'x';
    CHECK_THAT(t.with(m).refusal(), Catch::Contains("record 6 is missing in partition ") &&
                                        Catch::Contains("and neither of its two bases"));
  }
}

TEST_CASE("a tombstone that no writer can have sent is told where it takes what is needed") {
  trial t;
  const auto removed = [&](const writer_id& by, std::uint64_t number, record_kind kind) {
    t.with({encode_key(prefix, {{by, number, kind}, 0}), std::nullopt});
  };
  const auto told =
      fmt::format("was removed by a message without a value that is not a node's (partition {}, offset ",
                  partition_of(prefix));
  t.opened(first).added(first, 1, "a");
  SECTION("the newest record, without a base") {
    removed(first, 1, record_kind::increment);
    CHECK_THAT(t.refusal(), Catch::Contains(told + "2)"));
  }
  SECTION("the newest record behind a base") {
    t.based(first, 2, "A").added(first, 3, "b");
    removed(first, 3, record_kind::increment);
    CHECK_THAT(t.refusal(), Catch::Contains(told + "4)"));
    t.opened(second);
    CHECK_THAT(t.refusal(), Catch::Contains(told + "4)"));
  }
  SECTION("the newest base, for which the one before it would stand") {
    t.based(first, 2, "A").based(first, 3, "B");
    removed(first, 3, record_kind::base);
    CHECK_THAT(t.refusal(), Catch::Contains(told + "4)"));
  }
  SECTION("all of a later life") {
    t.opened(second).added(second, 2, "b");
    removed(second, 0, record_kind::opening);
    removed(second, 2, record_kind::increment);
    CHECK_THAT(t.refusal(), Catch::Contains(told + "5)"));
  }
  SECTION("what a base stands for, and the base before that, are not needed") {
    t.based(first, 2, "A").based(first, 3, "B").added(first, 4, "c");
    removed(first, 1, record_kind::increment);
    removed(first, 2, record_kind::base);
    CHECK(t.increments() == texts{"c"});
  }
}

TEST_CASE("offsets that come again say nothing") {
  trial t;
  t.opened(first).added(first, 1, "a");
  const auto bytes = t.seen.bytes();
  t.offset = 1;
  t.added(first, 1, "a");
  CHECK(t.seen.bytes() == bytes);
  t.seen.advance(10);
  CHECK(t.seen.position() == 10);
  t.added(first, 2, "b");
  CHECK(t.increments() == texts{"a"});
}

TEST_CASE("keys of all that stands before an offset, and what tombstones take away") {
  trial t;
  t.opened(first).added(first, 1, "a").opened(second).added(first, 2, "void").based(second, 2, "A");
  CHECK(t.seen.begin() == 0);
  const auto keys = t.seen.keys_before(4);
  CHECK(keys.size() == 4);
  for (const auto& k : keys)
    t.with({encode_key(prefix, k), std::nullopt});
  CHECK(t.seen.keys_before(4).empty());
  CHECK(t.seen.begin() == 4);
  CHECK(t.seen.bytes() == 1);
  CHECK(t.restores().contents.base == "A");
  t.seen.forget({{first, 1, record_kind::increment}, 0});
  t.seen.forget({{second, 2, record_kind::base}, 7});
  CHECK(t.seen.bytes() == 1);
}

TEST_CASE("settled increments are kept as one between two bases, and each goes by a tombstone of its own") {
  trial t;
  t.opened(first);
  const auto settled = [&](std::uint64_t number) {
    t.added(first, number, "a");
    t.seen.settle({first, number, record_kind::increment});
  };
  for (std::uint64_t number = 1; number <= 1'000; ++number)
    settled(number);
  CHECK(t.seen.held_names() == 2);
  t.based(first, 1'001, "A");
  t.seen.settle({first, 1'001, record_kind::base});
  CHECK(t.seen.has_whole({first, 1'001, record_kind::base}));
  for (std::uint64_t number = 1'002; number <= 2'000; ++number)
    settled(number);
  CHECK(t.seen.held_names() == 4);
  CHECK(t.seen.bytes() == 2'000);
  CHECK(t.seen.begin() == 0);
  const auto keys = t.seen.keys_before(*t.seen.begin_of({first, 1'001, record_kind::base}));
  REQUIRE(keys.size() == 1'001);
  CHECK(std::set(keys.begin(), keys.end()).size() == keys.size());
  t.seen.forget({{first, 500, record_kind::increment}, 0});  // out of turn
  for (std::size_t i = 0; i < 600; ++i)                      // the others could not be sent
    t.seen.forget(keys[i]);
  CHECK(t.seen.keys_before(1'001).size() == 401);
  CHECK(t.seen.bytes() == 2'000);
  for (const auto& k : t.seen.keys_before(1'001))
    t.with({encode_key(prefix, k), std::nullopt});
  CHECK(t.seen.keys_before(1'001).empty());
  CHECK(t.seen.bytes() == 1'000);
  CHECK(t.seen.held_names() == 2);
  CHECK(t.seen.begin() == 1'001);
}

TEST_CASE("an increment of many pieces, and one that another life's opening has voided, are not settled") {
  trial t;
  t.opened(first).added(first, 1, large('a')).opened(second).added(first, 2, "void");
  t.seen.settle({first, 1, record_kind::increment});
  t.seen.settle({first, 2, record_kind::increment});
  t.seen.settle({first, 3, record_kind::increment});  // unknown
  CHECK(t.seen.held_names() == 4);
  t.added(second, 2, "b");
  t.seen.settle({second, 2, record_kind::increment});
  CHECK(t.seen.keys_before(t.offset).size() == 7);
}

TEST_CASE("a record of which a tombstone has taken a piece does not count any more") {
  trial t;
  t.opened(first).added(first, 1, large('a')).based(first, 2, "A");
  t.with({encode_key(prefix, {{first, 1, record_kind::increment}, 1}), std::nullopt});
  CHECK_FALSE(t.seen.has_whole({first, 1, record_kind::increment}));
  CHECK(t.seen.keys_before(4).size() == 3);
  CHECK(t.restores().contents.base == "A");
}

TEST_CASE("without payloads it is still known what is whole") {
  view digests(prefix);
  std::uint64_t offset = 0;
  for (const auto& m : cut(prefix, {first, 1, record_kind::base}, large('a')))
    digests.take(see(offset++, m.key, m.value)->what, {});
  CHECK(digests.has_whole({first, 1, record_kind::base}));
  trial t;
  t.opened(first).added(first, 1, "a");
  t.seen.drop_payloads();
  CHECK(t.increments() == texts{""});
}
