// Two lives of one actor, one of which does not know that it is over; appends whose outcome is not known.
#include "tests/unit/kafka_store/opened.hpp"

#include <algorithm>

using namespace kafka_chain_test;

namespace {

/// Compaction takes the first opening of that term, of which a tombstone is there, and nothing else.
void compact_opening(place& at, incarnation term) {
  auto& all = at.messages();
  for (auto& m : all) {
    const auto key = m ? decode_key(m->key) : std::nullopt;
    if (!key || key->key.record.kind != record_kind::opening || key->key.record.by.life.term != term)
      continue;
    REQUIRE(std::ranges::any_of(all, [&](const auto& t) { return t && t->key == m->key && !t->value; }));
    m.reset();
    return;
  }
  FAIL("there is no such opening");
}

/// Decides the fate of the next messages that go out.
void once(const std::shared_ptr<memory_topic>& by, fate what) {
  by->decide = [what, is_over = false](const auto&) mutable {
    return std::exchange(is_over, true) ? fate::stored : what;
  };
}

}  // namespace

TEST_CASE("an older life is fenced at its next record, at its base and at a look; nothing of it counts") {
  place at;
  const auto old = at.open(1);
  must(old->append("a", false));
  CHECK(must(old->append_base("A")));
  const auto next = at.open(2);
  is_fenced(old->append("zombie", false).error());
  is_fenced(old->append_base("zombie").error());
  is_fenced(old->append("zombie", false).error());
  is_fenced(old->read().error());
  is_fenced(at.try_open(1).error());
  must(next->append("b", false));
  CHECK(must(next->read()).increments == texts{"b"});
  CHECK(must(at.open(3)->read()).increments == texts{"b"});
}

TEST_CASE("a base of an older life is void, and takes nothing away") {
  place at;
  const auto old = at.open(1);
  CHECK(must(old->append_base("A")));
  must(old->append("b", false));
  const auto next = at.open(2);
  is_fenced(old->append_base("zombie").error());
  CHECK(at.log->messages(true) == 0);
  const auto found = must(next->read());
  CHECK(found.base == "A");
  CHECK(found.increments == texts{"b"});
}

TEST_CASE("R2: what lands before the opening belongs to what it goes on from") {
  place at;
  const auto old = at.open(1);
  must(old->append("a", false));
  const auto by = at.process();
  by->decide = [&, is_first = true](const auto&) mutable {
    if (std::exchange(is_first, false))
      must(old->append("b", false));  // its look comes before the opening: it counts
    return fate::stored;
  };
  const auto next = at.open(2, by);
  CHECK(must(next->read()).increments == texts{"a", "b"});
  CHECK(must(next->append("c", false)) == 3);
}

TEST_CASE("R3: a look finds the life that voids a record when its opening is compacted away") {
  place at;
  const auto by = at.process();
  const auto old = at.open(1, by);
  must(old->append("a", false));
  opened_chain next;
  bool is_stored = false;
  by->decide = [&](const auto&) {
    next = at.open(2);
    is_stored = true;
    return fate::stored;
  };
  by->step = [&] {
    if (!std::exchange(is_stored, false))
      return;
    CHECK(must(next->append_base("A")));
    CHECK(must(next->append_base("AA")));
    compact_opening(at, 2);
  };
  is_fenced(old->append("zombie", false).error());
  CHECK(must(next->read()).base == "AA");
}

TEST_CASE("R4: an append of which the answer is lost is passed over by the next one") {
  place at;
  const auto by = at.process();
  const auto c = at.open(1, by);
  must(c->append("a", false));
  once(by, fate::answer_lost);
  const auto done = c->append("lost", false);
  REQUIRE_FALSE(done);
  CHECK(done.error().retry);
  CHECK_FALSE(must(c->append_base("A")));
  CHECK(must(c->read()).increments == texts{"a"});
  CHECK(must(c->append("b", false)) == 2);
  CHECK(c->life() == chain::life{1, 1});
  CHECK(must(c->read()).increments == texts{"a", "b"});
  CHECK(must(at.open(2)->read()).increments == texts{"a", "b"});
  CHECK_FALSE(at.log->is_key_used_twice);
}

