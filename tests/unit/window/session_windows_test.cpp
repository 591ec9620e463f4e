#include "runtime/window/slices.hpp"
#include "tests/unit/window/captures.hpp"

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <random>

namespace millrace::window {

using data::type_id;
using expression::aggregate_function;
using namespace test;

namespace {

definition sessions_of(event_micros gap, event_micros lateness = 0, bool updates = false) {
  auto d = test::windows_of(1, 1,
                            {count_rows(), over(aggregate_function::sum, type_id::bigint, type_id::bigint),
                             over(aggregate_function::count_distinct, type_id::text, type_id::bigint)},
                            lateness);
  d.kind = shape::session;
  d.gap = micros(gap);
  d.updates = updates;
  return d;
}

}  // namespace

TEST_CASE("a record at a session's end begins another, one just before it prolongs it") {
  const auto d = sessions_of(10);
  const auto w = make_shard_windows(d);
  absorb(*w, d, {{0, "a"}, {9, "a"}, {19, "a"}, {5, "b"}});
  const auto fired = fire_all(*w, no_watermark, end_of_time);
  REQUIRE(fired.size() == 3);
  CHECK(
      rows_of(fired[0]) ==
      std::vector<std::string>{
          R"({"user":"b","a0":1,"a1":1,"a2":1,"window_start":"1970-01-01T00:00:00.000005Z","window_end":"1970-01-01T00:00:00.000015Z"})"});
  CHECK(fired[1].end == 19);
  CHECK(fired[2].end == 29);
}

TEST_CASE("a late comer joins two sessions, whichever order they came in") {
  const auto d = sessions_of(10);
  std::vector<test::click> clicks{{0, "a"}, {15, "a"}, {30, "a"}, {8, "a"}, {22, "a"}};
  std::mt19937 random(3);
  for (int round = 0; round < 50; ++round) {
    std::shuffle(clicks.begin(), clicks.end(), random);
    const auto w = make_shard_windows(d);
    for (const auto& c : clicks)
      absorb(*w, d, {c});
    CHECK(w->size().windows == 1);
    const auto fired = fire_all(*w, no_watermark, 40);
    REQUIRE(fired.size() == 1);
    CHECK(fired[0].end == 40);
    CHECK(rows_of(fired[0]).at(0).starts_with(R"({"user":"a","a0":5,"a1":5,"a2":1,)"));
  }
}

TEST_CASE("sessions are over when the watermark reaches their end and the allowed lateness") {
  const auto d = sessions_of(10, 5);
  const auto w = make_shard_windows(d);
  absorb(*w, d, {{0, "a"}});
  CHECK(fire_all(*w, no_watermark, 14).empty());
  CHECK(absorb(*w, d, {{-1, "a"}, {9, "a"}}, 14) == 1);
  CHECK(fire_all(*w, 14, 23).empty());
  CHECK(fire_all(*w, 23, 24).size() == 1);
  CHECK(absorb(*w, d, {{9, "a"}, {10, "a"}}, 24) == 1);
}

TEST_CASE("a record counts for as long as its time and the gap are above the watermark") {
  const auto d = sessions_of(10, 5);
  CHECK(assign(d, 3, no_watermark) == slice_key{3, 3});
  CHECK(assign(d, 3, 8) == slice_key{3, 3});
  CHECK(assign(d, 3, 9) == slice_key{3, 4});
  CHECK(assign(d, 3, 17) == slice_key{3, 12});
  CHECK_FALSE(assign(d, 3, 18).has_value());
  CHECK(assign(d, -3, 2) == slice_key{-3, -3});
  CHECK_FALSE(assign(d, 3, end_of_time).has_value());
  CHECK(is_slice(d, {3, 12}));
  CHECK_FALSE(is_slice(d, {3, 13}));
  CHECK_FALSE(is_slice(d, {3, 2}));
}

TEST_CASE("a record whose span is open begins a session of its own where one before it is over") {
  const auto d = sessions_of(10);
  // The rows are the same whether or not the first one has fired yet, and a snapshot was taken.
  for (const bool fires : {false, true}) {
    auto w = make_shard_windows(d);
    std::vector<std::string> rows;
    const auto fire = [&](event_micros from, event_micros to) {
      for (const auto& window : fire_all(*w, from, to))
        for (const auto& row : rows_of(window))
          rows.push_back(row);
    };
    absorb(*w, d, {{0, "a"}, {2, "a"}});
    if (fires)
      fire(no_watermark, 12);
    absorb(*w, d, {{5, "a", 1, 1, true, 12}}, fires ? 12 : no_watermark);
    const auto copy = make_shard_windows(d);
    REQUIRE(applied_to(*copy, all_of(*w)));
    absorb(*copy, d, {{14, "a", 1, 1, true, 12}}, fires ? 12 : no_watermark);
    w = make_shard_windows(d);
    REQUIRE(applied_to(*w, all_of(*copy)));
    fire(fires ? 12 : no_watermark, end_of_time);
    REQUIRE(rows.size() == 2);
    CHECK(rows[0].starts_with(R"({"user":"a","a0":2,)"));
    CHECK(rows[0].ends_with(
        R"("window_start":"1970-01-01T00:00:00Z","window_end":"1970-01-01T00:00:00.000012Z"})"));
    CHECK(rows[1].starts_with(R"({"user":"a","a0":2,)"));
    CHECK(rows[1].ends_with(
        R"("window_start":"1970-01-01T00:00:00.000005Z","window_end":"1970-01-01T00:00:00.000024Z"})"));
  }
}

namespace {

struct plain_session {
  event_micros start, end;
  int n;
};

/// Sessions of one key of one partition, record by record: what is over fires, then a record joins all that it
/// touches. Returns them as they fire, and counts what comes too late.
std::vector<plain_session> one_by_one(const definition& d, const std::vector<test::click>& clicks,
                                      std::size_t& late) {
  std::vector<plain_session> open, fired;
  const auto fire = [&](event_micros over) {
    std::erase_if(open, [&](const auto& s) {
      if (s.end <= over)
        fired.push_back(s);
      return s.end <= over;
    });
  };
  for (const auto& c : clicks) {
    const auto over = c.watermark == no_watermark ? no_watermark : c.watermark - d.allowed_lateness.count();
    fire(over);
    plain_session s{c.time, c.time + d.gap.count(), 1};
    if (s.end <= over) {
      ++late;
      continue;
    }
    std::erase_if(open, [&](const auto& o) {
      const bool touches = o.start < c.time + d.gap.count() && c.time < o.end;
      if (touches)
        s = {std::min(s.start, o.start), std::max(s.end, o.end), s.n + o.n};
      return touches;
    });
    open.push_back(s);
  }
  fire(end_of_time);
  std::ranges::sort(fired, {}, &plain_session::end);
  return fired;
}

}  // namespace

TEST_CASE("sessions of a partition are those that are joined record by record, wherever frames are cut") {
  std::mt19937_64 engine(11);
  const auto below = [&](std::uint64_t n) { return static_cast<event_micros>(engine() % n); };
  std::size_t all_late = 0, apart = 0;
  for (int round = 0; round < 400; ++round) {
    const auto d = sessions_of(1 + below(20), below(3) * 4);
    std::vector<test::click> clicks;
    auto seen = no_watermark;
    event_micros time = 0;
    for (int i = 0; i < 60; ++i) {
      time += below(6);
      clicks.push_back({time - below(2) * below(40), "a", 1, 1, true, seen});
      seen = std::max(seen, clicks.back().time);
    }
    std::size_t late = 0;
    const auto expected = one_by_one(d, clicks, late);
    all_late += late;
    for (std::size_t i = 1; i < expected.size(); ++i)
      apart += expected[i].start < expected[i - 1].end ? 1 : 0;

    const auto w = make_shard_windows(d);
    std::vector<plain_session> found;
    auto fired = no_watermark;
    const auto fire = [&](event_micros to) {
      for (const auto& window : fire_all(*w, fired, to)) {
        const auto& c = window.rows->columns;
        for (std::size_t r = 0; r < window.rows->rows; ++r)
          found.push_back({c[4]->ints()[r], c[5]->ints()[r], static_cast<int>(c[1]->ints()[r])});
      }
      fired = to;
    };
    partials_builder b(d);
    std::size_t left_out = 0;
    for (std::size_t at = 0; at < clicks.size();) {
      const auto n = std::min<std::size_t>(1 + engine() % 20, clicks.size() - at);
      if (below(2) == 0 && clicks[at].watermark > fired)
        fire(clicks[at].watermark);
      left_out += test::add(b, d,
                            {clicks.begin() + static_cast<std::ptrdiff_t>(at),
                             clicks.begin() + static_cast<std::ptrdiff_t>(at + n)})
                      .size();
      if (const auto parts = b.finish(); parts[0])
        REQUIRE(w->absorb_partials(*parts[0], fired) == 0);
      at += n;
    }
    fire(end_of_time);
    REQUIRE(left_out == late);
    REQUIRE(found.size() == expected.size());
    for (std::size_t i = 0; i < found.size(); ++i) {
      REQUIRE(found[i].start == expected[i].start);
      REQUIRE(found[i].end == expected[i].end);
      REQUIRE(found[i].n == expected[i].n);
    }
  }
  CHECK(all_late > 100);
  CHECK(apart > 100);  // a session begins before the end of one that is over
}

TEST_CASE("changes of sessions restore what grew, what was joined and what is over") {
  const auto d = sessions_of(10);
  const auto w = make_shard_windows(d);
  absorb(*w, d, {{0, "a"}, {15, "a"}, {0, "b"}, {100, "c"}});
  const auto copy = make_shard_windows(d);
  REQUIRE(applied_to(*copy, all_of(*w)));
  absorb(*w, d, {{8, "a"}, {-5, "c"}});
  REQUIRE(applied_to(*copy, changes_of(*w)));
  CHECK(copy->size().keys == 4);
  CHECK(fire_all(*w, no_watermark, 12).size() == 2);
  REQUIRE(applied_to(*copy, changes_of(*w)));
  CHECK(copy->size().keys == 2);
  const auto mine = fire_all(*w, 12, end_of_time);
  const auto theirs = fire_all(*copy, 12, end_of_time);
  REQUIRE(mine.size() == 2);
  REQUIRE(theirs.size() == 2);
  for (std::size_t i = 0; i < 2; ++i)
    CHECK(rows_of(mine[i]) == rows_of(theirs[i]));
}

TEST_CASE("a closed session is kept until updates has given it") {
  const auto d = sessions_of(10, 0, true);
  const auto w = make_shard_windows(d);
  absorb(*w, d, {{0, "a"}});
  CHECK(fire_all(*w, no_watermark, 50).empty());
  const auto copy = make_shard_windows(d);
  REQUIRE(applied_to(*copy, all_of(*w)));
  for (auto* one : {w.get(), copy.get()}) {
    CHECK(one->has_changes());
    const auto given = test::tick(*one);
    REQUIRE(given.size() == 1);
    CHECK(rows_of(given.front()).size() == 1);
    CHECK(test::tick(*one).empty());
  }
  CHECK(w->size().keys == 0);
  REQUIRE(applied_to(*copy, changes_of(*w)));
  CHECK(copy->size().keys == 0);
}

TEST_CASE("memory of keys that are gone is given back") {
  const auto d = sessions_of(10);
  const auto w = make_shard_windows(d);
  std::size_t most = 0;
  for (int round = 0; round < 50; ++round) {
    std::vector<test::click> clicks;
    for (int i = 0; i < 2000; ++i)
      clicks.push_back({round * 100 + i % 50, fmt::format("user {} of {}", i, round)});
    absorb(*w, d, clicks);
    CHECK(fire_all(*w, no_watermark, round * 100 + 60).size() == 50);
    if (round == 5)
      most = w->size().bytes;
  }
  CHECK(w->size().keys == 0);
  CHECK(w->size().bytes <= 2 * most);
}

TEST_CASE("sessions that are joined take over each other's texts, also where one has none yet") {
  auto d = test::windows_of(1, 1,
                            {over(aggregate_function::last, type_id::bigint, type_id::bigint),
                             over(aggregate_function::max, type_id::text, type_id::text)});
  d.kind = shape::session;
  d.gap = micros(10);
  const auto w = make_shard_windows(d);
  std::vector<test::click> clicks;
  for (int i = 0; i < 200; ++i) {  // two sessions a user, the newer one without a value; then what joins them
    const auto user = fmt::format("user {}", i);
    clicks.push_back({16, user, 1, i});
    clicks.push_back({0, user, 1, std::nullopt});
  }
  absorb(*w, d, clicks);
  clicks.clear();
  for (int i = 0; i < 200; ++i)
    clicks.push_back({8, fmt::format("user {}", i), 1, std::nullopt});
  absorb(*w, d, clicks);
  const auto fired = fire_all(*w, no_watermark, end_of_time);
  REQUIRE(fired.size() == 1);
  REQUIRE(fired[0].rows->rows == 200);
  for (const auto& row : rows_of(fired[0])) {
    const auto user = row.substr(9, row.find('"', 9) - 9);
    CHECK(row.starts_with(fmt::format(R"({{"user":"{}","a0":{},"a1":"{}",)", user, user.substr(5), user)));
  }
}

TEST_CASE("damaged bytes of sessions are refused or harmless") {
  const auto d = sessions_of(10);
  const auto w = make_shard_windows(d);
  std::vector<test::click> clicks;
  for (int i = 0; i < 60; ++i)
    clicks.push_back({i * 7 % 90, "user" + std::to_string(i % 20)});
  absorb(*w, d, clicks);
  CHECK(test::refusals_of_damage(d, all_of(*w)) > 1000);
}

}  // namespace millrace::window
