// Single values of DuckDB's as text: whole numbers of 128 bits, dates, times, intervals. Pure. They are
// appended.
#pragma once

#include "tools/sql/duckdb_api.hpp"

#include <string>
#include <string_view>

namespace millrace::duckdb {

/// The decimal digits, with a point in front of the last `scale` ones.
void append_int128(std::string& out, duckdb_int128 value, bool is_signed, unsigned scale);
[[nodiscard]] duckdb_int128 widened(std::int64_t value);
/// The double whose shortest text is that of the float: 0.1f gives 0.1.
[[nodiscard]] double shortest_double(float value);

/// 2018-11-01, from days since 1970.
void append_duckdb_date(std::string& out, std::int32_t days);
/// 07:05:01.5, from microseconds.
void append_time(std::string& out, std::int64_t micros);
/// 2018-11-01T07:05:01.5 and `zone`, from parts of a second since 1970, of which `per_second` are one.
void append_moment(std::string& out, std::int64_t parts, std::int64_t per_second, std::string_view zone);
/// Formats an interval as DuckDB prints it: 1 year 2 months 3 days 04:05:06.5.
void append_interval(std::string& out, const duckdb_interval& value);
void append_uuid(std::string& out, duckdb_int128 value);
/// Printable ASCII as it is, else \xHH, as DuckDB prints them.
void append_blob(std::string& out, std::string_view bytes);

}  // namespace millrace::duckdb