TEST_CASE("R4: an append that lands when its life has gone on under a raised count is void") {
  place at;
  const auto by = at.process();
  std::function<void()> late;
  by->later = [&](std::function<void()> what) { late = std::move(what); };
  const auto c = at.open(1, by);
  must(c->append("a", false));
  once(by, fate::late);
  REQUIRE_FALSE(c->append("late", false));
  SECTION("behind the next record") {
    must(c->append("b", false));
    late();
  }
  SECTION("between the raised opening and the next record") {
    by->decide = [&](const auto& messages) {
      if (decode_key(messages.front().key)->key.record.kind == record_kind::increment)
        std::exchange(late, [] {})();
      return fate::stored;
    };
    must(c->append("b", false));
  }
  CHECK(must(c->read()).increments == texts{"a", "b"});
  CHECK(must(at.open(2)->read()).increments == texts{"a", "b"});
}

TEST_CASE("an append that failed and stands before the next life's opening may count there") {
  place at;
  const auto by = at.process();
  const auto c = at.open(1, by);
  once(by, fate::answer_lost);
  REQUIRE_FALSE(c->append("lost", false));
  const auto next = at.open(2);
  CHECK(must(next->read()).increments == texts{"lost"});
  is_fenced(c->append("b", false).error());
  is_fenced(c->append("b", false).error());
  CHECK(must(next->append("c", false)) == 2);
  CHECK(must(at.open(3)->read()).increments == texts{"lost", "c"});
}

TEST_CASE("a record whose last piece is missing does not count, and the next one goes on without it") {
  place at;
  const auto by = at.process();
  const auto c = at.open(1, by);
  const std::string large(2 * largest_piece, 'x');
  must(c->append("a", false));
  once(by, fate::cut_off);
  REQUIRE_FALSE(c->append(large, false));
  CHECK(must(at.open(2)->read()).increments == texts{"a"});
  place other;
  const auto again = other.process();
  const auto d = other.open(1, again);
  once(again, fate::torn);
  REQUIRE_FALSE(d->append_base(large));
  must(d->append("b", false));
  CHECK(must(other.open(2)->read()).increments == texts{"b"});
}

TEST_CASE("a raised opening that is lost, too, is raised again") {
  place at;
  const auto by = at.process();
  const auto c = at.open(1, by);
  must(c->append("a", false));
  for (const auto what : {fate::answer_lost, fate::answer_lost, fate::never}) {
    once(by, what);
    REQUIRE_FALSE(c->append("lost", false));
  }
  must(c->append("b", false));
  CHECK(c->life() == chain::life{1, 3});
  CHECK(must(c->read()).increments == texts{"a", "b"});
  CHECK(must(at.open(2)->read()).increments == texts{"a", "b"});
}

TEST_CASE("an opening whose answer was lost is opened again under a raised count") {
  place at;
  must(at.open(1)->append("a", false));
  const auto by = at.process();
  once(by, fate::answer_lost);
  REQUIRE_FALSE(at.try_open(2, by));
  const auto again = at.open(2, by);
  CHECK(again->life() == chain::above_earlier({2, 0}, {2, 0}));
  CHECK(must(again->read()).increments == texts{"a"});
}

TEST_CASE("two instances that open under one count have two lives, and one of them goes on") {
  std::set<std::uint32_t> counts;
  for (int i = 0; i < 20; ++i) {
    place at;
    for (int skipped = 0; skipped < i; ++skipped)
      (void)at.process();
    must(at.open(1)->append("a", false));
    const auto by = at.process();
    opened_chain between;
    by->decide = [&](const auto&) {
      if (!between)
        between = at.open(1);
      return fate::stored;
    };
    const auto c = at.open(1, by);
    counts.insert(c->life().count);
    must(c->append("b", false));
    is_fenced(between->append("other", false).error());
    CHECK(must(at.open(2)->read()).increments == texts{"a", "b"});
    CHECK_FALSE(at.log->is_key_used_twice);
  }
  const auto second = chain::above_earlier({1, 0}, {1, 0});
  CHECK(counts == std::set{second.count, chain::above_earlier({1, 0}, second).count});
}

TEST_CASE("openings that never come first end with an error") {
  place at;
  const auto by = at.process();
  int others = 0;
  by->decide = [&](const auto&) {
    const chain::life above{1, static_cast<std::uint32_t>(5000 * ++others)};
    const auto prefix = prefix_of(at.whose);
    at.log->append(partition_of(prefix), cut(prefix, {{above, 1}, 0, record_kind::opening}, {}).front());
    return fate::stored;
  };
  const auto refused = at.try_open(1, by);
  REQUIRE_FALSE(refused);
  CHECK_THAT(refused.error().message, Catch::Contains("stop what else writes there"));
  by->decide = [&](const auto&) { return fate::never; };
  CHECK_FALSE(at.try_open(2, by));
}
