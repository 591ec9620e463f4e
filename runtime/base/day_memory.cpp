#include "runtime/base/day_memory.hpp"

#include <date/date.h>

namespace millrace {

bool day_memory::turn_to(std::uint64_t date, std::uint16_t day) {
  constexpr unsigned places_4_and_7 = 0x90;
  const auto is_dash = [&](int n) { return static_cast<char>(date >> (8 * n)) == '-'; };
  if (non_digits(date) != places_4_and_7 || (non_digits(day) & 3) != 0 || !is_dash(4) || !is_dash(7))
    return false;
  const auto year = digit_pair(date, 0) * 100 + digit_pair(date, 2);
  const date::year_month_day ymd{date::year(static_cast<int>(year)), date::month(digit_pair(date, 5)),
                                 date::day(digit_pair(day, 0))};
  if (!ymd.ok() || year == 0)
    return false;
  date_ = date;
  day_ = day;
  midnight_ = date::sys_days(ymd).time_since_epoch().count() * 86'400'000'000LL;
  return true;
}

}  // namespace millrace
