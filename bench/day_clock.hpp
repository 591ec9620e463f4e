// Reads the time of a click, for the loops written by hand.
#pragma once

#include <cstdint>
#include <cstring>
#include <ctime>
#include <optional>
#include <string>
#include <string_view>

namespace millrace::bench {

/// "2021-04-24 19:55:00", what follows is ignored. The day before is remembered: clicks seldom change it.
class day_clock {
public:
  std::optional<std::int64_t> parse(std::string_view text) {
    if (text.size() < 19 || text[10] != ' ' || text[13] != ':' || text[16] != ':')
      return {};
    if (std::memcmp(text.data(), day_.data(), day_.size()) != 0 && !turn_to(text.substr(0, 10)))
      return {};
    const auto h = two(text, 11), m = two(text, 14), s = two(text, 17);
    if (h > 23 || m > 59 || s > 60)
      return {};
    return midnight_ + h * 3600 + m * 60 + s;
  }

private:
  /// Digits only, else a number that no part of a time has.
  static unsigned two(std::string_view text, std::size_t at) {
    const auto a = static_cast<unsigned char>(text[at] - '0'),
               b = static_cast<unsigned char>(text[at + 1] - '0');
    return a > 9 || b > 9 ? 1000U : a * 10U + b;
  }
  bool turn_to(std::string_view day) {
    std::tm t{};
    const auto* end = ::strptime(std::string(day).c_str(), "%Y-%m-%d", &t);
    if (!end || *end != '\0')
      return false;
    midnight_ = ::timegm(&t);
    day_ = day;
    return true;
  }
  std::string day_ = "0000-00-00";
  std::int64_t midnight_ = 0;
};

}  // namespace millrace::bench
