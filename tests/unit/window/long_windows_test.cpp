// Sliding windows of many slices: totals that are carried on from window to window are what the records of
// each window give by themselves.
#include "tests/unit/window/captures.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <map>
#include <random>

namespace millrace::window {

using data::type_id;
using expression::aggregate_function;
using test::click;

namespace {

/// Some are taken off and some are formed again, with and without texts or sets beside them.
std::vector<aggregate> all_kinds() {
  using enum aggregate_function;
  return {test::count_rows(),
          test::over(sum, type_id::float64, type_id::float64),
          test::over(var_samp, type_id::bigint, type_id::float64),
          test::over(bool_or, type_id::boolean, type_id::boolean),
          test::over(min, type_id::bigint, type_id::bigint),
          test::over(max, type_id::text, type_id::text),
          test::over(first, type_id::bigint, type_id::bigint),
          test::over(last, type_id::float64, type_id::float64),
          test::over(count_distinct, type_id::bigint, type_id::bigint),
          test::over(percentile_disc, type_id::bigint, type_id::bigint),
          test::over(array_agg, type_id::bigint, data::type::list_of(type_id::bigint)),
          test::over(bit_and, type_id::bigint, type_id::bigint),
          test::over(bit_or, type_id::bigint, type_id::bigint),
          test::over(bit_xor, type_id::bigint, type_id::bigint),
          test::over_pairs(corr),
          test::over_distinct(sum, type_id::bigint, type_id::bigint)};
}

struct outcome {
  std::map<event_micros, std::vector<std::string>> windows;  // keyed by end
  event_micros fired = no_watermark;
  std::size_t most_bytes = 0;
};

void fire(shard_windows& w, outcome& to, event_micros watermark) {
  for (const auto& fired : test::fire_all(w, to.fired, watermark))
    if (auto rows = test::rows_of(fired); !rows.empty())
      to.windows[fired.end] = std::move(rows);
  to.fired = watermark;
  to.most_bytes = std::max(to.most_bytes, w.size().bytes);
}

/// The window that ends here, as the only one, from the records that are not late for it. A record's place is its
/// number among all of its frame, so frames stay as they are.
std::vector<std::string> alone(const definition& d, event_micros end,
                               const std::vector<std::vector<click>>& frames) {
  auto one = d;
  one.slide = d.size;
  one.anchor = micros(end % d.size.count());
  const auto w = make_shard_windows(one);
  for (const auto& f : frames) {
    auto part = f;
    for (auto& c : part) {
      const bool counts = c.time >= end - d.size.count() && c.time < end &&
                          (c.watermark == no_watermark || end + d.allowed_lateness.count() > c.watermark);
      if (!counts)
        c.time = end;  // the next window's
      c.watermark = no_watermark;
    }
    test::absorb(*w, one, part);
  }
  auto fired = no_watermark;
  const auto windows = test::fire_all(*w, fired, end + d.allowed_lateness.count());
  return windows.empty() ? std::vector<std::string>{} : test::rows_of(windows.front());
}

/// A tick of `updates`: each of its rows in place of the one that the window and key had before.
void take_tick(shard_windows& w, std::size_t turn,
               std::map<event_micros, std::map<std::string, std::string>>& to) {
  for (const auto& given : test::tick(w, turn)) {
    const auto rows = test::rows_of(given);
    const auto& columns = given.rows->columns;
    for (std::size_t r = 0; r < rows.size(); ++r)
      to[columns.back()->ints()[r]][std::string(columns.front()->text_at(r))] = rows[r];
  }
}

void compare(std::uint64_t seed, event_micros slices, std::size_t frames_of, bool updates = false) {
  INFO("seed " << seed << ", " << slices << " slices");
  std::mt19937_64 engine(seed);
  const auto below = [&](std::uint64_t n) { return static_cast<event_micros>(engine() % n); };
  const event_micros slide = 1 + below(3);
  auto d = test::windows_of(slices * slide, slide, all_kinds(), below(2) * below(40));
  d.updates = updates;
  const auto step = static_cast<std::uint64_t>(std::max<event_micros>(slices * slide / 15, 2));
  const auto users = 1 + static_cast<std::uint64_t>(below(4));

  std::vector<std::vector<click>> frames;
  event_micros time = 1000;
  auto seen = no_watermark;
  for (std::size_t f = 0; f < frames_of; ++f) {
    auto& frame = frames.emplace_back();
    for (auto n = 1 + below(8); n > 0; --n) {
      time += below(4) == 0 ? below(step) : below(3);
      click c{time - below(2) * below(step), "user" + std::to_string(engine() % users)};
      // Two records at one place are equal, as no record of a log has another's place.
      const auto value = c.time * 31 + static_cast<event_micros>(frame.size()) * 7;
      c.amount = static_cast<double>(value % 100) / 7;
      c.size = value % 8 == 0 ? std::nullopt : std::optional<std::int64_t>(value % 40);
      c.wanted = value % 3 == 0;
      c.watermark = seen;
      seen = std::max(seen, c.time);
      frame.push_back(std::move(c));
    }
  }
  auto w = make_shard_windows(d);
  outcome found;
  std::map<event_micros, std::map<std::string, std::string>> newest;
  for (std::size_t f = 0; f < frames.size(); ++f) {
    REQUIRE(test::absorb(*w, d, frames[f], found.fired) == 0);
    const auto next = f + 1 < frames.size() ? frames[f + 1].front().watermark : seen;
    if (below(3) != 0 && next > found.fired)
      fire(*w, found, next);
    if (updates && below(6) == 0)
      take_tick(*w, 1 + static_cast<std::size_t>(below(200)), newest);
    if (below(10) == 0) {
      const auto copy = make_shard_windows(d);
      REQUIRE(test::applied_to(*copy, test::all_of(*w)));
      w = make_shard_windows(d);
      REQUIRE(test::applied_to(*w, test::all_of(*copy)));
    }
  }
  fire(*w, found, end_of_time);
  take_tick(*w, 1 + static_cast<std::size_t>(below(200)), newest);
  for (const auto& [end, rows] : newest)
    for (const auto& [key, row] : rows)
      found.windows[end].push_back(row);
  d.updates = false;  // one window alone is fired below
  CHECK(w->size().keys == 0);
  // A long one is checked at some windows only: each is worked out from all records.
  const auto every = std::max<std::size_t>(1, found.windows.size() / 150);
  std::size_t at = 0;
  for (const auto& [end, rows] : found.windows)
    if (at++ % every == 0)
      REQUIRE(rows == alone(d, end, frames));
}

}  // namespace

TEST_CASE("windows of many slices have the rows that their records give alone") {
  for (std::uint64_t seed = 1; seed <= 12; ++seed)
    compare(seed, 3 + static_cast<event_micros>(seed * 13),
            30);  // covers three slices up to some stretches of them
  for (std::uint64_t seed = 21; seed <= 24; ++seed)
    compare(seed, 700, 40);
  for (std::uint64_t seed = 31; seed <= 32; ++seed)
    compare(seed, 5000, 40);  // stretches of stretches
}

TEST_CASE("what updates gave last of windows of many slices are the rows that their records give alone") {
  for (std::uint64_t seed = 41; seed <= 48; ++seed)
    compare(seed, 2 + static_cast<event_micros>((seed - 41) * 20), 25, true);
  compare(51, 5000, 20, true);
}

TEST_CASE("a window of many slices takes no more memory as it slides on") {
  const auto d =
      test::windows_of(200, 1, {test::over(aggregate_function::first, type_id::bigint, type_id::bigint)});
  const auto w = make_shard_windows(d);
  auto fired = no_watermark;
  std::size_t early = 0;
  for (event_micros t = 0; t < 3000; ++t) {
    test::absorb(*w, d, {{t, "user" + std::to_string(t % 5)}}, fired);
    (void)test::fire_all(*w, fired, t);
    fired = t;
    if (t == 600)
      early = w->size().bytes;
  }
  CHECK(w->size().bytes < early + early / 4);
}

}  // namespace millrace::window
