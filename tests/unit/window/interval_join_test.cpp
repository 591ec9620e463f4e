#include "runtime/data/key_encoding.hpp"
#include "tests/unit/window/captures.hpp"

#include <catch2/catch.hpp>

namespace millrace::window {

using namespace test;

namespace {

constexpr std::size_t left = 0;
constexpr std::size_t right = 1;

void come(shard_windows& w, const definition& d, std::size_t side, const std::vector<click>& clicks) {
  CHECK(absorb(w, d, clicks, no_watermark, false, side) == 0);
}

click at(event_micros time, std::int64_t number, event_micros watermark = no_watermark) {
  click c;
  c.time = time;
  c.user = "a";
  c.size = number;
  c.watermark = watermark;
  return c;
}

std::string key_of_a() {
  std::string key;
  data::column_builder b(data::type_id::text);
  b.append_text("a");
  data::append_key(key, *b.finish(), 0);
  return key;
}

std::vector<std::string> values(const std::vector<delivery::fired_window>& all) {
  std::vector<std::string> out;
  for (const auto& w : all)
    for (const auto& row : rows_of(w))
      out.push_back(row.substr(0, row.find(",\"window_start")) + "}");
  return out;
}

}  // namespace

TEST_CASE("a left row meets the right ones up to both ends of its reach, and not a microsecond beyond") {
  const auto d = interval_join_of(5, 3, join_kind::left);
  const auto w = make_shard_windows(d);
  come(*w, d, right, {at(94, 1), at(95, 2), at(103, 3), at(104, 4)});
  come(*w, d, left, {at(100, 7), at(200, 8)});
  CHECK(values(fire_all(*w, no_watermark, 104)) ==
        std::vector<std::string>{R"({"user":"a","a0":7,"a1":2})", R"({"user":"a","a0":7,"a1":3})"});
  CHECK(values(fire_all(*w, 104, end_of_time)) ==
        std::vector<std::string>{R"({"user":"a","a0":8,"a1":null})"});
}

TEST_CASE("a left row waits until nothing that it reaches is to come") {
  const auto d = interval_join_of(0, 10, join_kind::anti);
  const auto w = make_shard_windows(d);
  come(*w, d, left, {at(100, 1)});
  CHECK(fire_all(*w, no_watermark, 110).empty());
  CHECK(w->next_end(110) == 101);
  CHECK(values(fire_all(*w, 110, 111)) == std::vector<std::string>{R"({"user":"a","a0":1,"a1":null})"});
}

TEST_CASE("a right row out of order counts for the left rows that its own log has not gone past") {
  const auto d = interval_join_of(10, 0);
  const auto w = make_shard_windows(d);
  // Its partition stands at 103, so left rows below that may have come out elsewhere.
  come(*w, d, right, {at(95, 1, 103)});
  come(*w, d, left, {at(102, 7), at(103, 8)});
  CHECK(values(fire_all(*w, no_watermark, end_of_time)) ==
        std::vector<std::string>{R"({"user":"a","a0":8,"a1":1})"});
  partials_builder lane(d);
  CHECK(add(lane, d, {at(95, 1, 105)}, false, right).empty());
  CHECK(add(lane, d, {at(95, 1, 106)}, false, right).size() == 1);
}

TEST_CASE("a left row with too many partners is a dead letter as a whole, and its partners live on") {
  const auto d = interval_join_of(10, 0, join_kind::inner, 2);
  const auto w = make_shard_windows(d);
  come(*w, d, right, {at(90, 1), at(95, 2), at(99, 3)});
  come(*w, d, left, {at(100, 7), at(103, 8)});
  const auto fired = fire_all(*w, no_watermark, end_of_time);
  REQUIRE(fired.size() == 2);
  REQUIRE(fired[0].failed.size() == 1);
  CHECK(fired[0].failed[0].record == R"({"user":"a","n":7})");
  CHECK(fired[0].failed[0].error == "it has 3 rows of the right side within its reach; at most 2 pairs are "
                                    "given of a left row (max_pairs)");
  CHECK(rows_of(fired[1]).size() == 2);
}

TEST_CASE("a left row whose partners of one time are beyond 8 MiB is a dead letter, and others are not") {
  const auto d = interval_join_of(10, 0);
  const auto w = make_shard_windows(d);
  std::vector<click> many;
  for (int n = 0; n < 100'000; ++n)
    many.push_back(at(95, n));
  come(*w, d, right, many);
  come(*w, d, right, {at(90, 1), at(107, 2)});
  come(*w, d, left, {at(100, 7), at(106, 8), at(107, 9)});
  const auto fired = fire_all(*w, no_watermark, end_of_time);
  REQUIRE(fired.size() == 2);
  REQUIRE(fired[0].failed.size() == 1);
  CHECK(fired[0].failed[0].error ==
        "the rows of the right side of a time within its reach take more than 8 MiB; "
        "expected a finer key, or fewer columns");
  CHECK(values({fired[1]}) == std::vector<std::string>{R"({"user":"a","a0":9,"a1":2})"});
}

TEST_CASE("right rows go once no left row that reaches them may come") {
  const auto d = interval_join_of(10, 0);
  const auto w = make_shard_windows(d);
  come(*w, d, right, {at(100, 1), at(120, 2)});
  CHECK(fire_all(*w, no_watermark, 110).empty());
  come(*w, d, left, {at(110, 7)});
  CHECK(values(fire_all(*w, 110, 111)) == std::vector<std::string>{R"({"user":"a","a0":7,"a1":1})"});
  CHECK(w->size().keys == 1);
  CHECK(fire_all(*w, 111, 131).empty());
  CHECK(w->size().keys == 0);
  CHECK(absorb(*w, d, {at(120, 3)}, 131, false, right) == 1);
}

TEST_CASE("captures have no row that has gone, and stay small where most have") {
  const auto d = interval_join_of(10, 0);
  const auto w = make_shard_windows(d);
  const auto base = all_of(*w);
  std::vector<click> many;
  for (event_micros t = 0; t < 40'000; ++t)
    many.push_back(at(t, t));
  come(*w, d, right, many);
  CHECK(fire_all(*w, no_watermark, 40'000).empty());
  const auto increment = changes_of(*w);
  CHECK(increment.size() < 2'000);
  const auto copy = make_shard_windows(d);
  REQUIRE(applied_to(*copy, base));
  REQUIRE(applied_to(*copy, increment));
  for (auto* const x : {w.get(), copy.get()}) {
    come(*x, d, left, {at(40'005, 7)});
    CHECK(values(fire_all(*x, 40'000, end_of_time)).size() == 5);
  }
}

TEST_CASE("captures have the rows that have come since and are still there, and no block of others") {
  const auto d = interval_join_of(10, 0);
  const auto w = make_shard_windows(d);
  const auto base = all_of(*w);
  std::vector<click> many;
  for (event_micros t = 0; t < 40'000; ++t)
    many.push_back(at(t, t));
  come(*w, d, right, many);
  CHECK(fire_all(*w, no_watermark, 30'000).empty());
  const auto increment = changes_of(*w);
  CHECK(increment.size() < all_of(*w).size() + 5'000);
  const auto copy = make_shard_windows(d);
  copy->to_be_applied(30'000);
  REQUIRE(applied_to(*copy, base));
  REQUIRE(applied_to(*copy, increment));
  CHECK(all_of(*copy).size() == all_of(*w).size());
}

TEST_CASE("rows that have gone by the last capture of a chain are not put in by those before it") {
  const auto d = interval_join_of(10, 0);
  const auto w = make_shard_windows(d);
  come(*w, d, right, {at(100, 1), at(200, 2)});
  come(*w, d, left, {at(105, 3), at(205, 4)});
  const auto base = all_of(*w);
  const auto copy = make_shard_windows(d);
  copy->to_be_applied(150);
  REQUIRE(applied_to(*copy, base));
  CHECK(copy->size().windows == 1);
  CHECK(values(fire_all(*copy, 150, end_of_time)) ==
        std::vector<std::string>{R"({"user":"a","a0":4,"a1":2})"});
}

TEST_CASE("of the versions at or before a left row the newest holds, whichever came first") {
  const auto d = as_of_join_of(1000);
  const auto w = make_shard_windows(d);
  come(*w, d, right, {at(90, 2), at(50, 1), at(101, 3)});
  come(*w, d, right, {at(90, 4), at(90, 5)});  // places follow those above
  come(*w, d, left, {at(40, 6), at(89, 7), at(100, 8), at(101, 9)});
  CHECK(values(fire_all(*w, no_watermark, end_of_time)) ==
        std::vector<std::string>{R"({"user":"a","a0":6,"a1":null})", R"({"user":"a","a0":7,"a1":1})",
                                 R"({"user":"a","a0":8,"a1":5})", R"({"user":"a","a0":9,"a1":3})"});
}

TEST_CASE("one version of a key is kept, and those that do not count yet; a deletion goes in the end") {
  const auto d = as_of_join_of(20);
  const auto w = make_shard_windows(d);
  come(*w, d, right, {at(50, 1), at(60, 2), at(95, 3, 100)});
  CHECK(fire_all(*w, no_watermark, 60).empty());
  come(*w, d, left, {at(70, 7), at(99, 8)});
  // The version of 95 came where its partition stood at 100: it counts from there on.
  CHECK(values(fire_all(*w, 60, 100)) ==
        std::vector<std::string>{R"({"user":"a","a0":7,"a1":2})", R"({"user":"a","a0":8,"a1":2})"});
  come(*w, d, left, {at(100, 9)});
  CHECK(values(fire_all(*w, 100, 101)) == std::vector<std::string>{R"({"user":"a","a0":9,"a1":3})"});
  auto gone = at(110, -1);
  gone.wanted = false;
  come(*w, d, right, {gone});
  come(*w, d, left, {at(109, 10), at(110, 11)});
  CHECK(values(fire_all(*w, 101, 120)) ==
        std::vector<std::string>{R"({"user":"a","a0":10,"a1":3})", R"({"user":"a","a0":11,"a1":null})"});
  CHECK(w->size().keys == 1);  // an older version than the deletion may come yet
  CHECK(absorb(*w, d, {at(105, 4)}, 120, false, right) == 0);
  come(*w, d, left, {at(125, 12)});
  CHECK(values(fire_all(*w, 120, 130)) == std::vector<std::string>{R"({"user":"a","a0":12,"a1":null})"});
  CHECK(fire_all(*w, 130, 131).empty());
  CHECK(w->size().keys == 0);
  CHECK(absorb(*w, d, {at(110, 5)}, 131, false, right) == 1);
}

TEST_CASE("dedup gives the first row of a key by event time, and again once its time to live is over") {
  const auto d = dedup_of(10);
  const auto w = make_shard_windows(d);
  come(*w, d, left, {at(105, 1), at(100, 2), at(109, 3), at(110, 4), at(119, 5)});
  auto nobody = at(101, 6);
  nobody.user.reset();
  come(*w, d, left, {nobody, nobody});
  CHECK(values(fire_all(*w, no_watermark, 106)) ==
        std::vector<std::string>{R"({"user":"a","a0":2})", R"({"user":null,"a0":6})"});
  const auto copy = make_shard_windows(d);
  REQUIRE(applied_to(*copy, all_of(*w)));
  delivery::fired_window shown;
  shown.rows = w->look_up(key_of_a(), 106, 10).rows;
  CHECK(rows_of(shown).at(0).starts_with(R"({"user":"a","left":1,"right":1,)"));
  for (auto* const x : {w.get(), copy.get()}) {
    CHECK(values(fire_all(*x, 106, 121)) == std::vector<std::string>{R"({"user":"a","a0":4})"});
    CHECK(absorb(*x, d, {at(120, 7)}, 120, false, left) == 0);
    CHECK(values(fire_all(*x, 121, end_of_time)) == std::vector<std::string>{R"({"user":"a","a0":7})"});
    CHECK(x->size().keys == 0);
  }
}

TEST_CASE("the bytes of an interval join may be damaged in any way") {
  const auto d = interval_join_of(10, 5, join_kind::left);
  const auto w = make_shard_windows(d);
  come(*w, d, left, {at(100, 1), at(100, 2), at(200, 3)});
  come(*w, d, right, {at(95, 4), at(103, 5)});
  CHECK(refusals_of_damage(d, all_of(*w)) > 1000);
}

TEST_CASE("a key tells what waits: left rows by their time, with the partners that they have so far") {
  const auto d = interval_join_of(10, 5, join_kind::left);
  const auto w = make_shard_windows(d);
  come(*w, d, left, {at(100, 1), at(100, 2), at(200, 3)});
  come(*w, d, right, {at(95, 4), at(103, 5)});
  const auto key = key_of_a();
  const auto open = w->look_up(key, no_watermark, 10);
  delivery::fired_window shown;
  shown.rows = open.rows;
  CHECK(
      rows_of(shown) ==
      std::vector<std::string>{
          R"({"user":"a","left":2,"right":2,"window_start":"1970-01-01T00:00:00.0001Z","window_end":"1970-01-01T00:00:00.000101Z"})",
          R"({"user":"a","left":1,"right":0,"window_start":"1970-01-01T00:00:00.0002Z","window_end":"1970-01-01T00:00:00.000201Z"})"});
  CHECK(open.are_all);
  CHECK_FALSE(w->look_up(key, no_watermark, 1).are_all);
}

}  // namespace millrace::window
