#include "tools/sql/value_text.hpp"

#include <catch2/catch.hpp>

#include <limits>

using namespace millrace::duckdb;

namespace {

template<class... Arguments>
std::string text(void (*append)(std::string&, Arguments...), std::type_identity_t<Arguments>... arguments) {
  std::string out;
  append(out, arguments...);
  return out;
}

constexpr auto most = std::numeric_limits<std::uint64_t>::max();
constexpr auto greatest = std::numeric_limits<std::int64_t>::max();

}  // namespace

TEST_CASE("whole numbers of 128 bits and decimals keep every digit") {
  CHECK(text(append_int128, {0, 0}, true, 0) == "0");
  CHECK(text(append_int128, widened(-42), true, 0) == "-42");
  CHECK(text(append_int128, {most, most}, false, 0) == "340282366920938463463374607431768211455");
  CHECK(text(append_int128, {0, std::uint64_t{1} << 63}, true, 0) ==
        "-170141183460469231731687303715884105728");
  CHECK(text(append_int128, widened(150), true, 2) == "1.50");
  CHECK(text(append_int128, widened(-5), true, 3) == "-0.005");
  CHECK(shortest_double(0.1F) == 0.1);
}

TEST_CASE("dates and times, also before 1970 and without end") {
  CHECK(text(append_duckdb_date, 17836) == "2018-11-01");
  CHECK(text(append_duckdb_date, -1) == "1969-12-31");
  CHECK(text(append_duckdb_date, std::numeric_limits<std::int32_t>::max()) == "infinity");
  CHECK(text(append_duckdb_date, -std::numeric_limits<std::int32_t>::max()) == "-infinity");
  CHECK(text(append_duckdb_date, 2'000'000'000) == "1970-01-01 +2000000000 days");
  CHECK(text(append_time, 0) == "00:00:00");
  CHECK(text(append_time, 25'501'250'000) == "07:05:01.25");
  CHECK(text(append_moment, 1'541'030'400, 1, "") == "2018-11-01T00:00:00");
  CHECK(text(append_moment, -1, 1'000'000, "Z") == "1969-12-31T23:59:59.999999Z");
  CHECK(text(append_moment, 1'609'459'200'123'456'789, 1'000'000'000, "") == "2021-01-01T00:00:00.123456789");
  CHECK(text(append_moment, greatest, 1'000'000, "Z") == "infinity");
  CHECK(text(append_moment, greatest - 1, 1, "") == "1970-01-01T00:00:00 +9223372036854775806 seconds");
}

TEST_CASE("intervals, identifiers and bytes are as DuckDB writes them") {
  CHECK(text(append_interval, duckdb_interval{14, 1, 14'706'500'000}) == "1 year 2 months 1 day 04:05:06.5");
  CHECK(text(append_interval, duckdb_interval{0, 0, -1'000'000}) == "-00:00:01");
  CHECK(text(append_interval, duckdb_interval{0, 0, 0}) == "00:00:00");
  CHECK(text(append_uuid, duckdb_int128{0x800000000000abcd, 0x8000000000004000}) ==
        "00000000-0000-4000-8000-00000000abcd");
  CHECK(text(append_blob, std::string_view("a'\x00\xff~", 5)) == "a\\x27\\x00\\xFF~");
}
