// The date and time of a record, read at fixed places. The day is kept in mind: records come more or less by time, so
// the next one mostly has the same, and needs no calendar. Belongs to one thread.
#pragma once

#include "runtime/base/digits.hpp"
#include "runtime/base/ids.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>

namespace millrace {

class day_memory {
public:
  /// Characters of `YYYY-mm-ddsHH:MM:SS`.
  static constexpr std::size_t length = 19;

  /// Reads so many characters at `p`, with this one in the middle. No value where they are none of these, or
  /// no date. A 60th second is the next minute's first.
  [[nodiscard]] std::optional<event_micros> read(const char* p, char separator) {
    const auto date = load8(p);        // YYYY-mm-
    const auto middle = load8(p + 8);  // ddsHH:MM
    const auto time = load8(p + 11);   // HH:MM:SS
    constexpr unsigned places_2_and_5 = 0x24;
    if (non_digits(time) != places_2_and_5 || p[10] != separator || p[13] != ':' || p[16] != ':')
      return std::nullopt;
    const auto hour = digit_pair(time, 0), minute = digit_pair(time, 3), second = digit_pair(time, 6);
    if (hour > 23 || minute > 59 || second > 60)
      return std::nullopt;
    const auto day = static_cast<std::uint16_t>(middle);
    if ((date != date_ || day != day_) && !turn_to(date, day))
      return std::nullopt;
    return midnight_ + (hour * 3600 + minute * 60 + second) * std::int64_t{1'000'000};
  }

private:
  /// Returns false, and changes nothing, if that is no date.
  [[nodiscard]] bool turn_to(std::uint64_t date, std::uint16_t day);

  // Any bytes may come as a text, so what is kept from the start is a day, too.
  std::uint64_t date_ = load8("1970-01-");
  std::uint16_t day_ = static_cast<std::uint16_t>(load8("01      "));
  event_micros midnight_ = 0;
};

}  // namespace millrace
