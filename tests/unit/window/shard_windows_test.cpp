#include "tests/unit/window/window_fixture.hpp"

#include <catch2/catch.hpp>

#include <cmath>
#include <limits>

namespace millrace::window {

using data::type_id;
using expression::aggregate_function;
using namespace test;
using strings = std::vector<std::string>;

constexpr auto most = std::numeric_limits<std::int64_t>::max();

TEST_CASE("a window fires when the watermark reaches its end plus allowed lateness, once") {
  const auto d = windows_of(10'000'000, 10'000'000, {count_rows()}, 5'000'000);
  const auto w = make_shard_windows(d);
  absorb(*w, d, {{1, "b"}, {2, "a"}, {3, "b"}, {10'000'000, "a"}});
  CHECK(w->size().windows == 2);
  CHECK(fire_all(*w, no_watermark, 14'999'999).empty());
  const auto fired = fire_all(*w, 14'999'999, 15'000'000);
  REQUIRE(fired.size() == 1);
  CHECK(fired[0].end == 10'000'000);
  const std::string span = R"("window_start":"1970-01-01T00:00:00Z","window_end":"1970-01-01T00:00:10Z"})";
  CHECK(rows_of(fired[0]) == strings{R"({"user":"a","a0":1,)" + span, R"({"user":"b","a0":2,)" + span});
  CHECK(fire_all(*w, 15'000'000, 20'000'000).empty());
  CHECK(w->size().keys == 1);
  CHECK(fire_all(*w, 20'000'000, end_of_time).size() == 1);
  CHECK(w->size().keys == 0);
}

TEST_CASE("null and the empty text are groups of their own; texts with NUL bytes keep them") {
  const auto d = windows_of(10, 10, {count_rows()});
  const auto w = make_shard_windows(d);
  absorb(*w, d, {{1, std::nullopt}, {1, ""}, {1, std::string("\0", 1)}, {1, std::string("\0\0", 2)}});
  absorb(*w, d, {{1, ""}});
  absorb(*w, d, {{1, std::nullopt}, {1, std::nullopt}});
  const auto fired = fire_all(*w, no_watermark, 10);
  REQUIRE(fired.size() == 1);
  const auto& user = *fired[0].rows->columns[0];
  const auto counts = fired[0].rows->columns[1]->ints();
  REQUIRE(user.size() == 4);
  CHECK((user.text_at(0).empty() && counts[0] == 2));
  CHECK((user.text_at(1) == std::string(1, '\0') && counts[1] == 1));
  CHECK((user.text_at(2) == std::string(2, '\0') && counts[2] == 1));
  CHECK((user.is_null(3) && counts[3] == 3));
}

TEST_CASE("aggregates of nothing are null, counts of nothing are 0") {
  const auto d = windows_of(10, 10,
                            {count_rows(), over(aggregate_function::count, type_id::bigint, type_id::bigint),
                             over(aggregate_function::sum, type_id::bigint, type_id::bigint),
                             over(aggregate_function::sum, type_id::float64, type_id::float64),
                             over(aggregate_function::avg, type_id::bigint, type_id::float64),
                             over(aggregate_function::avg, type_id::float64, type_id::float64),
                             over(aggregate_function::min, type_id::bigint, type_id::bigint),
                             over(aggregate_function::max, type_id::float64, type_id::float64),
                             over(aggregate_function::min, type_id::text, type_id::text)});
  const auto nulls = make_shard_windows(d);
  absorb(*nulls, d, {{1, std::nullopt, std::nullopt, std::nullopt}});
  auto row = rows_of(fire_all(*nulls, no_watermark, 10)[0]).at(0);
  CHECK(row.find(R"("a0":1,"a1":0,"a2":null,"a3":null,"a4":null,"a5":null,"a6":null,"a7":null,"a8":null)") !=
        std::string::npos);
  const auto filtered = make_shard_windows(d);
  absorb(*filtered, d, {{1, "u", 1, 1, false}, {1, "u", 1, 1, std::nullopt}}, no_watermark, true);
  row = rows_of(fire_all(*filtered, no_watermark, 10)[0]).at(0);
  CHECK(row.find(R"("a0":0,"a1":0,"a2":null,"a3":null,"a4":null,"a5":null,"a6":null,"a7":null,"a8":null)") !=
        std::string::npos);
}

TEST_CASE("a sum may pass beyond bigint on its way; beyond at the end, its row alone fails") {
  const auto d = windows_of(10, 10,
                            {over(aggregate_function::sum, type_id::bigint, type_id::bigint),
                             over(aggregate_function::avg, type_id::bigint, type_id::float64)});
  const auto w = make_shard_windows(d);
  absorb(*w, d, {{1, "a", 1, most}, {1, "a", 1, most}, {1, "a", 1, -most}});
  absorb(*w, d, {{1, "b", 1, most}, {1, "b", 1, 1}, {1, "c", 1, -most}, {1, "c", 1, -1}, {1, "d", 1, 4}});
  const auto fired = fire_all(*w, no_watermark, 10);
  REQUIRE(fired.size() == 1);
  REQUIRE(fired[0].rows->rows == 3);
  CHECK(fired[0].rows->columns[1]->ints()[0] == most);
  CHECK(fired[0].rows->columns[1]->ints()[1] == -most - 1);
  REQUIRE(fired[0].failed.size() == 1);
  CHECK(fired[0].failed[0].record.find(R"({"user":"b","a0":null,"a1":4)") == 0);
  CHECK(fired[0].failed[0].error.find("\"a0\" is beyond bigint") == 0);
}

TEST_CASE("NaN is the greatest double for min and max, and any NaN is one") {
  const auto d = windows_of(10, 10,
                            {over(aggregate_function::min, type_id::float64, type_id::float64),
                             over(aggregate_function::max, type_id::float64, type_id::float64)});
  const auto w = make_shard_windows(d);
  const auto infinity = std::numeric_limits<double>::infinity();
  absorb(*w, d, {{1, "a", -std::nan("")}, {1, "a", infinity}, {1, "a", -5}});
  absorb(*w, d, {{1, "b", -std::nan("")}, {1, "c", -0.0}, {1, "c", 0.0}, {1, "d", -infinity}, {1, "d", -1}});
  const auto rows = fire_all(*w, no_watermark, 10)[0].rows;
  const auto least = rows->columns[1]->doubles();
  const auto greatest = rows->columns[2]->doubles();
  CHECK((least[0] == -5 && std::isnan(greatest[0])));
  CHECK((std::isnan(least[1]) && std::isnan(greatest[1])));
  CHECK((std::signbit(least[2]) && !std::signbit(greatest[2])));
  CHECK((least[3] == -infinity && greatest[3] == -1));
}

TEST_CASE("a sliding window counts a record in every window that it is not late for") {
  const auto d = windows_of(30, 10, {count_rows()});
  const auto w = make_shard_windows(d);
  absorb(*w, d, {{5, "a"}, {5, "a", 1, 1, true, 10}, {15, "a"}, {5, "a", 1, 1, true, 29}});
  const auto fired = fire_all(*w, no_watermark, end_of_time);
  std::vector<std::pair<event_micros, std::int64_t>> counts;
  for (const auto& f : fired)
    counts.emplace_back(f.end, f.rows->columns[1]->ints()[0]);
  CHECK(counts == std::vector<std::pair<event_micros, std::int64_t>>{{10, 1}, {20, 3}, {30, 4}, {40, 1}});
}

TEST_CASE("what comes below the fired mark counts for later windows only, and is missed if there are none") {
  const auto d = windows_of(20, 10, {count_rows()}, 5);
  const auto w = make_shard_windows(d);
  CHECK(fire_all(*w, no_watermark, 15).empty());
  CHECK(absorb(*w, d, {{5, "a"}}, 15) == 0);
  CHECK(fire_all(*w, 15, 24).empty());
  CHECK(absorb(*w, d, {{5, "a"}, {6, "b"}, {12, "b"}}, 25) == 2);
  const auto fired = fire_all(*w, 24, end_of_time);
  REQUIRE(fired.size() == 2);
  CHECK(fired[0].end == 20);
  CHECK(fired[0].rows->rows == 1);
  CHECK(fired[1].end == 30);
  CHECK(absorb(*w, d, {{1'000'000, "z"}, {2'000'000, "z"}}, end_of_time) == 2);
  CHECK(w->size().keys == 0);
}

TEST_CASE("times before 1970 and at the ends of the calendar fire in order") {
  const auto d = windows_of(test::second, test::second, {count_rows()});
  const auto w = make_shard_windows(d);
  const event_micros year_1 = -62'135'596'800 * test::second;
  const event_micros year_9999 = 253'402'300'799 * test::second;
  absorb(*w, d, {{year_9999, "a"}, {-1, "a"}, {year_1, "a"}, {end_of_time, "a"}, {no_watermark, "a"}});
  std::vector<event_micros> ends;
  for (const auto& f : fire_all(*w, no_watermark, end_of_time))
    ends.push_back(f.end);
  REQUIRE(ends.size() == 5);
  CHECK(std::vector(ends.begin() + 1, ends.end() - 1) ==
        std::vector<event_micros>{year_1 + test::second, 0, year_9999 + test::second});
}

TEST_CASE("a window without keys has one row") {
  auto d = windows_of(10, 10, {count_rows()});
  d.keys.clear();
  d.output = std::make_shared<data::schema>(std::vector<data::field>{
      {"a0", type_id::bigint}, {"window_start", type_id::timestamp}, {"window_end", type_id::timestamp}});
  partials_builder b(d);
  const std::vector<event_micros> times{1, 2, 3}, watermarks(3, no_watermark);
  const std::vector<data::column_ptr> none(1);
  std::vector<std::uint32_t> late;
  b.add({{}, none, none, times, watermarks}, late);
  const auto w = make_shard_windows(d);
  w->absorb_partials(*b.finish()[0], no_watermark);
  const auto fired = fire_all(*w, no_watermark, 10);
  REQUIRE(fired.size() == 1);
  REQUIRE(fired[0].rows->rows == 1);
  CHECK(fired[0].rows->columns[0]->ints()[0] == 3);
}

TEST_CASE("having keeps the rows of its windows back, also where it reads an aggregate of its own") {
  auto d = windows_of(20, 10, {count_rows()});
  d.aggregates.push_back(
      over(aggregate_function::sum, type_id::bigint, type_id::bigint));  // hidden: it is no output column
  data::schema seen({{"user", type_id::text},
                     {"a0", type_id::bigint},
                     {"window_start", type_id::timestamp},
                     {"window_end", type_id::timestamp},
                     {"extra", type_id::bigint}});
  const auto having = expression::bind_condition("a0 >= 2 and 100 / extra > 10", {&seen, {}});
  REQUIRE(having);
  d.having = *having;
  const auto w = make_shard_windows(d);
  absorb(*w, d, {{1, "a", 1, 1}, {1, "a", 1, 2}, {1, "b", 1, 1}, {1, "c", 1, 1}, {1, "c", 1, -1}});
  absorb(*w, d, {{11, "b", 1, 1}, {11, "d", 1, 50}, {11, "d", 1, 50}});
  const auto fired = fire_all(*w, no_watermark, end_of_time);
  REQUIRE(fired.size() == 3);
  const auto users = [](const delivery::fired_window& f) {
    strings all;
    for (std::size_t r = 0; r < f.rows->rows; ++r)
      all.emplace_back(f.rows->columns[0]->text_at(r));
    return all;
  };
  for (const auto& f : fired)
    CHECK(f.rows->columns.size() == 4);
  CHECK(users(fired[0]) == strings{"a"});
  CHECK(users(fired[1]) == strings{"a", "b"});
  CHECK(users(fired[2]).empty());
  REQUIRE(fired[0].failed.size() == 1);  // the division by the sum 0 of c, in each window that has it
  CHECK(fired[0].failed[0].record.find(R"({"user":"c","a0":2)") == 0);
  CHECK(fired[1].failed.size() == 1);
  CHECK(fired[2].failed.empty());
}

}  // namespace millrace::window
