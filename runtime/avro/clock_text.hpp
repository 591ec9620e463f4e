// Times of day, dates and timestamps from their texts, as rows have them. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace millrace::avro {

/// The microseconds since midnight of HH:MM:SS, with up to 6 digits of a second behind a point.
[[nodiscard]] std::optional<std::int64_t> time_of_day_in(std::string_view text);
/// The days since 1970 of YYYY-MM-DD.
[[nodiscard]] std::optional<std::int64_t> date_in(std::string_view text);
/// The microseconds since 1970 of a date, T or a blank, a time of day and Z.
[[nodiscard]] std::optional<std::int64_t> timestamp_in(std::string_view text);

}  // namespace millrace::avro
