#include "runtime/window/partials.hpp"
#include "tests/unit/window/window_fixture.hpp"

#include <catch2/catch.hpp>

#include <random>

namespace millrace::window {
namespace {

using expression::aggregate_function;
using test::click;
using test::fire_all;

definition counts(std::uint32_t shards = 1) {
  return test::windows_of(
      20, 10,
      {test::count_rows(), test::over(aggregate_function::sum, data::type_id::bigint, data::type_id::bigint),
       test::over(aggregate_function::max, data::type_id::float64, data::type_id::float64)},
      0, shards);
}

std::vector<click> clicks_of(std::size_t n, std::size_t users, std::size_t first_user = 0) {
  std::vector<click> clicks;
  for (std::size_t i = 0; i < n; ++i) {
    clicks.push_back({static_cast<event_micros>(i % 40), "u" + std::to_string(first_user + i % users),
                      static_cast<double>(i), static_cast<std::int64_t>(i)});
    if (i % 5 == 0)
      clicks.back().amount.reset();
    if (i % 7 == 0)
      clicks.back().wanted = i % 2 == 0 ? std::optional(false) : std::nullopt;
  }
  return clicks;
}

std::size_t rows_in(const std::vector<partials_ptr>& parts) {
  std::size_t n = 0;
  for (const auto& p : parts)
    n += p ? p->rows().size() : 0;
  return n;
}

std::uint64_t records_in(const std::vector<partials_ptr>& parts) {
  std::uint64_t n = 0;
  for (const auto& p : parts)
    if (p)
      for (const auto& g : p->groups())
        n += g.records;
  return n;
}

std::vector<partials_ptr> frame(partials_builder& b, const definition& d, const std::vector<click>& clicks) {
  test::add(b, d, clicks);
  return b.finish();
}

std::vector<std::string> all_rows(const definition& d, const std::vector<std::vector<partials_ptr>>& frames) {
  std::vector<std::string> rows;
  for (std::uint32_t shard = 0; shard < d.shards; ++shard) {
    const auto w = make_shard_windows(d);
    for (const auto& parts : frames)
      if (parts[shard])
        w->absorb_partials(*parts[shard], no_watermark);
    for (const auto& fired : fire_all(*w, no_watermark, end_of_time))
      for (auto& row : test::rows_of(fired))
        rows.push_back(std::move(row));
  }
  return rows;
}

}  // namespace

TEST_CASE("a frame has a row for each key, and one for each record once keys hardly repeat") {
  const auto d = counts();
  partials_builder b(d);
  CHECK(rows_in(frame(b, d, clicks_of(4000, 10))) == 40);      // ten users in four slices of ten microseconds
  CHECK(rows_in(frame(b, d, clicks_of(1000, 1000))) == 1000);  // grouped: each is the only one of its key
  CHECK(rows_in(frame(b, d, clicks_of(4000, 10))) == 4000);    // the frame is not looked at
}

TEST_CASE(
    "the largest key of a frame is told with its records of all slices, and none where no key comes twice") {
  const auto d = counts(3);
  partials_builder b(d);
  CHECK(b.largest().of == 0);
  auto clicks = clicks_of(1000, 100);
  for (std::size_t i = 0; i < clicks.size(); i += 2)
    clicks[i].user = "hot";
  test::add(b, d, clicks);
  const auto first = b.largest();
  CHECK(first.records == 500);
  CHECK(first.of == 1000);
  const auto parts = b.finish();
  CHECK(parts.at(first.shard)->rows().size() > 0);
  test::add(b, d, clicks_of(1000, 1000));
  CHECK(b.largest() == largest_key{b.largest().shard, b.largest().tag, 0, 1000});
  CHECK(rows_in(b.finish()) == 1000);
  // Records are listed now, and no key is looked for.
  test::add(b, d, clicks);
  CHECK(b.largest() == largest_key{0, 0, 0, 1000});
}

TEST_CASE("listing ends after some frames, and begins again where keys still do not repeat") {
  const auto d = counts();
  partials_builder b(d);
  frame(b, d, clicks_of(1000, 1000));
  std::size_t listed = 0;
  while (rows_in(frame(b, d, clicks_of(1000, 10))) == 1000)
    REQUIRE(++listed < 100);
  CHECK(listed == 16);
  CHECK(rows_in(frame(b, d, clicks_of(1000, 10))) == 40);  // and goes on being grouped
  CHECK(rows_in(frame(b, d, {})) == 0);                    // a frame without records says nothing
  CHECK(rows_in(frame(b, d, clicks_of(1000, 10))) == 40);
}

TEST_CASE("windows are the same from listed frames as from grouped ones") {
  for (const std::uint32_t shards : {1U, 3U})
    for (const bool filtered : {false, true}) {
      INFO(shards << " shards, filtered " << filtered);
      const auto d = counts(shards);
      std::vector<std::vector<partials_ptr>> grouped, listed;
      partials_builder lists(d);
      for (std::size_t i = 0; i < 6; ++i) {
        partials_builder fresh(d);
        const auto first = i == 0 ? clicks_of(500, 500) : clicks_of(300, 7, i);
        const auto second = clicks_of(90, 90, 3);
        for (auto* b : {&fresh, &lists}) {
          CHECK(b->empty());
          test::add(*b, d, first, filtered);
          test::add(*b, d, second, filtered);
          CHECK_FALSE(b->empty());
          CHECK(b->byte_size() != 0);
        }
        grouped.push_back(fresh.finish());
        listed.push_back(lists.finish());
        CHECK(records_in(listed.back()) == first.size() + second.size());
        CHECK(records_in(grouped.back()) == records_in(listed.back()));
        if (i != 0)
          CHECK(rows_in(listed.back()) == first.size() + second.size());
      }
      CHECK(all_rows(d, listed) == all_rows(d, grouped));
    }
}

TEST_CASE("a listed frame made of many small batches has the slices of one") {
  const auto d = counts();
  const auto clicks = clicks_of(400, 400);
  std::vector<std::vector<partials_ptr>> one, many;
  partials_builder a(d), b(d);
  one.push_back(frame(a, d, clicks));
  many.push_back(frame(b, d, clicks));
  one.push_back(frame(a, d, clicks));
  for (const auto& c : clicks)
    test::add(b, d, {c});
  many.push_back(b.finish());
  CHECK(rows_in(many.back()) == 400);
  CHECK(all_rows(d, many) == all_rows(d, one));
}

TEST_CASE("sessions are the same from listed frames as from grouped ones") {
  auto d = counts();
  d.kind = shape::session;
  d.gap = micros(6);
  std::mt19937_64 random(9);
  std::vector<std::vector<partials_ptr>> grouped, listed;
  partials_builder lists(d);
  for (int i = 0; i < 20; ++i) {
    std::vector<click> clicks;
    for (int j = 0; j < 50; ++j)
      clicks.push_back({static_cast<event_micros>(random() % 500), "u" + std::to_string(random() % 9)});
    partials_builder fresh(d);
    grouped.push_back(frame(fresh, d, clicks));
    listed.push_back(frame(lists, d, clicks));
  }
  CHECK(all_rows(d, listed) == all_rows(d, grouped));
}

}  // namespace millrace::window
