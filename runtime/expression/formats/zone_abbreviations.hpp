// Abbreviations of time zones that PostgreSQL reads in timestamps by default (its timezone_abbreviations = Default): CET is
// one hour ahead of UTC all the year, whatever the clocks of that zone show.
#pragma once

#include <cstdint>
#include <string_view>

namespace millrace::expression {

struct zone_abbreviation {
  std::string_view name;     // in lower case
  std::int32_t seconds = 0;  // ahead of UTC, where `zone` is empty
  std::string_view zone{};   // by tzdata's name: the abbreviation has meant several distances from UTC there
};

/// Takes lower case; lives for ever. Null pointer where there is none.
[[nodiscard]] const zone_abbreviation* find_zone_abbreviation(std::string_view name);

}  // namespace millrace::expression
